"""Secrets that can be checked by themselves: a right checksum is proof of the format, a wrong one a doubt."""

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


def _crc32(token: bytes) -> Verdict:
    if crc32_base62(token):
        return Verdict(None, "checksum", "its checksum is right", "high")
    return Verdict(None, "checksum", "its checksum is wrong: not a token that was ever issued", "low")


def _open_keystore(data: bytes) -> Verdict:
    from secrets_guard.judge.keystore import look_into

    found = look_into(data)
    if found.private and found.open:
        return Verdict(None, "checksum", "it opens with no password, or with one that everybody knows", "high")
    return Verdict(False, "checksum", "no key in it that is open to anybody")


def _locked_keystore(data: bytes) -> Verdict | None:
    from secrets_guard.judge.keystore import look_into

    found = look_into(data)
    return None if found.private and not found.open else Verdict(False, "checksum", "no locked key in it")


CHECKS: dict[str, Callable[[bytes], Verdict | None]] = {
    "github-crc32": _crc32,
    "npm-crc32": _crc32,
    "keystore-open": _open_keystore,
    "keystore-locked": _locked_keystore,
}
"""Checks that a rule may name. A new one is a function here and a name in rules/lint.py."""


def judge(match: Match, _context: Context) -> Verdict | None:
    """Rate by the rule's check: right is high confidence, wrong is low (an example, a typo, a made-up token)."""
    check = CHECKS.get(match.rule.checksum)
    return check(match.secret.reveal()) if check else None
