r"""Escapes of string literals (``\u0041``, ``\x41``, ``\u{41}``) and HTML (``&#x41;``, ``&#65;``) -> UTF-8 text."""

from __future__ import annotations

import re

from secrets_guard.decode.percent import AHEAD, BACK
from secrets_guard.decode.segment import Steps
from secrets_guard.decode.substitution import substitute
from secrets_guard.lazily import Pattern
from secrets_guard.model.span import Span

NAME = "unicode-escape"
TRIGGERS = (rb"\\(?:u00|x|u\{(?:00)?)[2-7][0-9A-Fa-f]", rb"&#(?:x[2-7][0-9A-Fa-f]|[3-9][0-9]|1[0-2][0-9]);")
_ESCAPE = Pattern(
    rb"\\+u([0-9A-Fa-f]{4})|\\+x([0-9A-Fa-f]{2})|\\+u\{([0-9A-Fa-f]{1,6})\}|&#x([0-9A-Fa-f]{1,6});|&#([0-9]{1,7});"
)
_DECIMAL = 5


def run(buffer: bytes, end: int, low: int, high: int) -> Span | None:
    """Return the line around the escape that ends at ``end``, cut at the limits."""
    low, high = max(low, end - BACK), min(high, end + AHEAD)
    start = buffer.rfind(b"\n", low, end) + 1
    stop = buffer.find(b"\n", end, high)
    return Span(max(start, low), high if stop < 0 else stop)


def decode(encoded: bytes) -> tuple[bytes, Steps] | None:
    """Return the plain text and the way back, or None."""
    return substitute(encoded, _ESCAPE, _character)


def _character(found: re.Match[bytes]) -> bytes:
    group = found.lastindex or 1
    number = int(found.group(group), 10 if group == _DECIMAL else 16)
    return chr(number).encode("utf-8", "replace") if number < 0x110000 else found.group()
