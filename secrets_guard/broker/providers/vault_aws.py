"""AWS credentials of this process -> a signed question who it is, which Vault asks AWS in its place."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from botocore import session as botocore_session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from secrets_guard.broker.providers.aws_errors import translated
from secrets_guard.errors import AccessDenied

# https://developer.hashicorp.com/vault/api-docs/auth/aws#login
_QUESTION = "Action=GetCallerIdentity&Version=2011-06-15"
_GLOBAL = "us-east-1"


def signed_identity(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the body of a login; ``given`` may hold ``role``, ``region`` and ``header_value``.

    Without a region it is the global STS that is asked. Credentials are found as boto3 finds them.
    Raises AccessDenied where there are none.
    """
    region = given.get("region") or _GLOBAL
    session = botocore_session.Session()
    credentials: Any = translated(session.get_credentials)
    if credentials is None:
        raise AccessDenied("no AWS credentials to log in to Vault with")
    url = f"https://sts.{region}.amazonaws.com/" if given.get("region") else "https://sts.amazonaws.com/"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Host": url.split("/")[2]}
    if given.get("header_value"):
        headers["X-Vault-AWS-IAM-Server-ID"] = given["header_value"]
    request = AWSRequest(method="POST", url=url, data=_QUESTION, headers=headers)
    frozen = translated(credentials.get_frozen_credentials)
    SigV4Auth(frozen, "sts", region).add_auth(request)
    body = {
        "iam_http_request_method": "POST",
        "iam_request_url": _encoded(url),
        "iam_request_body": _encoded(_QUESTION),
        "iam_request_headers": _encoded(json.dumps({name: [value] for name, value in request.headers.items()})),
    }
    return body | ({"role": given["role"]} if given.get("role") else {})


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
