"""Tokens that carry a checksum: a right one is proof of the format, a wrong one means that it never was a token."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

from secrets_guard.model.match import Context, Match, Verdict

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK_LENGTH = 6


def base62(number: int, length: int) -> bytes:
    """Return ``number`` in base 62 (digits, upper case, lower case), zero-padded to ``length``."""
    digits = bytearray()
    while number:
        number, rest = divmod(number, 62)
        digits.append(_BASE62[rest])
    return bytes(digits[::-1]).rjust(length, b"0")


def crc32_base62(token: bytes) -> bool:
    """Tell whether the last six characters are the CRC-32, in base 62, of what stands between prefix and them.

    GitHub (ghp_, gho_, ghu_, ghs_, ghr_) and npm (npm_). Source:
    https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
    """
    body = token.rpartition(b"_")[2]
    return body[-_CHECK_LENGTH:] == base62(crc32(body[:-_CHECK_LENGTH]), _CHECK_LENGTH)


CHECKS: dict[str, Callable[[bytes], bool]] = {
    "github-crc32": crc32_base62,
    "npm-crc32": crc32_base62,
}
"""Checks that a rule may name. A new one is a function here and a name in rules/lint.py."""


def judge(match: Match, _context: Context) -> Verdict | None:
    """Rate by the rule's checksum: right is high confidence, wrong is low (an example, a typo, a made-up token)."""
    check = CHECKS.get(match.rule.checksum)
    if check is None:
        return None
    if check(match.secret.reveal()):
        return Verdict(None, "checksum", "its checksum is right", "high")
    return Verdict(None, "checksum", "its checksum is wrong: not a token that was ever issued", "low")
