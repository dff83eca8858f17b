"""A value without surprise in it is no secret: Shannon's entropy against the rule's floor."""

from __future__ import annotations

from collections import Counter
from math import log2

from secrets_guard.model.match import Context, Match, Verdict


def shannon(value: bytes) -> float:
    """Return Shannon's entropy of ``value`` in bits per byte (0.0 for an empty one)."""
    total = len(value)
    return -sum(count / total * log2(count / total) for count in Counter(value).values()) if total else 0.0


def judge(match: Match, _context: Context) -> Verdict | None:
    """Drop what stays under the rule's ``min_entropy``."""
    floor = match.rule.min_entropy
    if not floor:
        return None
    found = shannon(match.secret.reveal())
    if found >= floor:
        return None
    return Verdict(False, "entropy", f"{found:.1f} bits per character, the rule asks for {floor:.1f}")
