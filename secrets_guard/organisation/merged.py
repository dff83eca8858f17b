"""The reports of many repositories -> one: what is a repository's lies under its name, each finding once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from secrets_guard.model.finding import Finding, Occurrence
from secrets_guard.model.origin import GitOrigin, Origin
from secrets_guard.model.result import Covered, Problem, ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.origins import in_order

UNUSED = "unused "
"""How a note begins that says that a suppression was not needed: by all repositories, that is."""


def under(name: str, result: ScanResult, folder: str) -> ScanResult:
    """Return the report of a repository as a part of a larger one: paths begin with its ``name``.

    ``folder`` is where git read it, which is nobody's business.
    """
    return result._replace(
        findings=tuple(_under(name, finding) for finding in result.findings),
        problems=tuple(
            problem._replace(where=name if problem.where in (name, folder) else f"{name}/{problem.where}")
            for problem in result.problems
        ),
        explanations=tuple(one._replace(path=f"{name}/{one.path}") for one in result.explanations),
    )


def merge(
    results: Sequence[ScanResult], tool: ToolInfo, scan: ScanInfo, problems: Iterable[Problem] = ()
) -> ScanResult:
    """Return one report of all; ``problems`` are those of no repository.

    A finding is one secret in one path of one repository; whoever else has the secret is among its occurrences.
    """
    stats = Stats()
    for result in results:
        stats.add(result.stats)
    every = sorted([*problems, *(problem for result in results for problem in result.problems)], key=_order)
    rules = {rule[0]: rule for result in results for rule in result.rules}
    return ScanResult(
        tool=tool,
        scan=scan._replace(complete=not every),
        findings=tuple(in_order([finding for result in results for finding in result.findings])),
        problems=tuple(every),
        stats=stats,
        explanations=tuple(one for result in results for one in result.explanations),
        notes=tuple(_notes(results)),
        rules=tuple(rules[rule_id] for rule_id in sorted(rules)),
        repositories=tuple(sorted(_covered(result) for result in results)),
    )


def _under(name: str, finding: Finding) -> Finding:
    return finding._replace(
        location=finding.location._replace(path=f"{name}/{finding.location.path}"),
        origin=_origin(name, finding.origin),
        # merge() lists them anew, among those of all.
        occurrences=tuple(_occurrence(name, one) for one in finding.occurrences),
    )


def _occurrence(name: str, occurrence: Occurrence) -> Occurrence:
    return occurrence._replace(path=f"{name}/{occurrence.path}", origin=_origin(name, occurrence.origin))


def _origin(name: str, origin: Origin) -> Origin:
    return origin._replace(path=f"{name}/{origin.path}", repository=name) if isinstance(origin, GitOrigin) else origin


def _notes(results: Sequence[ScanResult]) -> Iterable[str]:
    """Yield every note once; that something is unused only where all say so."""
    counted: dict[str, int] = {}
    for result in results:
        for note in dict.fromkeys(result.notes):
            counted[note] = counted.get(note, 0) + 1
    return [note for note, times in counted.items() if times == len(results) or not note.startswith(UNUSED)]


def _covered(result: ScanResult) -> Covered:
    scan, stats = result.scan, result.stats
    return Covered(
        scan.target, scan.complete, scan.duration_s, len(result.findings), len(result.problems), stats.blobs,
        stats.bytes, stats.skipped.get("cached", 0), stats.reader,
    )  # fmt: skip


def _order(problem: Problem) -> tuple[str, str, str]:
    return problem.where, problem.kind, problem.message
