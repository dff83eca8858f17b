"""Percent-encoded text (RFC 3986, section 2.1) -> plain text."""

from __future__ import annotations

import re

from secrets_guard.decode.segment import Steps
from secrets_guard.decode.substitution import substitute
from secrets_guard.lazily import Pattern
from secrets_guard.model.span import Span

NAME = "percent"
TRIGGERS = (rb"%[2-7][0-9A-Fa-f]",)
_ESCAPE = Pattern(rb"%([0-9A-Fa-f]{2})")
_BORDER = (b" ", b"\n", b'"', b"'", b"<", b">", b"\t", b"\r")
_WORD = re.compile(rb"[^ \n\"'<>\t\r]*")
BACK, AHEAD = 2048, 16_384
"""How far from an escape its text may reach, in bytes: pieces of a long text overlap by what lies behind."""


def run(buffer: bytes, end: int, low: int, high: int) -> Span | None:
    """Return the word around the escape that ends at ``end``, cut at the limits."""
    return word_around(buffer, end - 3, end, (max(low, end - BACK), min(high, end + AHEAD)))


def word_around(buffer: bytes, start: int, end: int, limits: tuple[int, int]) -> Span:
    """Widen a range to the white space, quotes or angle brackets around it, within ``limits``."""
    left = limits[0]
    for char in _BORDER:
        left = max(left, buffer.rfind(char, left, start) + 1)
    found = _WORD.match(buffer, end, limits[1])
    return Span(left, found.end() if found else end)


def decode(encoded: bytes) -> tuple[bytes, Steps] | None:
    """Return the plain text and the way back, or None."""
    return substitute(encoded, _ESCAPE, lambda found: bytes((int(found.group(1), 16),)))
