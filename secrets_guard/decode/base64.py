"""Base64 of text (RFC 4648: either alphabet, padded or not, wrapped over lines, also spelt-out ones) -> the text."""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from itertools import pairwise

from secrets_guard.decode.segment import Steps
from secrets_guard.model.span import Span
from secrets_guard.shapes import SHAPES

NAME = "base64"
_CLASS = rb"A-Za-z0-9+/_-"


def _pattern(classes: Sequence[bytes]) -> bytes:
    return b"".join(b"[" + members.replace(b"/", rb"\/").replace(b"-", rb"\-") + b"]" for members in classes)


_BEFORE = rb"(?:[^" + _CLASS + rb"]|\\[nrt])"
TRIGGERS = tuple([_BEFORE + _pattern(shape) for shape in SHAPES])
_LENGTHS = tuple([len(shape) for shape in SHAPES])
_RUN = re.compile(rb"[" + _CLASS + rb"]+")
# A line break, or one that is spelt out in a string (of JSON, in JSON): its n is none of base64's.
_BREAK = rb"(?:[ \t]*\r?\n[ \t]*|(?:\\{1,3}r)?\\{1,3}n)"
_NEXT_LINE = re.compile(_BREAK + rb"([" + _CLASS + rb"]+)={0,2}[ \t]*(?=\r?\n|$|[\"'\\])")
_PART = re.compile(rb"\\[nr]|([" + _CLASS + rb"]+)")
_SHORTEST_WRAP = 32
_STANDARD = bytes.maketrans(b"-_", b"+/")


def run(buffer: bytes, end: int, low: int, high: int, trigger: int = 0) -> Span | None:
    """Return the whole run, over wrapped lines too, whose first groups end at ``end``."""
    start = end - _LENGTHS[trigger]
    found = _RUN.match(buffer, start, high)
    if start < low or found is None:
        return None
    width = stop = found.end()
    width -= start
    while width >= _SHORTEST_WRAP:
        line = _NEXT_LINE.match(buffer, stop, high)
        if line is None or len(line.group(1)) > width:
            break
        stop = line.end(1)
        if len(line.group(1)) < width:
            break
    padding = buffer[stop : min(stop + 2, high)]
    return Span(start, stop + len(padding) - len(padding.lstrip(b"=")))


def decode(encoded: bytes) -> tuple[bytes, Steps] | None:
    """Return the bytes and the way back, or None when it is not base64 after all."""
    steps, pieces, out, carried = Steps(len(encoded)), [], 0, list[int]()
    for found in _PART.finditer(encoded):
        if found.lastindex is None:
            continue
        pieces.append(found.group())
        start, end = found.span()
        if carried:
            # A line need not hold whole groups: of four characters each neighbouring two hold a byte.
            while len(carried) < 4 and start < end:
                carried.append(start)
                start += 1
            if len(carried) < 4:
                continue
            for first, second in pairwise(carried):
                steps.run(out, first, 1, second + 1 - first)
                out += 1
        steps.run(out, start, 3, 4)
        groups = (end - start) // 4
        out, carried = out + groups * 3, list(range(start + groups * 4, end))
    if carried and pieces[1:]:
        for first, second in pairwise(carried):
            steps.run(out, first, 1, second + 1 - first)
            out += 1
    compact = b"".join(pieces).translate(_STANDARD)
    if len(compact) % 4 == 1:
        compact = compact[:-1]
    try:
        return binascii.a2b_base64(compact + b"=" * (-len(compact) % 4)), steps
    except binascii.Error:
        return None
