"""Seconds since 1970, or a date in a token -> the one way in which times are told."""

from __future__ import annotations

from datetime import UTC, datetime

_LATEST = 253402300799
"""The end of the year 9999: what datetime can take."""


def instant(seconds: object) -> str:
    """Return a time as ``2027-01-31T12:00:00Z``; empty for what is no time."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LATEST:
        return ""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def normal(text: str) -> str:
    """Return an ISO date or time in the same form (without a zone it is UTC's); empty for what is none."""
    try:
        told = datetime.fromisoformat(text)
        return instant((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return ""
