"""A sparse file in a tar -> its content, long holes cut short; formats: GNU tar's manual, "Sparse Formats"."""

from __future__ import annotations

from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.archive.feed import Body, Feed
from secrets_guard.sources.archive.pax import MAP, Records

HOLE = 256 << 10
"""Bytes that a hole is given at most: only NULs, and no match is."""
_SPARE = 4096
"""NULs that any file may have; beyond them as many as it has data, so that a map of holes is no bomb."""
_MOST_SEGMENTS = 100_000
_FIRST, _OLD_ENTRIES, _EXTENSION_ENTRIES, _ENTRY = 386, 4, 21, 24
_BLOCK = 512

Map = list[tuple[int, int]]
"""(offset in the file, bytes there) of each segment that is stored, in order."""


class Sparse:
    """The content of a sparse file: its segments, and the NULs between them."""

    __slots__ = ("_at", "_hole", "_map", "_position", "_read", "_segment", "_spare")

    def __init__(self, map_: Map, read: Read) -> None:
        """``read``: the segments as they are stored, one behind the other."""
        self._map, self._read = map_, read
        self._at = self._position = self._hole = self._segment = 0
        self._spare = _SPARE

    def read(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes, none at the end only."""
        while not self._hole and not self._segment:
            if self._at >= len(self._map):
                return b""
            offset, self._segment = self._map[self._at]
            hole = max(0, offset - self._position)
            # An even number of NULs is left out: UTF-16 goes on as it was.
            self._hole = min(hole, (min(HOLE, self._spare) & ~1) + 2 + (hole & 1))
            self._spare = max(0, self._spare - self._hole)
            self._position = offset + self._segment
            self._at += 1
        if self._hole:
            size = min(self._hole, wanted)
            self._hole -= size
            return bytes(size)
        data = self._read(min(self._segment, wanted))
        self._segment = self._segment - len(data) if data else 0
        self._spare += len(data)
        if not data:
            self._at = len(self._map)
        return data


def old_map(block: bytes, feed: Feed) -> Map | None:
    """Return the map of an old GNU entry from its header and the blocks behind it; None where it makes no sense."""
    made = _entries(block, _FIRST, _OLD_ENTRIES)
    more = block[482]
    while more and made is not None:
        block = feed.take(_BLOCK)
        following = _entries(block, 0, _EXTENSION_ENTRIES) if len(block) == _BLOCK else None
        if following is None or len(made) > _MOST_SEGMENTS:
            return None
        made += following
        more = block[504]
    return made


def _entries(block: bytes, first: int, count: int) -> Map | None:
    from secrets_guard.sources.archive.tar import number

    made: Map = []
    for at in range(first, first + count * _ENTRY, _ENTRY):
        if not block[at]:
            break
        offset, size = number(block[at : at + 12]), number(block[at + 12 : at + 24])
        if offset < 0 or size < 0:
            return None
        made.append((offset, size))
    return made


def pax_map(own: Records, body: Body) -> Map | None:
    """Return the map that PAX records give, in them or (version 1.0) before the data; None where it makes no sense."""
    try:
        if MAP in own:
            numbers = [int(word) for word in own[MAP].split(b",", 2 * _MOST_SEGMENTS) if word]
        else:
            numbers = _numbers_before(body)
    except ValueError:
        return None
    if len(numbers) % 2 or any(one < 0 for one in numbers):
        return None
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _numbers_before(body: Body) -> list[int]:
    """Read the numbers, one a line, how many pairs first, in blocks before the data. Raises ValueError."""
    text, lines, wanted = b"", list[bytes](), -1
    while wanted < 0 or len(lines) < wanted:
        block = b""
        while len(block) < _BLOCK:
            part = body.read(_BLOCK - len(block))
            if not part:
                raise ValueError("cut short")
            block += part
        *whole, text = (text + block).split(b"\n")
        lines += whole
        if wanted < 0 and lines:
            wanted = 1 + 2 * int(lines[0])
            if not 0 < wanted <= 2 * _MOST_SEGMENTS:
                raise ValueError("too many segments")
    return [int(line) for line in lines[1:wanted]]
