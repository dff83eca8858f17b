"""Matches -> matches worth reporting. A judge drops, rates, or has no opinion; the order below is the whole policy."""

from __future__ import annotations

from secrets_guard.judge import (
    checksum,
    confidence,
    entropy,
    identifier,
    literal,
    name,
    placeholder,
    rule_allow,
    structure,
    surroundings,
)
from secrets_guard.model.match import Context, Judge, Match, Verdict
from secrets_guard.model.rule import CONFIDENCES

JUDGES: tuple[Judge, ...] = (
    literal.unquoted,
    rule_allow.judge,
    entropy.judge,
    placeholder.judge,
    checksum.judge,
    identifier.judge,
    name.judge,
    literal.judge,
    surroundings.judge,
    confidence.judge,
    structure.judge,
)
"""Cheapest and surest first. The first that drops ends it; ratings add up."""
_OWN: tuple[Judge, ...] = (rule_allow.judge, entropy.judge, checksum.judge)
"""Those that go by the rule alone. Of a rule that does not stand alone nothing else is asked: a user is called root."""


def judge(match: Match, context: Context) -> tuple[Match, Verdict | None]:
    """Return the match with its rated confidence and reasons, and the verdict that drops it (None: it stands).

    Several doubts make ``low``; a proof (a checksum) is not outweighed by where the secret stands.
    """
    for opinion in JUDGES if match.rule.alone else _OWN:
        verdict = opinion(match, context)
        if verdict is None:
            continue
        if verdict.keep is False:
            return match, verdict
        match = match._replace(
            confidence=_rated(match.confidence, verdict.confidence),
            reasons=(*match.reasons, verdict.reason) if verdict.reason else match.reasons,
            details=(*match.details, *verdict.details),
        )
    return match, None


def _rated(before: str, wanted: str) -> str:
    if wanted == "high":
        return "high"
    return min(before, wanted or before, key=CONFIDENCES.index)
