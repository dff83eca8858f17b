"""Findings without an origin -> findings with one: where each secret comes from, and where else it is."""

from __future__ import annotations

from collections.abc import Iterable

from secrets_guard.model.finding import Finding, Occurrence
from secrets_guard.model.origin import FileOrigin, ImageConfigOrigin, LayerOrigin
from secrets_guard.model.protocols import Source, is_adding
from secrets_guard.tally import Evidence, Tally

MAX_OCCURRENCES = 10
"""Other places of the same secret that a finding lists; all are counted."""


def resolve(tally: Tally, source: Source) -> list[Finding]:
    """Return the findings in report order, each with its origin and the other places of its secret."""
    findings = _in_places(tally, source)
    return in_order(source.only_new(findings) if is_adding(source) else findings)


def in_order(findings: list[Finding]) -> list[Finding]:
    """Return the findings in report order, each with the other places of its secret."""
    return _without_copies(_with_occurrences(sorted(findings, key=_order)))


def _order(finding: Finding) -> tuple[tuple[str, int, int, str], str, int]:
    origin = finding.origin
    return finding.sort_key, *((origin.image, origin.layer_index) if isinstance(origin, LayerOrigin) else ("", 0))


def _without_copies(findings: list[Finding]) -> list[Finding]:
    """Leave out what follows from another finding in the same image; it stays among that one's occurrences.

    A layer that changes an owner or a mode has a copy of the file, the same at that place: the lowest layer with it is
    the finding. A setting stands in the config and once more in the history line that made it: the setting is.
    """
    seen: set[tuple[object, ...]] = set()
    kept = []
    for finding in findings:
        origin = finding.origin
        if isinstance(origin, LayerOrigin | ImageConfigOrigin):
            where = finding.location if isinstance(origin, LayerOrigin) else "config"
            place = (origin.image, where, finding.rule_id, finding.fingerprint)
            if place in seen:
                continue
            seen.add(place)
        kept.append(finding)
    return kept


def _in_places(tally: Tally, source: Source) -> list[Finding]:
    origins = source.origins({one.finding.blob_id for one in tally.found})
    return [
        one.finding._replace(origin=origin, location=one.finding.location._replace(path=origin.path + one.inside))
        for one in tally.found
        for origin in origins.get(one.finding.blob_id) or [FileOrigin(_outermost(one))]
    ]


def _outermost(one: Evidence) -> str:
    return one.finding.location.path.removesuffix(one.inside)


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
