"""A URL with a password -> what it leads to: scheme and host."""

from __future__ import annotations

import re

from secrets_guard.structure import Around, Reading

_BEFORE = re.compile(rb"\b([A-Za-z][A-Za-z0-9+.\-]{1,30})://[^\s:@/'\"<>`]{0,80}:\Z")
_AFTER = re.compile(rb"@([\w.\-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?")
_LONGEST_START = 120


def read(value: bytes, around: Around) -> Reading:
    """Read what stands before and behind the password in its URL."""
    text, at = around
    before = _BEFORE.search(text, max(0, at - _LONGEST_START), at)
    after = _AFTER.match(text, at + len(value))
    if not before or not after:
        return Reading()
    host = after.group(1).decode() + (f":{after.group(2).decode()}" if after.group(2) else "")
    return Reading((("service", before.group(1).decode().lower()), ("host", host)))
