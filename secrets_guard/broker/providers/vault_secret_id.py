"""A wrapping token -> the secret id inside it, which only one can ever take out."""

from __future__ import annotations

import re

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.providers.vault_client import VaultClient
from secrets_guard.broker.retry import persist
from secrets_guard.errors import AccessDenied, ProviderUnavailable

_ADVICE = (
    "treat it as a possible interception: find out who unwrapped it, revoke that secret id, and wrap a new one "
    "(a wrapping token works once, so also not for a second start)"
)


def unwrap(client: VaultClient, token: str, mount: str, role: str, deadline: Deadline) -> str:
    """Return the secret id that is wrapped.

    ``role`` is the name of the role that it must be of, or empty for any of the mount's. What made the token is looked
    up before (https://developer.hashicorp.com/vault/docs/concepts/response-wrapping#response-wrapping-token-validation).
    Raises AccessDenied; it is never tried again.
    """
    client.hide(token)
    found = persist(
        lambda: client.ask("post", "sys/wrapping/lookup", deadline, body={"token": token}), deadline,
        "vault: look up the wrapping token",
    )  # fmt: skip
    data = found.document.get("data")
    if found.status != 200 or not isinstance(data, dict):
        raise AccessDenied(
            f"{client.address}: the wrapping token is no longer valid: it was unwrapped already, or its time is over; "
            f"{_ADVICE}"
        )
    made_by = str(data.get("creation_path"))
    if not re.fullmatch(rf"auth/{re.escape(mount)}/role/{re.escape(role) if role else '[^/]+'}/secret-id", made_by):
        raise AccessDenied(
            f"{client.address}: the wrapping token was made by {made_by!r}, not by "
            f"auth/{mount}/role/{role or 'ROLE'}/secret-id: somebody may have put another in its place; "
            "it was not unwrapped"
        )
    return _unwrapped(client, token, deadline)


def _unwrapped(client: VaultClient, token: str, deadline: Deadline) -> str:
    client.use(token)
    try:
        with deadline.phase("vault: unwrap the secret id"):
            answer = client.ask("post", "sys/wrapping/unwrap", deadline)
    except ProviderUnavailable as error:
        if not error.lost:
            raise ProviderUnavailable(
                f"the secret id was not unwrapped, and that is not tried again: {error}"
            ) from None
        raise AccessDenied(
            f"the answer to the unwrapping was lost ({error}), and the token may be spent; {_ADVICE}"
        ) from None
    except AccessDenied as error:
        raise AccessDenied(f"the secret id could not be unwrapped: {error}; {_ADVICE}") from None
    finally:
        client.use("")
    data = answer.document.get("data")
    if answer.status != 200 or not isinstance(data, dict) or not data.get("secret_id"):
        raise AccessDenied(f"{client.address}: the secret id could not be unwrapped: {answer.said}; {_ADVICE}")
    return str(data["secret_id"])
