"""The cache folder -> its state, and what in it nothing asks for any more."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple

from secrets_guard.cache import Cache
from secrets_guard.doctor.check import ATTENTION, NOTE, OK, Check

_ENTRY = re.compile(r"(?:rules|database|hook|glance)-[0-9a-f]+\.(?:json|hs|txt)")
_HALF_WRITTEN = re.compile(rf"\.{_ENTRY.pattern}\.[0-9]+")
# File systems mostly note at least once a day that a file was read (relatime), so two days tell what is in use.
UNUSED_AFTER_S = 2 * 86_400
_HALF_WRITTEN_AFTER_S = 3_600
_MUCH = 100_000_000
"""Bytes of old entries that are worth a word."""


class Entries(NamedTuple):
    """What a cache folder holds: bytes by the names of its entries, and which of them are old."""

    sizes: dict[str, int]
    old: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return sum(self.sizes.values())

    @property
    def old_size(self) -> int:
        """Bytes of the old ones."""
        return sum(self.sizes[name] for name in self.old)


def entries(folder: str, in_use: Collection[str], now: float | None = None) -> Entries:
    """Return the entries of ours in a folder; old are those not ``in_use`` that nobody read for two days."""
    now = time.time() if now is None else now
    sizes, old = {}, []
    with os.scandir(folder) as found:
        for one in found:
            half_written = _HALF_WRITTEN.fullmatch(one.name)
            if not (half_written or _ENTRY.fullmatch(one.name)):
                continue
            try:
                info = one.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            sizes[one.name] = info.st_size
            age = now - max(info.st_atime, info.st_mtime)
            if one.name not in in_use and age > (_HALF_WRITTEN_AFTER_S if half_written else UNUSED_AFTER_S):
                old.append(one.name)
    return Entries(sizes, tuple(sorted(old)))


def clean(folder: str, found: Entries) -> int:
    """Remove the old entries and return the bytes that this freed; one that can't be removed stays."""
    freed = 0
    for name in found.old:
        with suppress(OSError):
            os.unlink(os.path.join(folder, name))
            freed += found.sizes[name]
    return freed


def check(wanted: str, cache: Cache, in_use: Collection[str], *, cleaning: bool) -> Check:
    """Return the state of the cache at ``wanted``; ``cleaning`` removes what is old first."""
    if not wanted:
        return Check("cache", NOTE, "off: each run compiles the rules, about 2 s", "unset SECRETS_GUARD_CACHE")
    if cache.folder is None:
        return Check("cache", ATTENTION, f"{wanted} is not used: {_why_not(wanted)}", _advice(wanted))
    info, found = os.stat(wanted), entries(wanted, in_use)
    freed, removed = (clean(wanted, found), len(found.old)) if cleaning else (0, 0)
    if cleaning:
        found = entries(wanted, in_use)
    text = f"{wanted}, of {_owner(info)}, mode {stat.S_IMODE(info.st_mode):04o}, {_size(found.size)}, "
    text += f"{len(found.sizes)} entries, {len(found.old)} of them old ({_size(found.old_size)})"
    if cleaning:
        text += f"; {removed} old ones removed, {_size(freed)}"
    if found.old_size > _MUCH:
        return Check("cache", ATTENTION, text, "secrets-guard doctor --clean-cache")
    return Check("cache", OK, text)


def _why_not(folder: str) -> str:
    try:
        info = os.stat(folder)
    except OSError as error:
        return f"{error.strerror}"
    if not stat.S_ISDIR(info.st_mode):
        return "it is not a folder"
    mode = f"mode {stat.S_IMODE(info.st_mode):04o}"
    return f"it is of {_owner(info)}, {mode}; it has to be yours, and nobody else's to write"


def _advice(folder: str) -> str:
    return f"chmod 700 {folder}, or set SECRETS_GUARD_CACHE to a folder of your own"


def _owner(info: os.stat_result) -> str:
    if os.name == "nt":
        return "this user"
    import pwd

    try:
        return pwd.getpwuid(info.st_uid).pw_name
    except KeyError:
        return f"user {info.st_uid}"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
