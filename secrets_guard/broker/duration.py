"""``30s``, ``500ms``, ``2m``, ``1h`` -> seconds."""

from __future__ import annotations

import re

from secrets_guard.errors import ManifestError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
HOUR = 3600.0


def read_seconds(given: object, name: str, most: float = HOUR, *, zero: bool = False) -> float:
    """Return a duration's seconds, at most ``most`` and more than 0 unless ``zero``.

    Raises ManifestError, which begins with ``name``.
    """
    found = _DURATION.fullmatch(str(given))
    seconds = float(found.group(1)) * _UNITS[found.group(2)] if found else -1.0
    if not 0 <= seconds <= most or (seconds == 0 and not zero):
        longest = f"{most / 3600:g}h" if most > HOUR else f"{most / 60:g}m"
        raise ManifestError(f"{name}: {given!r} is no time such as 30s, 500ms or 2m, up to {longest}")
    return seconds
