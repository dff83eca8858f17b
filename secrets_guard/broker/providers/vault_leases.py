"""Vault's leases and tokens: what is left of them, more of it, or the end of them."""

from __future__ import annotations

from collections.abc import Mapping

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.providers.vault_answer import Answer
from secrets_guard.broker.providers.vault_client import VaultClient
from secrets_guard.errors import AccessDenied, ProviderUnavailable, SecretNotFound

# https://openbao.org/api-docs/system/leases, https://openbao.org/api-docs/auth/token
# Said with a status of 500, and true for ever.
_TOO_LATE = "past the max TTL"


def look_up(client: VaultClient, deadline: Deadline) -> Lease | None:
    """Return the lease of the client's token; None for one that never ends (root). Raises BrokerError."""
    with deadline.phase("vault: look up the token"):
        answer = client.ask("get", "auth/token/lookup-self", deadline)
    data = answer.document.get("data")
    if answer.status != 200 or not isinstance(data, dict):
        raise AccessDenied(f"{client.address}: the token can't be looked up: {answer.said or answer.status}")
    left, whole = data.get("ttl"), data.get("creation_ttl")
    # Of a second that has begun there is nothing left in whole seconds.
    if not isinstance(left, int) or data.get("expire_time") is None:
        return None
    seconds = float(whole if isinstance(whole, int) and whole >= left else left)
    return Lease(str(data.get("accessor")), seconds, data.get("renewable") is True, token=True, left=float(left))


def renew(client: VaultClient, lease: Lease, deadline: Deadline) -> Lease:
    """Return what is granted when as much as at first is asked for again; see ``Lender``."""
    increment = {"increment": f"{max(1, int(lease.seconds))}s"}
    if lease.token:
        answer = _sent(client, "auth/token/renew-self", increment, lease, deadline)
        granted = answer.document.get("auth")
    else:
        answer = _sent(client, "sys/leases/renew", {"lease_id": lease.id, **increment}, lease, deadline)
        granted = answer.document
    if not isinstance(granted, dict) or not isinstance(granted.get("lease_duration"), int):
        raise AccessDenied(f"{client.address}: the answer to a renewal names no time")
    more = float(granted["lease_duration"])
    return lease._replace(seconds=more, renewable=granted.get("renewable") is True, left=None)


def revoke(client: VaultClient, lease: Lease, deadline: Deadline) -> None:
    """End a lease, or the client's token and with it all that it was lent. Raises BrokerError."""
    if lease.token:
        _sent(client, "auth/token/revoke-self", {}, lease, deadline)
    else:
        # Not only noted: the credential is gone when the answer is here.
        _sent(client, "sys/leases/revoke", {"lease_id": lease.id, "sync": "true"}, lease, deadline)


def _sent(client: VaultClient, path: str, body: Mapping[str, str], lease: Lease, deadline: Deadline) -> Answer:
    try:
        with deadline.phase(f"vault: {path}"):
            answer = client.ask("post", path, deadline, body=body, namespace=lease.scope)
    except ProviderUnavailable as error:
        if _TOO_LATE not in str(error):
            raise
        raise AccessDenied(str(error)) from None
    if answer.status == 200:
        return answer
    if "not found" in answer.said or "invalid lease" in answer.said:
        raise SecretNotFound(f"{client.address}: {path}: {answer.said}")
    raise AccessDenied(f"{client.address}: {path}: {answer.said or answer.status}")
