"""An AWS access key -> its kind, and the account that its id holds.

Prefixes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids; the
account: https://medium.com/@TalBeerySec/a-short-note-on-aws-key-id-f88cc4317489 (40 of the 48 bits behind the prefix).
"""

from __future__ import annotations

import re

from secrets_guard.structure import Around, Reading

_KINDS = {b"AKIA": "long-term", b"ASIA": "temporary", b"ABIA": "bearer token", b"ACCA": "context-specific"}
_MASK, _SHIFT = 0x7FFFFFFFFF80, 7
_OLD = b"IJ"
"""The fifth character of ids from before 2019, which hold no account."""
_KEY_ID = re.compile(rb"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b")


def account_of(key_id: bytes) -> str:
    """Return the account's 12 digits; empty where the id holds none."""
    from base64 import b32decode

    if len(key_id) != 20 or key_id[4] in _OLD:
        return ""
    try:
        packed = int.from_bytes(b32decode(key_id[4:])[:6], "big")
    except ValueError:
        return ""
    account = (packed & _MASK) >> _SHIFT
    return f"{account:012}" if 0 < account < 10**12 else ""


def read_key_id(value: bytes, _around: Around) -> Reading:
    """Read a key id."""
    return Reading((("kind", _KINDS.get(value[:4], "")), ("account", account_of(value))))


def read_secret(_value: bytes, around: Around) -> Reading:
    """Read the key id nearest to a secret key in the text around it; the secret itself tells nothing."""
    near = key_ids(around)
    return read_key_id(near[0], around) if near else Reading()


def key_ids(around: Around) -> list[bytes]:
    """Return the key ids in the text around a value, each once, the nearest first."""
    found = sorted(_KEY_ID.finditer(around.text), key=lambda one: abs(one.start() - around.at))
    return list(dict.fromkeys(one.group(1) for one in found))
