"""Contents in which nothing was found in one repository of a family -> not swept again in its forks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

MOST = 1_000_000
"""Contents that a run remembers: about 100 MB. Beyond it the oldest repositories' are forgotten, and swept again."""


class SharedContents:
    """What was seen to be clean in this run, by raw object ids; kept in memory only, and for one set of rules."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: set[bytes] = set()
        self._added: deque[list[bytes]] = deque()

    def among(self, names: bytes, width: int) -> bytes:
        """Return those of ``names`` (raw, of ``width`` bytes each) that were seen."""
        known = self._known
        if not known:
            return b""
        each = (names[at : at + width] for at in range(0, len(names), width))
        return b"".join([name for name in each if name in known])

    def add(self, ids: bytes, width: int, but: Iterable[str]) -> None:
        """Remember these raw ids, all ``but`` some (hex digits)."""
        guilty = {bytes.fromhex(name) for name in but}
        each = (ids[at : at + width] for at in range(0, len(ids), width or 1))
        new = list({name for name in each if name not in self._known} - guilty)[: self._most]
        while self._added and len(self._known) + len(new) > self._most:
            self._known.difference_update(self._added.popleft())
        self._known.update(new)
        self._added.append(new)
