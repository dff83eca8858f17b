"""Vault and OpenBao, KV of both versions, as a place to write to."""

from __future__ import annotations

from collections.abc import Mapping

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.protocol import SecretRef
from secrets_guard.broker.providers.vault import Mount, VaultProvider
from secrets_guard.broker.providers.vault_answer import Answer, wrong_engine
from secrets_guard.broker.providers.vault_client import VaultClient
from secrets_guard.broker.retry import persist
from secrets_guard.broker.store import Held
from secrets_guard.errors import AccessDenied, SecretNotFound

# https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#create-update-secret
_LOST_THE_RACE = "check-and-set"
_STORES = ("kv", "generic")


class VaultStore:
    """One path; version 2 writes only over the version that was read, version 1 has no way to make sure of that."""

    def __init__(self, provider: VaultProvider, place: SecretRef) -> None:
        self._provider = provider
        self._namespace = place.option("namespace")
        self._path = place.path.strip("/")

    def read(self, deadline: Deadline) -> Held:
        """Return the fields of the path; see ``Store``. A version that was deleted holds none."""
        client, mount, path = self._place(deadline)
        answer = self._ask(client, "get", path, deadline)
        if answer.status == 200 or answer.gone:
            if not mount.versioned:
                return Held(answer.fields, "1")
            return Held(answer.fields, answer.version)
        if answer.status != 404 or wrong_engine(answer):
            raise SecretNotFound(
                f"{self._path}: can't be read ({answer.status}{f': {answer.said}' * bool(answer.said)})"
            )
        return Held({}, None)

    def write(self, fields: Mapping[str, object], held: Held, deadline: Deadline) -> bool:
        """Write the fields, by check-and-set where the engine has it; see ``Store``."""
        client, mount, path = self._place(deadline)
        body: dict[str, object] = dict(fields)
        if mount.versioned:
            body = {"data": fields, "options": {"cas": int(held.version or 0)}}
        answer = self._ask(client, "post", path, deadline, body)
        if answer.status == 400 and _LOST_THE_RACE in answer.said:
            return False
        if answer.status != 200:
            said = f": {answer.said}" if answer.said else ""
            raise AccessDenied(f"{self._path} can't be written ({answer.status}{said})")
        return True

    def _place(self, deadline: Deadline) -> tuple[VaultClient, Mount, str]:
        client, mount = self._provider.engine(self._path, self._namespace, deadline)
        if mount is None:
            raise AccessDenied(
                f"{client.address}: does not say which engine serves {self._path}; "
                "is it mounted, and has the token a right on the path?"
            )
        if mount.type not in _STORES:
            raise AccessDenied(f"{mount.path} ({mount.type}) is no KV engine: only there can secrets be written")
        rest = self._path.removeprefix(mount.path)
        if mount.versioned:
            return client, mount, f"{mount.path}data/{rest.removeprefix('data/')}"
        return client, mount, self._path

    def _ask(
        self, client: VaultClient, method: str, path: str, deadline: Deadline, body: Mapping[str, object] | None = None
    ) -> Answer:
        # A write may be repeated: over another version it is refused, and version 1 gets the same again.
        return persist(
            lambda: client.ask(method, path, deadline, body=body, namespace=self._namespace),
            deadline, f"vault: {'read' if method == 'get' else 'write'} {path}", of=(self._path,),
        )  # fmt: skip
