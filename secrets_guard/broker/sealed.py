"""Values on disk that nobody can read, change or swap without the key: AES-256-GCM, a file each."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from secrets_guard.broker.fallback_key import check_private
from secrets_guard.errors import ManifestError

_MAGIC = b"sg-sealed-1\n"
_NONCE = 12
_MOST = 8 << 20


class Tampered(Exception):
    """A sealed file was changed, is another's, or was sealed under another key; the message says so."""


class SealedFolder:
    """A private folder; each file in it is bound to the label that it was sealed under."""

    def __init__(self, path: str, key: bytes) -> None:
        """Make the folder where there is none. Raises ManifestError for one that is not private."""
        self._path = path
        derived = HKDF(hashes.SHA256(), 64, None, b"secrets-guard fallback").derive(key)
        self._cipher, self._naming = AESGCM(derived[:32]), derived[32:]
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            raise ManifestError(f"fallback.folder {path}: can't be made: {error.strerror}") from None
        with self._open():
            pass

    def seal(self, label: bytes, text: bytes) -> None:
        """Write a text under a label, in one step. Raises OSError; what was there before is whole then."""
        nonce = os.urandom(_NONCE)
        content = _MAGIC + nonce + self._cipher.encrypt(nonce, text, _MAGIC + label)
        name = self._name(label)
        # Not by the process id: two containers that share the folder are process 1 both.
        made = f".{name}.{os.urandom(8).hex()}"
        with self._open() as folder:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(made, flags, 0o600, dir_fd=folder)
            try:
                with open(descriptor, "wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(descriptor)
                os.replace(made, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                os.unlink(made, dir_fd=folder)
                raise
            os.fsync(folder)

    def unseal(self, label: bytes) -> bytes | None:
        """Return the text under a label, or None where there is none. Raises Tampered, OSError or ManifestError."""
        with self._open() as folder:
            try:
                descriptor = os.open(
                    self._name(label), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
                )
            except FileNotFoundError:
                return None
        with open(descriptor, "rb") as stream:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise Tampered("is no plain file")
            check_private(f"fallback.folder {self._path}: a sealed file", found, (os.geteuid(),))
            content = stream.read(_MOST)
        start = len(_MAGIC)
        if not content.startswith(_MAGIC):
            raise Tampered("is no sealed value")
        try:
            return self._cipher.decrypt(content[start : start + _NONCE], content[start + _NONCE :], _MAGIC + label)
        except (InvalidTag, ValueError):
            raise Tampered("was changed, belongs to something else, or was sealed under another key") from None

    def _name(self, label: bytes) -> str:
        """Return a file's name, which tells nobody what is in it."""
        made = hmac.HMAC(self._naming, hashes.SHA256())
        made.update(label)
        return made.finalize().hex()[:32]

    @contextmanager
    def _open(self) -> Iterator[int]:
        """Give the folder's descriptor while it is used. Raises ManifestError for one that is not private."""
        where = f"fallback.folder {self._path}"
        try:
            folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise ManifestError(f"{where}: is no folder that can be used: {error.strerror}") from None
        try:
            check_private(where, os.fstat(folder), (os.geteuid(),))
            yield folder
        finally:
            os.close(folder)
