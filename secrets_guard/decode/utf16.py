"""UTF-16 text, whole or inside a binary, with and without a byte order mark -> UTF-8 text."""

from __future__ import annotations

import re
from itertools import accumulate

from secrets_guard.decode.segment import Steps
from secrets_guard.model.span import Span
from secrets_guard.shapes import SHORTEST_WIDE

NAME = "utf-16"
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""Little-endian, big-endian."""
# Twelve ASCII characters, each followed by a NUL, that begin after something else. In big-endian text the NUL
# before the first character is that something, so both byte orders are seen; a whole file is decoded by whole().
TRIGGERS = (rb"(?:[^ -~]\x00|[^\x00])(?:[\t -~]\x00){%d}" % SHORTEST_WIDE,)
_LENGTH = 2 * SHORTEST_WIDE
_RUN = re.compile(rb"(?:[\t\r\n -~]\x00)+")
_SAMPLE = 4096
_FEW, _MANY = 0.05, 0.4
_BLOCK = 4096
_CONTINUATION = bytes(range(0x80, 0xC0))
_SHORTER = bytes(range(0xF0))


def run(buffer: bytes, end: int, low: int, high: int) -> Span | None:
    """Return the run of wide characters that begins 24 bytes before ``end``."""
    start = end - _LENGTH
    found = _RUN.match(buffer, start, high)
    return None if start < low or found is None else Span(start, found.end())


def decode(encoded: bytes) -> tuple[bytes, Steps] | None:
    """Return the text of a run of wide ASCII characters, and the way back."""
    steps = Steps(len(encoded))
    steps.run(0, 0, 1, 2)
    return encoded[::2], steps


def lines(data: bytes, runs: list[Span]) -> tuple[bytes, Steps]:
    """Return the texts of runs of wide ASCII characters, a line each, and the way back to ``data``."""
    steps, parts, at = Steps(len(data)), list[bytes](), 0
    for run in runs:
        steps.run(at, run.start, 1, 2)
        parts.append(data[run.start : run.end : 2])
        at += len(parts[-1]) + 1
    return b"\n".join(parts), steps


def encoding_of(data: bytes) -> str:
    """Return ``utf-16-le`` or ``utf-16-be`` when the whole content is such a text, else an empty string."""
    if data.startswith(BYTE_ORDER_MARKS):
        return "utf-16-le" if data.startswith(BYTE_ORDER_MARKS[0]) else "utf-16-be"
    sample = data[:_SAMPLE]
    half = len(sample) // 2
    if half < 4:
        return ""
    even, odd = sample[::2].count(0) / half, sample[1::2].count(0) / half
    if odd >= _MANY and even <= _FEW:
        return "utf-16-le"
    return "utf-16-be" if even >= _MANY and odd <= _FEW else ""


def whole(data: bytes, encoding: str) -> tuple[bytes, WideMap]:
    """Return the whole content as UTF-8, and the way back; what is not valid becomes U+FFFD."""
    text = data.decode(encoding, "replace").encode("utf-8", "replace")
    return text, WideMap(text)


class WideMap:
    """Offsets in UTF-8 text -> offsets in the UTF-16 it came from; counted block by block when first asked."""

    __slots__ = ("_text", "_units")

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._units: list[int] = []

    def __call__(self, start: int, end: int) -> Span:
        """Return the range in the UTF-16 content."""
        return Span(self._offset(start), self._offset(end))

    def _offset(self, position: int) -> int:
        if not self._units:
            blocks = range(0, len(self._text), _BLOCK)
            self._units = [0, *accumulate(_units(self._text[at : at + _BLOCK]) for at in blocks)]
        index = min(position, len(self._text)) // _BLOCK
        return 2 * (self._units[index] + _units(self._text[index * _BLOCK : position]))


def _units(part: bytes) -> int:
    """Count the UTF-16 units of UTF-8 text, each with its character's first byte; four-byte characters have two."""
    return len(part.translate(None, _CONTINUATION)) + len(part.translate(None, _SHORTER))
