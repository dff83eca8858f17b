"""Bytes in DER (ASN.1) -> the values in them, one level at a time. ITU-T X.690."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SEQUENCE, OCTETS, NUMBER, OID, EXPLICIT = 0x30, 0x04, 0x02, 0x06, 0xA0
"""Tags."""


class Value(NamedTuple):
    """One value of DER: ``data[start:end]`` is its content."""

    tag: int
    start: int
    end: int


def values(data: bytes, at: int, end: int) -> Iterator[Value]:
    """Yield the values between two offsets. Raises ValueError for one that does not fit, IndexError for a cut one."""
    while at < end:
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            width = length & 0x7F
            if not 0 < width <= 4:
                raise ValueError("no definite length")
            length, at = int.from_bytes(data[at : at + width], "big"), at + width
        if at + length > end:
            raise ValueError("longer than what holds it")
        yield Value(tag, at, at + length)
        at += length


def inside(data: bytes, value: Value | None = None) -> list[Value]:
    """Return the values in a SEQUENCE; in the one that ``data`` is where no ``value`` is given. Raises as values()."""
    outer = value or next(values(data, 0, len(data)))
    if outer.tag != SEQUENCE:
        raise ValueError("no sequence")
    return list(values(data, outer.start, outer.end))


def bits(data: bytes, number: Value) -> int:
    """Return how many bits an INTEGER has. Raises ValueError for another value."""
    if number.tag != NUMBER:
        raise ValueError("no number")
    return int.from_bytes(data[number.start : number.end], "big").bit_length()
