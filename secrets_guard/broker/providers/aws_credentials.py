"""The variables that hold AWS credentials, for the AWS provider and for logins to Vault by them."""

from __future__ import annotations

# AWS_SECURITY_TOKEN: the older name of the third, which boto3 still reads.
VARIABLES = frozenset(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"))
"""A command has no use for those that fetched its secrets."""
