"""A reference -> the command by which its manager makes a new value, where it can."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from secrets_guard.broker.protocol import SecretRef

# https://developer.hashicorp.com/vault/api-docs/secret/databases#rotate-static-role-credentials and, for each read
# anew, the engines' creds/ paths: by ending the leases on them.
_STATIC = "/static-creds/"
_MADE = ("/creds/", "/sts/")


def rotations(refs: Iterable[SecretRef]) -> Iterator[str]:
    """Yield a line for each secret behind some references: what makes a new one, or that nothing does."""
    for ref in dict.fromkeys(ref._replace(key="", version="", stage="") for ref in refs):
        command = _command(ref)
        yield f"{ref}: {command or 'no manager makes a new one: change it at its issuer, then write it there'}"


def _command(ref: SecretRef) -> str:
    region = f" --region {shlex.quote(ref.option('region'))}" if ref.option("region") else ""
    namespace = f" -namespace={shlex.quote(ref.option('namespace'))}" if ref.option("namespace") else ""
    if ref.scheme == "aws-sm":
        return f"aws secretsmanager rotate-secret --secret-id {shlex.quote(ref.path)}{region} (if a rotation is set up)"
    if ref.scheme != "vault":
        return ""
    if _STATIC in ref.path:
        mount, _, role = ref.path.partition(_STATIC)
        return f"vault write{namespace} -f {shlex.quote(f'{mount}/rotate-role/{role}')}"
    if any(part in ref.path for part in _MADE):
        return f"vault lease revoke{namespace} -prefix {shlex.quote(ref.path)}"
    return ""
