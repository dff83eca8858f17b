"""A git pack in memory -> the objects in it, deltas resolved: no git is run and no file is written.

Format: gitformat-pack(5). Pure Python serves: the packs that end up in images are small, and hostile ones are bounded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from secrets_guard.sources.image.git_object import KINDS, GitObject, object_of

LARGEST_PACK = 64 << 20
"""Bytes of a pack that is held in memory."""
PACK_MAGIC = b"PACK"
_LARGEST_OBJECT = 32 << 20
_MOST_OBJECTS = 400_000
_HELD = 64 << 20
_HEADER = 12
_TRAILERS = (20, 32)
"""A pack ends with its own digest, SHA-1 or SHA-256."""
_BY_OFFSET, _BY_NAME = 6, 7


class _Stored(NamedTuple):
    """An object as it stands in the pack: ``at`` is where its compressed content begins."""

    kind: int
    size: int
    at: int
    base: int = -1
    base_name: bytes = b""


class Pack:
    """Reads one pack. What could not be read is counted: ``broken`` says at which byte it broke, -1: nowhere."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._stored: dict[int, _Stored] = {}
        self._by_base: dict[int, list[int]] = {}
        self._by_name: dict[bytes, list[int]] = {}
        self.broken, self.too_large = -1, 0
        self._resolved = 0

    @property
    def unresolved(self) -> int:
        """How many objects are differences from one that is not in this pack."""
        deltas = sum(stored.kind in (_BY_OFFSET, _BY_NAME) for stored in self._stored.values())
        return deltas - self._resolved

    def objects(self) -> Iterator[GitObject]:
        """Yield every object once: whole ones as they come, then those that are differences."""
        roots: dict[int, bytes] = {}
        for offset in self._walk():
            stored = self._stored[offset]
            if stored.kind in KINDS:
                content = self._inflate(stored)
                if content is not None:
                    made = object_of(KINDS[stored.kind], content)
                    roots[offset] = made.name
                    yield made
            elif stored.kind == _BY_OFFSET:
                self._by_base.setdefault(stored.base, []).append(offset)
            else:
                self._by_name.setdefault(stored.base_name, []).append(offset)
        for offset, name in roots.items():
            if offset in self._by_base or name in self._by_name:
                yield from self._descendants(offset, name)

    def _walk(self) -> Iterator[int]:
        """Yield the offset of each object, noting what its header says."""
        data = self._data
        count = int.from_bytes(data[8:_HEADER], "big")
        if len(data) < _HEADER or data[:4] != PACK_MAGIC or int.from_bytes(data[4:8], "big") not in (2, 3):
            self.broken = 0
            return
        at = _HEADER
        for _ in range(min(count, _MOST_OBJECTS)):
            offset = at
            try:
                stored = self._header(offset)
                at = self._behind(stored)
            except (IndexError, zlib.error):
                self.broken = offset
                return
            self._stored[offset] = stored
            yield offset
        if count > _MOST_OBJECTS or len(data) - at not in _TRAILERS:
            self.broken = at

    def _header(self, at: int) -> _Stored:
        data = self._data
        byte = data[at]
        kind, size, shift, start = byte >> 4 & 7, byte & 15, 4, at
        while byte & 0x80:
            at += 1
            byte = data[at]
            size |= (byte & 0x7F) << shift
            shift += 7
        at += 1
        if kind == _BY_NAME:
            return _Stored(kind, size, at + 20, base_name=data[at : at + 20])
        if kind != _BY_OFFSET:
            return _Stored(kind, size, at)
        byte = data[at]
        distance = byte & 0x7F
        while byte & 0x80:
            at += 1
            byte = data[at]
            distance = (distance + 1 << 7) | byte & 0x7F
        return _Stored(kind, size, at + 1, base=start - distance)

    def _behind(self, stored: _Stored) -> int:
        """Return where the next object begins: behind this one's compressed content. Raises zlib.error."""
        inner, at = zlib.decompressobj(), stored.at
        left, view = stored.size, memoryview(self._data)
        while not inner.eof:
            part = inner.unconsumed_tail or view[at : at + (1 << 16)]
            if not part:
                raise zlib.error("cut short")
            if not inner.unconsumed_tail:
                at += len(part)
            left -= len(inner.decompress(part, 1 << 20))
            if left < 0:
                raise zlib.error("longer than it says")
        return at - len(inner.unused_data)

    def _inflate(self, stored: _Stored) -> bytes | None:
        if stored.size > _LARGEST_OBJECT:
            self.too_large += 1
            return None
        return zlib.decompressobj().decompress(memoryview(self._data)[stored.at :], stored.size)

    def _descendants(self, offset: int, name: bytes) -> Iterator[GitObject]:
        """Yield what is made of an object, and of that, depth first, so that only one line of them is in memory."""
        root = self._stored[offset]
        content = self._inflate(root)
        if content is None:
            return
        waiting = [(child, content) for child in self._children(offset, name)]
        while waiting:
            child, base = waiting.pop()
            stored = self._stored[child]
            delta = self._inflate(stored)
            made = None if delta is None else apply_delta(base, delta, _LARGEST_OBJECT)
            if made is None:
                continue
            self._resolved += 1
            done = object_of(KINDS[root.kind], made)
            yield done
            held = len(made) + sum(len(one[1]) for one in waiting[-64:])
            if held <= _HELD:
                waiting += [(below, made) for below in self._children(child, done.name)]

    def _children(self, offset: int, name: bytes) -> list[int]:
        return [*self._by_base.pop(offset, ()), *self._by_name.pop(name, ())]


def apply_delta(base: bytes, delta: bytes, most: int) -> bytes | None:
    """Return what a delta makes of its base; None for one that makes no sense or more than ``most`` bytes."""
    try:
        size, at = _number(delta, 0)
        if size != len(base):
            return None
        size, at = _number(delta, at)
        if size > most:
            return None
        parts, made, end = [], 0, len(delta)
        while at < end and made <= size:
            code = delta[at]
            at += 1
            if code & 0x80:
                start = length = 0
                for bit in range(4):
                    if code >> bit & 1:
                        start |= delta[at] << 8 * bit
                        at += 1
                for bit in range(3):
                    if code >> 4 + bit & 1:
                        length |= delta[at] << 8 * bit
                        at += 1
                part = base[start : start + (length or 0x10000)]
            else:
                part = delta[at : at + code]
                at += code
                if not code:
                    return None
            parts.append(part)
            made += len(part)
    except IndexError:
        return None
    return b"".join(parts) if made == size else None


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
        if shift > 63:
            raise IndexError
