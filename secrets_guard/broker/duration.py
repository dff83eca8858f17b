"""``30s``, ``500ms``, ``2m`` -> seconds."""

from __future__ import annotations

import re

from secrets_guard.errors import ManifestError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
MOST = 3600.0


def read_seconds(given: object, name: str) -> float:
    """Return a duration's seconds, more than 0, at most an hour. Raises ManifestError, which begins with ``name``."""
    found = _DURATION.fullmatch(str(given))
    seconds = float(found.group(1)) * _UNITS[found.group(2)] if found else 0.0
    if not 0 < seconds <= MOST:
        raise ManifestError(f"{name}: {given!r} is no time such as 30s, 500ms or 2m, up to 60m")
    return seconds
