"""Vault's leases and tokens: what is left of them, more of it, or the end of them."""

from __future__ import annotations

from collections.abc import Mapping

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.providers.vault_answer import Answer
from secrets_guard.broker.providers.vault_client import VaultClient
from secrets_guard.errors import AccessDenied, SecretNotFound

# https://openbao.org/api-docs/system/leases, https://openbao.org/api-docs/auth/token


def look_up(client: VaultClient, deadline: Deadline) -> Lease | None:
    """Return the lease of the client's token; None for one that never ends (root). Raises BrokerError."""
    with deadline.phase("vault: look up the token"):
        answer = client.ask("get", "auth/token/lookup-self", deadline)
    data = answer.document.get("data")
    if answer.status != 200 or not isinstance(data, dict):
        raise AccessDenied(f"{client.address}: the token can't be looked up: {answer.said or answer.status}")
    seconds = data.get("ttl")
    if not isinstance(seconds, int) or not seconds:
        return None
    return Lease(str(data.get("accessor") or ""), float(seconds), data.get("renewable") is True, token=True)


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
    return lease._replace(seconds=float(granted["lease_duration"]), renewable=granted.get("renewable") is True)


def revoke(client: VaultClient, lease: Lease, deadline: Deadline) -> None:
    """End a lease, or the client's token and with it all that it was lent. Raises BrokerError."""
    if lease.token:
        _sent(client, "auth/token/revoke-self", {}, lease, deadline)
    else:
        # Not only noted: the credential is gone when the answer is here.
        _sent(client, "sys/leases/revoke", {"lease_id": lease.id, "sync": "true"}, lease, deadline)


def _sent(client: VaultClient, path: str, body: Mapping[str, str], lease: Lease, deadline: Deadline) -> Answer:
    with deadline.phase(f"vault: {path}"):
        answer = client.ask("post", path, deadline, body=body, namespace=lease.scope)
    if answer.status == 200:
        return answer
    if "not found" in answer.said or "invalid lease" in answer.said:
        raise SecretNotFound(f"{client.address}: {path}: {answer.said}")
    raise AccessDenied(f"{client.address}: {path}: {answer.said or answer.status}")
