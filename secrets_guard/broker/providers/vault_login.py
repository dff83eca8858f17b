"""How to log in to Vault: a token that is there, or one that is got for something else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.providers.vault_client import VaultClient
from secrets_guard.broker.retry import persist
from secrets_guard.broker.settings import read_credential, texts
from secrets_guard.errors import AccessDenied, ManifestError
from secrets_guard.located_yaml import nearest

# https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_TOKEN_VARIABLES = ("VAULT_TOKEN", "BAO_TOKEN")


class Method(NamedTuple):
    """One auth method: the keys it needs and may have beside ``method`` and ``mount``; of a pair either one."""

    needs: tuple[str, ...]
    pair: tuple[str, str] | None = None
    default_file: str = ""


METHODS = {
    "token": Method((), ("token", "token_file")),
    "approle": Method(("role_id",), ("secret_id", "secret_id_file")),
    "userpass": Method(("username",), ("password", "password_file")),
    "kubernetes": Method(("role",), ("jwt", "jwt_file"), _SERVICE_ACCOUNT),
    "jwt": Method(("role",), ("jwt", "jwt_file")),
}
"""Name -> what it takes; the name is also the default mount."""


class Login:
    """One login; ``variables`` are those that held credentials, ``fresh`` tells whether the token was got by it."""

    def __init__(self, method: str, given: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._method = method
        self._given = given
        self._environment = environment
        self.variables = frozenset(_TOKEN_VARIABLES)
        self.fresh = method != "token"

    def log_in(self, client: VaultClient, deadline: Deadline) -> None:
        """Give the client a token. Raises AccessDenied where there is none or the login is refused."""
        if self._method == "token":
            client.use(self._token())
            return
        body = self._body()
        for key in METHODS[self._method].pair or ():
            client.hide(body.get(key, ""))
        path = f"auth/{self._given.get('mount', self._method).strip('/')}/login"
        if self._method == "userpass":
            path += f"/{body['username']}"
        phase = f"vault: login ({self._method})"
        answer = persist(lambda: client.ask("post", path, deadline, body=body), deadline, phase)
        auth = answer.document.get("auth")
        if answer.status != 200 or not isinstance(auth, dict) or not auth.get("client_token"):
            raise AccessDenied(f"{client.address}: login by {self._method} was refused: {answer.said or answer.status}")
        client.use(str(auth["client_token"]))

    def _token(self) -> str:
        if self._given.get("token"):
            return self._given["token"]
        if self._given.get("token_file"):
            return read_credential(self._given["token_file"], "token_file")
        for name in _TOKEN_VARIABLES:
            if self._environment.get(name):
                return self._environment[name].strip()
        # Where `vault login` keeps it.
        path = os.path.join(self._environment.get("HOME") or os.path.expanduser("~"), ".vault-token")
        if not os.path.exists(path):
            raise AccessDenied("there is no token: set VAULT_TOKEN, or auth under providers.vault in the manifest")
        return read_credential(path, "token")

    def _body(self) -> Mapping[str, str]:
        method = METHODS[self._method]
        body = {key: self._given[key] for key in method.needs}
        if method.pair:
            key, file_key = method.pair
            path = self._given.get(file_key) or method.default_file
            body[key] = self._given.get(key) or read_credential(path, file_key)
        return body


def read_login(given: object, environment: Mapping[str, str]) -> Login:
    """Return the login that ``auth:`` asks for; without one, by token. Raises ManifestError."""
    where = "providers.vault.auth"
    if not isinstance(given, dict):
        raise ManifestError(f"{where}: must be a mapping with a method")
    name = given.get("method", "token")
    if name not in METHODS:
        raise ManifestError(
            f"{where}.method: {name!r} is none of {', '.join(METHODS)}{nearest(str(name), list(METHODS))}"
        )
    method = METHODS[name]
    own = texts(given, ("method", "mount", *method.needs, *(method.pair or ())), where)
    missing = [key for key in method.needs if not own.get(key)]
    if missing:
        raise ManifestError(f"{where}: {name} needs {' and '.join(missing)}")
    if method.pair and name != "token" and not method.default_file and not any(own.get(key) for key in method.pair):
        raise ManifestError(f"{where}: {name} needs {' or '.join(method.pair)}")
    return Login(name, own, environment)
