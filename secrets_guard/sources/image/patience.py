"""An answer that says 'later', or none at all -> how long to wait before asking again, if at all."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

TRIES = 5
_LONGEST_SECONDS = 60.0


def pause(attempt: int, first: float, retry_after: str = "") -> float:
    """Return the seconds to wait behind an attempt (from 0): as told, else ``first`` and twice as long each time."""
    told = _told(retry_after)
    return min(_LONGEST_SECONDS, told if told is not None else first * 2.0**attempt)


def _told(retry_after: str) -> float | None:
    """Read a Retry-After header (RFC 9110, section 10.2.3): seconds, or a date."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:6])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
