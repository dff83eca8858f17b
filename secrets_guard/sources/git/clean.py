"""Ids of contents in which no rule found a candidate -> a file, and back, so that the next sweep need not read them."""

from __future__ import annotations

from collections.abc import Iterable

from secrets_guard.cache import Cache, folder_cache
from secrets_guard.errors import SourceError


class CleanContents:
    """What a folder remembers under one key: rules, versions and depth decide it, so others' entries don't count.

    An entry holds object ids and nothing else. One that is torn, altered or another user's does not exist.
    """

    def __init__(self, folder: str) -> None:
        """Raises SourceError when ``folder`` can't be made or is not the user's own."""
        cache = folder_cache(folder)
        if cache.folder is None:
            raise SourceError(f"--cache {folder!r}: can't be used: it must be a folder that only you can write to")
        self._cache: Cache = cache
        self._name = ""
        self.known: frozenset[bytes] = frozenset()

    def open(self, key: str) -> None:
        """Read what is remembered under ``key`` (hex digits)."""
        self._name = f"clean-{key}.ids"
        content = self._cache.read(self._name) or b""
        width = content[0] if content else 0
        ids = content[1:]
        if not width or len(ids) % width:
            self.known = frozenset()
            return
        self.known = frozenset(ids[at : at + width].hex().encode() for at in range(0, len(ids), width))

    def add(self, names: Iterable[str]) -> None:
        """Remember these ids too (hex digits, all of one length)."""
        every = sorted({bytes.fromhex(name) for name in names} | {bytes.fromhex(name.decode()) for name in self.known})
        if self._name and every:
            self._cache.write(self._name, bytes((len(every[0]),)) + b"".join(every))
