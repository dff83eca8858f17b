"""A PyPI token -> where it is for, what it may, until when.

Format: https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt (version 2); PyPI's caveats:
https://github.com/pypi/warehouse/blob/main/warehouse/macaroons/caveats/__init__.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from secrets_guard.structure import Around, Reading
from secrets_guard.structure.base64 import decoded, told
from secrets_guard.structure.instant import instant

_EOS, _LOCATION, _IDENTIFIER, _SIGNATURE = 0, 1, 2, 6
_VERSION, _SIGNATURE_BYTES = 2, 32
_BROKEN = "it is no macaroon: not a token that was ever issued"


class Macaroon(NamedTuple):
    """Location, and the caveats' texts."""

    location: str
    caveats: tuple[bytes, ...]


def read_pypi(value: bytes, _around: Around) -> Reading:
    """Read location and caveats; the identifier is left out, it names the token in PyPI's database."""
    try:
        macaroon = parse(decoded(value.partition(b"-")[2]) or b"")
    except (IndexError, ValueError):
        return Reading(doubt=_BROKEN)
    details = [("location", macaroon.location)]
    for caveat in macaroon.caveats:
        details += _restriction(caveat)
    if len(details) == 1:
        details.append(("scope", "everything that its user may"))
    return Reading(tuple(details))


def parse(data: bytes) -> Macaroon:
    """Return the macaroon (binary, version 2). Raises ValueError or IndexError for what is none."""
    if data[0] != _VERSION:
        raise ValueError("not version 2")
    head, at = _section(data, 1)
    caveats = []
    while data[at] != _EOS:
        caveat, at = _section(data, at)
        caveats.append(caveat.get(_IDENTIFIER, b""))
    tag, length = data[at + 1], data[at + 2]
    if tag != _SIGNATURE or length != _SIGNATURE_BYTES or len(data) != at + 3 + length:
        raise ValueError("no signature of 32 bytes at its end")
    return Macaroon(head[_LOCATION].decode("ascii") if _LOCATION in head else "", tuple(caveats))


def _section(data: bytes, at: int) -> tuple[dict[int, bytes], int]:
    """Return the fields up to the next end of a section, and the offset behind it."""
    fields: dict[int, bytes] = {}
    while data[at] != _EOS:
        tag = data[at]
        length, at = _number(data, at + 1)
        if tag in fields or at + length > len(data):
            raise ValueError("a field twice, or longer than what holds it")
        fields[tag], at = data[at : at + length], at + length
    return fields, at + 1


def _number(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at
        if shift > 28:
            raise ValueError("a length out of range")


def _restriction(caveat: bytes) -> list[tuple[str, str]]:
    import json

    try:
        made: Any = json.loads(caveat)
    except (ValueError, RecursionError):
        return []
    if isinstance(made, dict):  # the first format: {"version": 1, "permissions": "user" or {"projects": […]}}
        allowed = made.get("permissions")
        names = told(allowed.get("projects")) if isinstance(allowed, dict) else told(allowed)
        return [("projects" if isinstance(allowed, dict) else "scope", names)]
    if isinstance(made, list) and made and made[0] == 0 and len(made) == 3:
        return [("not before", instant(made[2])), ("expires", instant(made[1]))]
    if isinstance(made, list) and made and made[0] in (1, 2) and len(made) == 2:
        return [("projects" if made[0] == 1 else "project ids", told(made[1]))]
    return []
