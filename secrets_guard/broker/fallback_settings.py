"""``fallback:`` of a manifest -> where last good values are kept, under which key, and for how long."""

from __future__ import annotations

from typing import NamedTuple

from secrets_guard.broker.duration import HOUR, read_seconds
from secrets_guard.broker.settings import texts
from secrets_guard.errors import ManifestError

KEYS = ("folder", "key_file", "keyring", "ttl")
_DEFAULT_TTL = "24h"
_LONGEST_TTL = 30 * 24 * HOUR


class FallbackSettings(NamedTuple):
    """Either ``key_file`` or ``keyring`` (the name of a service there); ``ttl`` in seconds."""

    folder: str
    key_file: str = ""
    keyring: str = ""
    ttl: float = 0.0


def read_fallback(given: object) -> FallbackSettings | None:
    """Return the settings, or None where there are none. Raises ManifestError."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise ManifestError("fallback: must be a mapping with folder and key_file")
    own = texts(given, KEYS, "fallback")
    if not own.get("folder"):
        raise ManifestError("fallback: needs a folder")
    if bool(own.get("key_file")) == bool(own.get("keyring")):
        raise ManifestError("fallback: needs either key_file or keyring")
    ttl = read_seconds(own.get("ttl") or _DEFAULT_TTL, "fallback.ttl", _LONGEST_TTL)
    return FallbackSettings(own["folder"], own.get("key_file", ""), own.get("keyring", ""), ttl)
