"""Text with escapes in it -> the text they stand for; shared by percent and unicode escapes."""

from __future__ import annotations

import re
from collections.abc import Callable

from secrets_guard.decode.segment import Steps
from secrets_guard.lazily import Pattern


def substitute(
    encoded: bytes, escape: Pattern[bytes], to_bytes: Callable[[re.Match[bytes]], bytes]
) -> tuple[bytes, Steps] | None:
    """Return ``encoded`` with each escape replaced, and the way back; None when there is no escape in it."""
    steps, pieces, out, last = Steps(len(encoded)), [], 0, 0
    unit = (0, 0)
    for found in escape.finditer(encoded):
        start, end = found.span()
        if start > last:
            steps.run(out, last)
            pieces.append(encoded[last:start])
            out += start - last
            unit = (0, 0)
        made = to_bytes(found)
        if unit != (len(made), end - start):
            unit = (len(made), end - start)
            steps.run(out, start, max(len(made), 1), end - start)
        pieces.append(made)
        out, last = out + len(made), end
    if not last:
        return None
    steps.run(out, last)
    pieces.append(encoded[last:])
    return b"".join(pieces), steps
