"""``VAULT_ROLE`` and its kin, as bank-vaults' vault-env reads them -> the ``auth:`` that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from secrets_guard.broker.refs import LOGIN
from secrets_guard.errors import ManifestError
from secrets_guard.located_yaml import nearest

# https://bank-vaults.dev/docs/mutating-webhook/configuration/: its jwt is that of the pod's service account.
_METHODS = {"jwt": "kubernetes", "kubernetes": "kubernetes", "aws-iam": "aws"}


def auth_of(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the login for a role that the variables name, or nothing where they name none or there is a token.

    ``VAULT_AUTH_METHOD`` (default: the pod's service account), ``VAULT_PATH`` (the mount), ``VAULT_JWT_FILE``.
    Raises ManifestError for a method that is none of bank-vaults' that we have.
    """
    role = environment.get("VAULT_ROLE", "")
    if not role or any(environment.get(name, "") not in ("", LOGIN) for name in ("VAULT_TOKEN", "BAO_TOKEN")):
        return {}
    asked = environment.get("VAULT_AUTH_METHOD") or "kubernetes"
    if asked not in _METHODS:
        raise ManifestError(
            f"VAULT_AUTH_METHOD: {asked!r} is none of {', '.join(_METHODS)}{nearest(asked, list(_METHODS))}; "
            "for others there is auth under providers.vault in a manifest"
        )
    made = {"method": _METHODS[asked], "role": role}
    if environment.get("VAULT_PATH"):
        made["mount"] = environment["VAULT_PATH"]
    if environment.get("VAULT_JWT_FILE") and made["method"] == "kubernetes":
        made["jwt_file"] = environment["VAULT_JWT_FILE"]
    return made
