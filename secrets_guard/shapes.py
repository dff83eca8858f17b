"""How encoded runs begin: what the extension looks for, and patterns are made of. Small, as hooks read it each time."""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BASE64 = f"{_ALPHABET}-_".encode()
"""Both alphabets of RFC 4648."""


def _chars(keep: list[int]) -> bytes:
    return "".join([_ALPHABET[value] for value in keep]).encode()


# Base64 of ASCII text is recognised without decoding it. The top bit of each of three bytes is 0, which fixes one bit
# of the first three characters of every group of four: random text or a path passes five groups once in 32,768.
_FIRST = _chars([value for value in range(64) if not value & 32])
_SECOND = _chars([value for value in range(64) if not value & 8])
_THIRD = _chars([value for value in range(64) if not value & 2])
_ASCII = (_FIRST, _SECOND, _THIRD, BASE64)
# UTF-16LE of ASCII text (PowerShell's -EncodedCommand) alternates between two shapes of group: b0b and 0b0.
_WIDE = (_FIRST, b"AQgw", b"AB", BASE64, b"A", b"ABCDEFGH", _chars(list(range(0, 64, 4))), b"A")
SHAPES = (_ASCII * 5, _WIDE * 3)
"""How a run of base64 begins that is worth decoding: for each character those that it may be."""
SHORTEST_WIDE = 12
"""Characters of wide text (UTF-16) that are worth decoding."""
