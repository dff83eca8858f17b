"""A file, or the platform's keyring -> the key under which values are sealed."""

from __future__ import annotations

import os
import secrets
import stat

from secrets_guard.errors import ManifestError, ProviderMissing

_LEAST = 32
_MOST = 4096
_NAME = "fallback"
# https://keyring.readthedocs.io/en/latest/: what it calls recommended; below are files that anybody can read.
_RECOMMENDED = 1


def key_of_file(path: str) -> bytes:
    """Return the content of a file that only its owner, this user or root, can read. Raises ManifestError."""
    where = f"fallback.key_file {path}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ManifestError(f"{where}: can't be read: {error.strerror}") from None
    with open(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ManifestError(f"{where}: is no plain file")
        check_private(where, found, (os.geteuid(), 0))
        content = stream.read(_MOST + 1).strip()
    if not _LEAST <= len(content) <= _MOST:
        raise ManifestError(f"{where}: holds {len(content)} bytes; a key has {_LEAST} to {_MOST}: openssl rand -hex 32")
    return content


def check_private(where: str, found: os.stat_result, owners: tuple[int, ...]) -> None:
    """Raise ManifestError for what belongs to somebody else, or what others may read or write."""
    if found.st_uid not in owners:
        raise ManifestError(f"{where}: belongs to user {found.st_uid}, not to user {owners[0]}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise ManifestError(f"{where}: others have rights on it (mode {mode:04o}); take them away: chmod go= PATH")


def key_of_keyring(service: str) -> bytes:
    """Return the key that the platform's keyring has under a name, made where there is none yet.

    Raises ManifestError where there is no keyring that keeps secrets, ProviderMissing without the package.
    """
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        raise ProviderMissing(
            "fallback.keyring: needs the package keyring, which is not installed: pip install 'secrets-guard[keyring]'"
        ) from None
    backend = keyring.get_keyring()
    if backend.priority < _RECOMMENDED:
        raise ManifestError(f"fallback.keyring: {backend.name} keeps no secrets; use key_file")
    try:
        found = backend.get_password(service, _NAME)
        if not found:
            found = secrets.token_hex(_LEAST)
            backend.set_password(service, _NAME, found)
    except KeyringError as error:
        raise ManifestError(f"fallback.keyring: {backend.name}: {type(error).__name__}; use key_file") from None
    return str(found).encode()
