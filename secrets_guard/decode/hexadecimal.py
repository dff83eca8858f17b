"""Hexadecimal text of 16 bytes or more -> the ASCII text it stands for."""

from __future__ import annotations

import re

from secrets_guard.decode.segment import Steps
from secrets_guard.model.span import Span

NAME = "hex"
# Sixteen printable ASCII bytes: random digits pass this by chance once in four million runs.
TRIGGERS = (rb"[^0-9a-fA-F](?:[2-7][0-9a-fA-F]){16}",)
_LENGTH = 32
_DIGITS = re.compile(rb"[0-9a-fA-F]+")


def run(buffer: bytes, end: int, low: int, high: int) -> Span | None:
    """Return the digits that begin 32 before ``end``."""
    start = end - _LENGTH
    found = _DIGITS.match(buffer, start, high)
    if start < low or found is None:
        return None
    return Span(start, found.end() - (found.end() - start) % 2)


def decode(encoded: bytes) -> tuple[bytes, Steps] | None:
    """Return the bytes and the way back, or None."""
    steps = Steps(len(encoded))
    steps.run(0, 0, 1, 2)
    return bytes.fromhex(encoded.decode("ascii")), steps
