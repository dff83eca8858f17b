"""A GitLab token -> where it routes to, and whether its checksum is right.

Format: https://gitlab.com/gitlab-org/gitlab/-/blob/master/lib/authn/token_field/generator/routable_token.rb
"""

from __future__ import annotations

from zlib import crc32

from secrets_guard.structure import NEVER_ISSUED, RIGHT, Around, Reading
from secrets_guard.structure.base64 import decoded

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_CRC, _RANDOM = 7, 16
_KEYS = {"c": "cell", "o": "organization", "g": "group", "p": "project", "u": "user", "t": "token type"}


def base36(number: int, length: int) -> str:
    """Return ``number`` in base 36 (digits, lower case), zero-padded to ``length``."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits.rjust(length, "0")


def read(value: bytes, _around: Around) -> Reading:
    """Read a routable token; one of before, of 20 random characters, tells nothing."""
    if b"." not in value:
        return Reading()
    body, crc = value[:-_CRC], value[-_CRC:]
    if crc != base36(crc32(body), _CRC).encode():
        return Reading(doubt=NEVER_ISSUED)
    payload, *_, length = body.split(b".")
    return Reading(_routing(decoded(payload[-int(length, 36) :]) or b""), proof=RIGHT)


def _routing(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return what stands behind the random bytes: ``key:number`` a line, numbers in base 36; the last byte counts."""
    told = []
    for line in data[_RANDOM:-1].decode("ascii", "replace").splitlines():
        key, _, number = line.partition(":")
        if key in _KEYS and number.isalnum() and number.isascii():
            told.append((_KEYS[key], str(int(number, 36))))
    return tuple(told)
