"""A text such as ``30s`` -> seconds."""

from __future__ import annotations

import re

from secrets_guard.errors import ManifestError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def read_duration(key: str, given: object, most: float, *, zero: bool = False) -> float:
    """Return a duration's seconds, up to ``most``; ``zero``: it may be none. Raises ManifestError, naming the key."""
    found = _DURATION.fullmatch("0s" if given == 0 and zero else str(given))
    seconds = float(found.group(1)) * _UNITS[found.group(2)] if found else -1.0
    if not 0 <= seconds <= most or (not seconds and not zero):
        longest = f"{most / 3600:g}h" if most > 3600 else f"{most / 60:g}m"
        raise ManifestError(f"{key}: {given!r} is no time such as 30s, 500ms or 2m, up to {longest}")
    return seconds
