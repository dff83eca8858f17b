"""Findings without an origin -> findings with one: where each secret comes from, and where else it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from secrets_guard.model.finding import Finding, Occurrence
from secrets_guard.model.origin import CommitOrigin, FileOrigin, MessageOrigin
from secrets_guard.model.protocols import HistorySource, Source
from secrets_guard.model.result import count
from secrets_guard.tally import Clerk, Evidence, Tally

if TYPE_CHECKING:
    from secrets_guard.model.protocols import Standing

MAX_OCCURRENCES = 10
"""Other places of the same secret that a finding lists; all are counted."""


def resolve(tally: Tally, source: Source, clerk: Clerk) -> list[Finding]:
    """Return the findings in report order, each with its origin and the other places of its secret.

    In a history a secret is one finding for each path it stood in, at the commit that brought it there.
    """
    if hasattr(source, "standings"):
        findings = _in_history(tally, cast("HistorySource", source), clerk)
    else:
        findings = _in_places(tally, source)
    findings.sort(key=lambda finding: finding.sort_key)
    return _with_occurrences(findings)


def _in_places(tally: Tally, source: Source) -> list[Finding]:
    origins = source.origins({one.finding.blob_id for one in tally.found})
    return [
        one.finding._replace(origin=origin, location=one.finding.location._replace(path=origin.path))
        for one in tally.found
        for origin in origins.get(one.finding.blob_id, [FileOrigin(one.finding.location.path)])
    ]


def _in_history(tally: Tally, source: HistorySource, clerk: Clerk) -> list[Finding]:
    by_secret: dict[str, dict[str, list[Evidence]]] = {}
    for one in tally.found:
        by_secret.setdefault(one.finding.fingerprint, {}).setdefault(one.finding.blob_id, []).append(one)
    standings = source.standings({key: frozenset(blobs) for key, blobs in by_secret.items()})
    findings = []
    for key, blobs in by_secret.items():
        for standing in standings.get(key, ()):
            evidence = min(blobs[standing.blob_id], key=lambda one: one.finding.location.start_line)
            finding = _stood(evidence, standing, tally, clerk)
            if finding is not None:
                findings.append(finding)
    return findings


def _stood(evidence: Evidence, standing: Standing, tally: Tally, clerk: Clerk) -> Finding | None:
    """Return the finding for one standing; None when the path or commit, known only now, is allowed."""
    finding, origin = evidence.finding, standing.origin
    commit = origin.commit if isinstance(origin, CommitOrigin | MessageOrigin) else ""
    allowed = clerk.suppress.again(
        finding.rule_id,
        origin.path,
        finding.location.start_line,
        evidence.secret,
        evidence.line,
        finding.fingerprint,
        commit,
    )
    if allowed is not None:
        count(tally.stats.suppressed, allowed.kind)
        return None
    location = finding.location._replace(path=origin.path)
    return finding._replace(origin=origin, location=location, exposure=standing.exposure)


def _with_occurrences(findings: Iterable[Finding]) -> list[Finding]:
    findings = list(findings)
    places: dict[str, list[Occurrence]] = {}
    for finding in findings:
        places.setdefault(finding.fingerprint, []).append(_occurrence(finding))
    return [_beside(finding, places[finding.fingerprint]) for finding in findings]


def _beside(finding: Finding, places: list[Occurrence]) -> Finding:
    if len(places) == 1:
        return finding
    own = _occurrence(finding)
    others = [place for place in places[: MAX_OCCURRENCES + 1] if place != own][:MAX_OCCURRENCES]
    return finding._replace(occurrences=tuple(others), occurrences_total=len(places) - 1)


def _occurrence(finding: Finding) -> Occurrence:
    where = finding.location
    return Occurrence(where.path, where.start_line, where.start_column, finding.origin)
