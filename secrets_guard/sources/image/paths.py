"""The entries of a layer -> which paths of the layers below it takes away: replaced, whited out, in an opaque folder.

Only 64-bit hashes of names are kept (Python's own, keyed for each process): eight bytes for each of a million files.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left

# OCI image-spec, layer.md: "Whiteouts" and "Opaque Whiteout".
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_MOST_LINKS = 100_000


class LayerPaths:
    """What a layer has in it. Paths are relative to the image's root, ``/``-separated, no slash before or behind."""

    def __init__(self) -> None:
        self._files, self._folders = array("q"), array("q")
        self._gone: set[str] = set()
        self._opaque: set[str] = set()
        self._links: dict[str, list[str]] = {}
        self._sorted = False

    def add(self, path: str, kind: str, link: str = "") -> None:
        """Take note of one entry; ``link`` is what a hard link is another name of."""
        if kind == "dir":
            self._folders.append(hash(path))
            return
        folder, _, name = path.rpartition("/")
        if name.startswith(_WHITEOUT):
            if name == _OPAQUE:
                self._opaque.add(folder)
            else:
                hidden = name[len(_WHITEOUT) :]
                self._gone.add(f"{folder}/{hidden}" if folder else hidden)
            return
        self._files.append(hash(path))
        if kind == "hardlink" and len(self._links) < _MOST_LINKS:
            self._links.setdefault(link, []).append(path)

    def names_of(self, path: str) -> list[str]:
        """Return the other names (hard links) that this layer gives a file of its own."""
        return self._links.get(path, [])

    def takes_away(self, path: str) -> bool:
        """Tell whether a file of a layer below can't be seen any more above this layer."""
        self._sort()
        if path in self._gone or _holds(self._files, path) or _holds(self._folders, path):
            return True
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self._opaque:
                return True
            if folder and (folder in self._gone or _holds(self._files, folder)):
                return True
        return False

    def _sort(self) -> None:
        if not self._sorted:
            self._files, self._folders = array("q", sorted(self._files)), array("q", sorted(self._folders))
            self._sorted = True


def _holds(hashes: array[int], path: str) -> bool:
    wanted = hash(path)
    at = bisect_left(hashes, wanted)
    return at < len(hashes) and hashes[at] == wanted
