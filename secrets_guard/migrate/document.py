"""A file as it was read, and its replacement in one step: whole or not at all, never over somebody else's change."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import NamedTuple

from secrets_guard.errors import SourceError

_LARGEST = 64 << 20


class Document(NamedTuple):
    """A file's content and what it was when it was read; ``path`` is as the user calls it, ``real`` without links."""

    path: str
    real: str
    content: bytes
    status: os.stat_result | None
    """None: there is no such file yet."""


def read_document(path: str, *, missing: bool = False) -> Document:
    """Return a regular file's content; with ``missing`` one that is not there is empty. Raises SourceError."""
    real = os.path.realpath(path)
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        with open(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SourceError(f"{path}: not a regular file")
            if status.st_size > _LARGEST:
                raise SourceError(f"{path}: larger than {_LARGEST >> 20} MiB")
            return Document(path, real, stream.read(_LARGEST + 1), status)
    except FileNotFoundError:
        if missing:
            return Document(path, real, b"", None)
        raise SourceError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise SourceError(f"{path}: can't be read: {error.strerror}") from None


def check_replaceable(document: Document) -> None:
    """Raise SourceError where replacing the file would not do what it should."""
    if document.status is not None and document.status.st_nlink > 1:
        raise SourceError(
            f"{document.path}: has {document.status.st_nlink} hard links: the others would keep the value"
        )
    if not os.access(os.path.dirname(document.real) or ".", os.W_OK | os.X_OK):
        raise SourceError(f"{document.path}: can't be replaced: its folder can't be written to")


def replace(document: Document, content: bytes) -> None:
    """Put ``content`` in a file's place, with its mode, owner and attributes; after it both are on the disk.

    Raises SourceError where that can't be, or the file has changed since it was read: then nothing has happened.
    """
    check_replaceable(document)
    # Always the same name: what a run that was killed left behind is cleared away by the next.
    folder, name = os.path.split(document.real)
    made = os.path.join(folder, f".{name}.secrets-guard.tmp")
    try:
        with suppress(FileNotFoundError):
            os.unlink(made)
        try:
            _write(made, document, content)
            if read_document(document.path, missing=True).content != document.content:
                raise SourceError(f"{document.path}: was changed by somebody else meanwhile; run this again")
            os.replace(made, document.real)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(made)
            raise
        _sync_folder(folder)
    except OSError as error:
        raise SourceError(f"{document.path}: can't be replaced: {error.strerror}") from None


def _write(made: str, document: Document, content: bytes) -> None:
    status = document.status
    # Closed to others until it has its owner; a manifest holds no value and is made as any file.
    mode = 0o600 if status else 0o666
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    with open(descriptor, "wb") as stream:
        if status is not None:
            own = os.fstat(descriptor)
            if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
                os.fchown(descriptor, status.st_uid, status.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
            _copy_attributes(document.real, descriptor)
        stream.write(content)
        stream.flush()
        os.fsync(descriptor)


def _copy_attributes(path: str, descriptor: int) -> None:
    """Copy access lists and labels where there are any; a file system without them has none to lose."""
    if not hasattr(os, "listxattr"):
        return
    with suppress(OSError):
        for name in os.listxattr(path):
            os.setxattr(descriptor, name, os.getxattr(path, name))


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
