"""Base64 as tokens have it, of either alphabet and without padding -> bytes, or the JSON object in them."""

from __future__ import annotations

from typing import Any

_STANDARD = bytes.maketrans(b"-_", b"+/")
_LARGEST = 65_536


def decoded(text: bytes) -> bytes | None:
    """Return what ``text`` stands for; None where it is no base64."""
    from base64 import b64decode

    bare = text.rstrip(b"=").translate(_STANDARD)
    if len(bare) % 4 == 1:
        return None
    try:
        return b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except ValueError:
        return None


def json_object(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object that ``text`` is the base64 of; None where it is none."""
    import json

    plain = decoded(text)
    if plain is None or len(plain) > _LARGEST:
        return None
    try:
        made = json.loads(plain)
    except (ValueError, RecursionError):
        return None
    return made if isinstance(made, dict) else None


def told(value: object) -> str:
    """Return a JSON value that names something (a text, a number, a list of either) as text; empty for others."""
    if isinstance(value, list):
        return " ".join(filter(None, map(told, value[:8])))
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
