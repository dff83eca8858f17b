"""How to log in to Vault: a token that is there, or one that is got for something else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.providers import aws_credentials
from secrets_guard.broker.providers.vault_client import VaultClient
from secrets_guard.broker.providers.vault_role import auth_of
from secrets_guard.broker.providers.vault_secret_id import unwrap
from secrets_guard.broker.refs import LOGIN
from secrets_guard.broker.retry import persist
from secrets_guard.broker.settings import read_credential, texts
from secrets_guard.errors import AccessDenied, ManifestError
from secrets_guard.located_yaml import nearest
from secrets_guard.model.secret import Secret

# https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_TOKEN_VARIABLES = ("VAULT_TOKEN", "BAO_TOKEN")


class Method(NamedTuple):
    """One auth method: the keys it needs and may have beside ``method`` and ``mount``; of the pairs any one key."""

    needs: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    default_file: str = ""
    optional: tuple[str, ...] = ()

    @property
    def credentials(self) -> tuple[str, ...]:
        """The keys one of which must be there."""
        return tuple(key for pair in self.pairs for key in pair)


METHODS = {
    "token": Method(pairs=(("token", "token_file"),)),
    "approle": Method(
        ("role_id",), (("secret_id", "secret_id_file"), ("wrapped_secret_id", "wrapped_secret_id_file")), "", ("role",)
    ),
    "userpass": Method(("username",), (("password", "password_file"),)),
    "kubernetes": Method(("role",), (("jwt", "jwt_file"),), _SERVICE_ACCOUNT),
    "jwt": Method(("role",), (("jwt", "jwt_file"),)),
    "aws": Method(optional=("role", "region", "header_value")),
    "cert": Method(optional=("role",)),
}
"""Name -> what it takes; the name is also the default mount."""


class Login:
    """One login; ``variables`` are those that held credentials, ``fresh`` tells whether the token was got by it."""

    def __init__(self, method: str, given: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self.method = method
        self._given = given
        self._environment = environment
        self._mount = given.get("mount", method).strip("/")
        self._unwrapped = Secret(b"")
        self.variables = frozenset(_TOKEN_VARIABLES) | (aws_credentials.VARIABLES if method == "aws" else frozenset())
        self.fresh = method != "token"

    def log_in(self, client: VaultClient, deadline: Deadline) -> None:
        """Give the client a token. Raises AccessDenied where there is none or the login is refused."""
        if self.method == "token":
            client.use(self._token())
            return
        body = self._body(client, deadline)
        for key in ("secret_id", "password", "jwt", "iam_request_headers"):
            client.hide(body.get(key, ""))
        path = f"auth/{self._mount}/login"
        if self.method == "userpass":
            path += f"/{body['username']}"
        phase = f"vault: login ({self.method})"
        answer = persist(lambda: client.ask("post", path, deadline, body=body), deadline, phase)
        auth = answer.document.get("auth")
        if answer.status != 200 or not isinstance(auth, dict) or not auth.get("client_token"):
            raise AccessDenied(f"{client.address}: login by {self.method} was refused: {answer.said or answer.status}")
        client.use(str(auth["client_token"]))

    def _token(self) -> str:
        if self._given.get("token"):
            return self._given["token"]
        if self._given.get("token_file"):
            return read_credential(self._given["token_file"], "token_file")
        for name in _TOKEN_VARIABLES:
            if self._environment.get(name, "") not in ("", LOGIN):
                return self._environment[name].strip()
        # Where `vault login` keeps it.
        path = os.path.join(self._environment.get("HOME") or os.path.expanduser("~"), ".vault-token")
        if not os.path.exists(path):
            raise AccessDenied(
                "there is no token: set VAULT_TOKEN or VAULT_ROLE, or auth under providers.vault in a manifest"
            )
        return read_credential(path, "token")

    def _body(self, client: VaultClient, deadline: Deadline) -> Mapping[str, str]:
        """Return what the login sends."""
        if self.method == "aws":
            from secrets_guard.broker.providers.vault_aws import signed_identity

            return signed_identity(self._given)
        if self.method == "cert":
            if not client.certified:
                raise AccessDenied("login by cert needs client_cert and client_key under providers.vault")
            return {"name": self._given["role"]} if self._given.get("role") else {}
        method = METHODS[self.method]
        body = {key: self._given[key] for key in method.needs}
        for key, file_key in method.pairs:
            path = self._given.get(file_key) or method.default_file
            if self._given.get(key) or path:
                body[key] = self._given.get(key) or read_credential(path, file_key)
        return self._with_secret_id(body, client, deadline) if self.method == "approle" else body

    def _with_secret_id(self, body: Mapping[str, str], client: VaultClient, deadline: Deadline) -> Mapping[str, str]:
        """Return the body with what is inside a wrapping token in its place; that is taken out once only."""
        if "wrapped_secret_id" not in body:
            return body
        if not self._unwrapped:
            token = body["wrapped_secret_id"]
            found = unwrap(client, token, self._mount, self._given.get("role", ""), deadline)
            self._unwrapped = Secret(found.encode())
        return {"role_id": body["role_id"], "secret_id": self._unwrapped.reveal().decode()}


def read_login(given: object, environment: Mapping[str, str]) -> Login:
    """Return the login that ``auth:`` asks for; without one, for ``VAULT_ROLE``, or by token. Raises ManifestError."""
    where = "providers.vault.auth"
    if not isinstance(given, dict):
        raise ManifestError(f"{where}: must be a mapping with a method")
    given = given or auth_of(environment)
    name = given.get("method", "token")
    if name not in METHODS:
        raise ManifestError(
            f"{where}.method: {name!r} is none of {', '.join(METHODS)}{nearest(str(name), list(METHODS))}"
        )
    method = METHODS[name]
    own = texts(given, ("method", "mount", *method.needs, *method.credentials, *method.optional), where)
    missing = [key for key in method.needs if not own.get(key)]
    if missing:
        raise ManifestError(f"{where}: {name} needs {' and '.join(missing)}")
    there = [key for key in method.credentials if own.get(key)]
    if method.credentials and name != "token" and not method.default_file and not there:
        raise ManifestError(f"{where}: {name} needs {' or '.join(method.credentials)}")
    if len(there) > 1:
        raise ManifestError(f"{where}: {' and '.join(there)}: give one of them")
    if name == "aws":
        # So that its absence is told as that of any provider's package.
        import_module("botocore")
    return Login(name, own, environment)
