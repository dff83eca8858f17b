"""A line and the one above it -> the comment that allows the secret in it: ours, and those of other tools."""

from __future__ import annotations

import re

from secrets_guard.lazily import Pattern

_MARKER = Pattern(
    rb"(?P<ours>secrets-guard:[ \t]*allow(?![\w-]))(?P<rest>[^\r\n]*)"
    rb"|(?:gitleaks|betterleaks):allow(?!\w)"
    rb"|(?:trufflehog|kingfisher):ignore(?!\w)"
    rb"|pragma:[ \t]*(?:allow|white)list[ -]secret(?!\w)",
    re.IGNORECASE,
)
_NEXT_LINE = Pattern(rb"pragma:[ \t]*(?:allow|white)list[ -]nextline[ -]secret(?!\w)", re.IGNORECASE)
_RULE = Pattern(rb"(?<![\w-])rule=([\w,.-]+)", re.IGNORECASE)


def inline_allow(line: bytes, previous_line: bytes, rule_id: str) -> str | None:
    """Return the marker (lower case) that allows a secret of ``rule_id`` on ``line``, or None.

    ``secrets-guard: allow rule=ID`` allows that rule only (or several, joined by commas); the rest is a reason.
    Other tools' markers: ``gitleaks:allow``, ``betterleaks:allow``, ``trufflehog:ignore``, ``kingfisher:ignore``,
    ``pragma: allowlist secret``, and on the line before ``pragma: allowlist nextline secret`` (detect-secrets).
    """
    for found in _MARKER.finditer(line):
        if found["ours"] is None or _names(found["rest"], rule_id):
            return _text(found["ours"] or found[0])
    above = _NEXT_LINE.search(previous_line) if previous_line else None
    return _text(above[0]) if above else None


def _names(rest: bytes, rule_id: str) -> bool:
    named = [one for found in _RULE.findall(rest) for one in found.lower().split(b",")]
    return not named or rule_id.lower().encode() in (one.rstrip(b".") for one in named)


def _text(marker: bytes) -> str:
    return marker.decode("ascii", "replace").lower()
