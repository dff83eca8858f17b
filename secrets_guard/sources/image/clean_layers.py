"""Digests of layers in which no rule found a candidate -> an entry of the cache folder, and back.

Git's contents have an entry of their own (sources/git/clean.py): ids of another length, and one folder may serve both.
"""

from __future__ import annotations

from collections.abc import Iterable

from secrets_guard.cache import folder_cache
from secrets_guard.errors import SourceError

_KIND, _WIDTH = "sha256:", 32


class CleanLayers:
    """What a folder remembers under one key: rules, versions and options decide it, so others' entries don't count.

    An entry holds digests and nothing else. One that is torn, altered or another user's does not exist.
    """

    def __init__(self, folder: str) -> None:
        """Raises SourceError when ``folder`` can't be made or is not the user's own."""
        self._cache = folder_cache(folder)
        if self._cache.folder is None:
            raise SourceError(f"--cache {folder!r}: can't be used: it must be a folder that only you can write to")
        self._name = ""
        self._known: frozenset[bytes] = frozenset()

    def open(self, key: str) -> None:
        """Read what is remembered under ``key`` (hex digits)."""
        self._name = f"clean-layers-{key}.ids"
        content = self._cache.read(self._name) or b""
        whole = range(0, len(content) - len(content) % _WIDTH, _WIDTH)
        self._known = frozenset(content[at : at + _WIDTH] for at in whole)

    def __contains__(self, digest: str) -> bool:
        """Tell whether a layer of this digest (``sha256:`` and hex) was clean."""
        return digest.startswith(_KIND) and bytes.fromhex(digest.removeprefix(_KIND)) in self._known

    def add(self, digests: Iterable[str]) -> None:
        """Remember these layers too; only those with a SHA-256."""
        new = {bytes.fromhex(digest.removeprefix(_KIND)) for digest in digests if digest.startswith(_KIND)}
        if self._name and not new <= self._known:
            self._known |= new
            self._cache.write(self._name, b"".join(sorted(self._known)))
