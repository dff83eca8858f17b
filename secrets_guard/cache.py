"""A user-private folder of entries that are checked before they are believed: a bad or foreign one does not exist."""

from __future__ import annotations

import os
import stat
import zlib

_MAGIC = b"secrets-guard cache 1\n"
_DIGEST_BYTES = 12
_MAX_ENTRY = 64 << 20


class Cache:
    """Named byte strings under a folder of mode 0700 that the user owns; every failure is a miss, never an error."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """Return what was written under ``name``; None when absent, torn, altered or not the user's own."""
        if self.folder is None:
            return None
        try:
            descriptor = os.open(os.path.join(self.folder, name), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            return None
        with open(descriptor, "rb", buffering=0) as stream:
            info = os.fstat(descriptor)
            if not _private(info) or info.st_size > _MAX_ENTRY:
                return None
            head = stream.read(len(_MAGIC) + _DIGEST_BYTES)
            payload = stream.read(max(0, info.st_size - len(head)))
        return payload if head == _MAGIC + _digest(name, payload) else None

    def write(self, name: str, payload: bytes) -> None:
        """Keep ``payload`` under ``name``, replacing it in one step; does nothing where that is impossible."""
        if self.folder is None:
            return
        temporary = os.path.join(self.folder, f".{name}.{os.getpid()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as stream:
                stream.write(_MAGIC + _digest(name, payload) + payload)
            os.replace(temporary, os.path.join(self.folder, name))
        except OSError:
            _remove(temporary)


def user_cache(environ: os._Environ[str] | dict[str, str] | None = None) -> Cache:
    """Return the user's cache: ``$SECRETS_GUARD_CACHE`` (``off`` for none), else the platform's cache folder.

    See folder_cache() for what is not used.
    """
    return folder_cache(user_folder(environ))


def user_folder(environ: os._Environ[str] | dict[str, str] | None = None) -> str:
    """Return where the user's cache is to be, whether or not it can be used; empty where there is to be none."""
    environ = os.environ if environ is None else environ
    folder = environ.get("SECRETS_GUARD_CACHE") or _platform_folder(environ)
    return "" if folder == "off" else folder


def folder_cache(folder: str) -> Cache:
    """Return the cache in a folder, made with mode 0700 where it is not there.

    One that belongs to somebody else or that others may write to is not used: its ``folder`` is None.
    """
    if not folder:
        return Cache(None)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        info = os.stat(folder)
    except OSError:
        return Cache(None)
    return Cache(folder if _private(info) else None)


def state_of(info: os.stat_result) -> str:
    """Return what changes whenever a file does: its size, and what nobody can set back, its times and inode."""
    return f"{info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino} {info.st_uid}"


def _platform_folder(environ: os._Environ[str] | dict[str, str]) -> str:
    if os.name == "nt":
        base = environ.get("LOCALAPPDATA", "")
    else:
        base = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".cache")
    return os.path.join(base, "secrets-guard") if os.path.isabs(base) else ""


def _private(info: os.stat_result) -> bool:
    if os.name == "nt":
        return True
    return info.st_uid == os.geteuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _digest(name: str, payload: bytes) -> bytes:
    """Return a checksum against torn and mixed-up entries; that nobody else wrote one, the file's owner says."""
    return zlib.crc32(payload, zlib.crc32(name.encode())).to_bytes(4, "big") + len(payload).to_bytes(8, "big")


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
