"""Ids of contents in which nothing was found -> a file, and back, so that the next sweep need not read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
        self.cache: Cache = cache
        self.key = ""
        self.known = b""
        """Raw ids, one behind the other, in rising order."""
        self.width = 0

    def open(self, key: str) -> None:
        """Read what is remembered under ``key`` (hex digits)."""
        self.key = key
        content = self.cache.read(f"clean-{key}.ids") or b""
        self.width = content[0] if content else 0
        self.known = content[1:] if self.width and (len(content) - 1) % self.width == 0 else b""

    def names(self) -> frozenset[bytes]:
        """Return the ids as git prints them."""
        return frozenset(name.hex().encode() for name in _split(self.known, self.width))

    def add(self, ids: bytes, width: int, but: Iterable[str]) -> None:
        """Remember these raw ids of ``width`` bytes too, all ``but`` some (hex digits)."""
        guilty = {bytes.fromhex(name) for name in but}
        kept = {*_split(self.known, self.width)} if self.width == width else set()
        every = {*_split(ids, width), *kept} - guilty
        if self.key and every != kept:
            self.cache.write(f"clean-{self.key}.ids", bytes((width,)) + b"".join(sorted(every)))


def _split(ids: bytes, width: int) -> Iterator[bytes]:
    return (ids[at : at + width] for at in range(0, len(ids), width or 1))
