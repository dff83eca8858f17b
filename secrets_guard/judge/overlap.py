"""Matches that share a secret: the most specific rule wins, and what it refused no vaguer rule brings back."""

from __future__ import annotations

from collections.abc import Iterator

from secrets_guard.judge import confidence
from secrets_guard.model.match import Match, Verdict
from secrets_guard.model.rule import CONFIDENCES, KINDS
from secrets_guard.model.span import Span

Judged = tuple[Match, "Verdict | None"]
"""A match, and the verdict that dropped it (None: it stands so far)."""


def rank(match: Match) -> tuple[int, bool, bool, int, int, int, str]:
    """Return how specific a match is; the most specific sorts first."""
    return (
        KINDS.index(match.rule.kind),
        confidence.is_generic(match.rule),
        # A rule that asks for a vendor's name beside the token knows more than one that goes by the token alone.
        match.span.length == match.secret_span.length,
        -CONFIDENCES.index(match.rule.confidence),
        len(match.decoded),
        -match.secret_span.length,
        match.rule.id,
    )


def resolve(judged: list[Judged]) -> list[Judged]:
    """Return the matches of one blob with a verdict on each that another one explains.

    A vendor rule's refusal (a documentation key) also speaks for the vaguer rules that match the same characters.
    """
    settled: list[Judged] = []
    for cluster in _clusters(judged):
        winners: list[Judged] = []
        for match, verdict in sorted(cluster, key=lambda one: rank(one[0])):
            own = verdict or _explained(match, winners)
            settled.append((match, own))
            # A structure's refusal says what the value is not; a vaguer rule may still know what it is.
            refused = verdict is not None and verdict.by != "structure" and match.rule.kind in ("token", "private-key")
            if verdict is None or refused:
                winners.append((match, own))
    return settled


def _explained(match: Match, winners: list[Judged]) -> Verdict | None:
    for winner, verdict in winners:
        if not _extent(winner).overlaps(match.secret_span):
            continue
        if verdict is None:
            return Verdict(False, "overlap", f"{winner.rule.id} says it more exactly")
        if verdict.by != "overlap" and winner.rule.kind != match.rule.kind:
            return verdict
    return None


def _clusters(judged: list[Judged]) -> Iterator[list[Judged]]:
    """Yield groups of matches whose extents touch, so that the work is by group and not by pairs of the whole blob."""
    cluster: list[Judged] = []
    reach = -1
    for one in sorted(judged, key=lambda one: _extent(one[0])):
        extent = _extent(one[0])
        if cluster and extent.start >= reach:
            yield cluster
            cluster = []
        cluster.append(one)
        reach = max(reach, extent.end)
    if cluster:
        yield cluster


def _extent(match: Match) -> Span:
    return match.span if match.rule.kind == "private-key" else match.secret_span
