"""Docker's and podman's config files and credential helpers -> the login for a registry.

Formats: docs.docker.com/reference/cli/docker/login ("Credential stores"), containers-auth.json(5).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.secret import Secret
from secrets_guard.sources.image.reference import DOCKER_HUB

_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io")
_TOKEN_USER = "<token>"  # noqa: S105 - what helpers put in place of a user name
_HELPER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_HELPER_SECONDS = 30
_LARGEST = 1 << 20
# What a helper says when it has nothing (docker-credential-helpers, credentials/error.go).
_NOT_FOUND = b"credentials not found"


class Login(NamedTuple):
    """A user name and password, or an identity token (OAuth2's refresh token)."""

    user: str
    password: Secret
    identity: bool = False


def find_login(registry: str, repository: str, environ: Mapping[str, str]) -> Login | None:
    """Return the login for a repository; None where no file and no helper has one.

    Looked at in this order: ``$REGISTRY_AUTH_FILE``, ``$DOCKER_CONFIG``/config.json, podman's auth.json,
    ~/.docker/config.json. Raises SourceError for a file or helper that is there and can't be used.
    """
    for path in _files(environ):
        fields = _read(path)
        if fields is not None:
            found = _in_file(fields, path, registry, repository)
            if found is not None:
                return found
    return None


def _files(environ: Mapping[str, str]) -> Iterator[str]:
    home = environ.get("HOME") or os.path.expanduser("~")
    if environ.get("REGISTRY_AUTH_FILE"):
        yield environ["REGISTRY_AUTH_FILE"]
    if environ.get("DOCKER_CONFIG"):
        yield os.path.join(environ["DOCKER_CONFIG"], "config.json")
    if environ.get("XDG_RUNTIME_DIR"):
        yield os.path.join(environ["XDG_RUNTIME_DIR"], "containers", "auth.json")
    yield os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "containers", "auth.json")
    yield os.path.join(home, ".docker", "config.json")


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as stream:
            fields = json.loads(stream.read(_LARGEST))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"{path}: the logins in it can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{path}: the logins in it can't be read: it is not JSON") from None
    return fields if isinstance(fields, dict) else None


def _in_file(fields: dict[str, Any], path: str, registry: str, repository: str) -> Login | None:
    helpers, auths = fields.get("credHelpers"), fields.get("auths")
    keys = list(_keys(registry, repository))
    if isinstance(helpers, dict):
        for key in keys:
            if isinstance(helpers.get(key), str):
                return _ask(helpers[key], key, path)
    if isinstance(fields.get("credsStore"), str) and fields["credsStore"]:
        # Docker's helpers know registries only, Docker Hub by the address of its first API.
        found = _ask(fields["credsStore"], _HUB_KEYS[0] if registry == DOCKER_HUB else registry, path)
        if found is not None:
            return found
    if isinstance(auths, dict):
        known = {_bare(name): entry for name, entry in auths.items()}
        for key in keys:
            entry = auths.get(key) or known.get(key)
            if isinstance(entry, dict):
                found = _in_entry(entry, path)
                if found is not None:
                    return found
    return None


def _keys(registry: str, repository: str) -> Iterator[str]:
    """Yield what a login may be filed under: podman knows one for a repository or a folder of them."""
    parts = repository.split("/")
    for length in range(len(parts), 0, -1):
        yield "/".join((registry, *parts[:length]))
    if registry == DOCKER_HUB:
        yield from _HUB_KEYS
    else:
        yield registry
        yield f"https://{registry}"


def _bare(name: str) -> str:
    """Return a key without scheme and path of the API: ``https://host/v1/`` is filed by old versions."""
    bare = name.removeprefix("https://").removeprefix("http://").rstrip("/")
    return bare.removesuffix("/v1").removesuffix("/v2")


def _in_entry(entry: dict[str, Any], path: str) -> Login | None:
    identity = entry.get("identitytoken")
    if isinstance(identity, str) and identity:
        return Login(_TOKEN_USER, Secret(identity.encode()), identity=True)
    user, password = entry.get("username"), entry.get("password")
    if isinstance(user, str) and isinstance(password, str) and user:
        return Login(user, Secret(password.encode()))
    encoded = entry.get("auth")
    if not isinstance(encoded, str) or not encoded:
        return None
    try:
        name, colon, rest = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        name = colon = rest = ""
    if not colon:
        raise SourceError(f"{path}: a login in it can't be read: its 'auth' is no base64 of user:password")
    return Login(name, Secret(rest.rstrip("\0").encode()))


def _ask(helper: str, key: str, path: str) -> Login | None:
    """Ask ``docker-credential-HELPER``; it gets the key on its standard input, nothing stands in a process list."""
    if not _HELPER.fullmatch(helper):
        raise SourceError(f"{path}: {helper[:40]!r} is no name of a credential helper")
    command = f"docker-credential-{helper}"
    try:
        done = subprocess.run(
            [command, "get"], input=key.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
    except FileNotFoundError:
        raise SourceError(f"{path}: it wants {command}, which is not installed") from None
    except (OSError, subprocess.TimeoutExpired):
        raise SourceError(f"{command}: it can't be run, or did not answer in {_HELPER_SECONDS} s") from None
    if done.returncode:
        if _NOT_FOUND in done.stdout + done.stderr:
            return None
        raise SourceError(f"{command}: it failed for {key} (exit {done.returncode})")
    try:
        answer = json.loads(done.stdout)
        user, secret = answer["Username"], answer["Secret"]
    except (ValueError, KeyError, TypeError):
        raise SourceError(f"{command}: its answer for {key} can't be read") from None
    if not isinstance(user, str) or not isinstance(secret, str):
        raise SourceError(f"{command}: its answer for {key} can't be read")
    return Login(user, Secret(secret.encode()), identity=user == _TOKEN_USER) if secret else None
