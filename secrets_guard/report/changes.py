"""A comparison of two reports -> lines for a terminal: what is new in full, then what is gone and what still stands."""

from __future__ import annotations

from collections.abc import Iterator

from secrets_guard.model.finding import GONE, NEW, UNCHANGED
from secrets_guard.model.result import ScanResult
from secrets_guard.report.facts import counts, standing
from secrets_guard.report.layout import Line, Piece, closing, head, listed
from secrets_guard.report.text import number_of

_STYLES = {NEW: "bold red", GONE: "bold green", UNCHANGED: "bold"}


def change_lines(result: ScanResult, width: int, *, quiet: bool = False) -> Iterator[Line]:
    """Yield a list for each change, then the counts and what stands below any report.

    ``quiet`` leaves the new findings, the problems and the counts.
    """
    for change in (NEW,) if quiet else (NEW, GONE, UNCHANGED):
        findings = [finding for finding in result.findings if finding.change == change]
        if not findings:
            continue
        yield (Piece(f"{change} ({number_of(len(findings), 'finding')}):", _STYLES[change]),)
        if change == NEW:
            yield from listed(findings, width)
        else:
            yield from ((Piece("  "), *head(finding)) for finding in findings)
        yield ()
    yield summary(result)
    yield from closing(standing(result), quiet=quiet)


def summary(result: ScanResult) -> Line:
    """Return how many findings are new, gone and unchanged, beside which older sweep."""
    told = ", ".join(f"{number:,} {change}" for change, number in counts(result).items())
    old = result.before
    beside = f" since the {old.kind} sweep of {old.target}, {old.started}" if old else ""
    return (Piece(told, "bold"), Piece(beside))
