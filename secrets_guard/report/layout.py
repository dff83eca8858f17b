"""ScanResult -> lines for a terminal, each made of pieces of text with a style; human.py prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from secrets_guard.model.finding import DEAD, LIVE, Finding
from secrets_guard.model.origin import (
    CommitOrigin,
    Exposure,
    ImageConfigOrigin,
    LayerOrigin,
    MessageOrigin,
    Origin,
    origin_fields,
)
from secrets_guard.model.result import Explanation, ScanResult
from secrets_guard.model.rule import SEVERITIES
from secrets_guard.report.facts import amounts, why_incomplete
from secrets_guard.report.text import number_of, printable, size_of

_SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_MARGIN = "    "
_SMALLEST_WINDOW = 20


class Piece(NamedTuple):
    """A text in one style (rich's words for it; empty: none)."""

    text: str
    style: str = ""


Line = tuple[Piece, ...]


def lines(result: ScanResult, width: int, *, quiet: bool = False) -> Iterator[Line]:
    """Yield the report; ``width`` (characters) only cuts the lines of code. Texts are not yet escaped.

    ``quiet`` leaves the findings, the problems and, when not all was swept, the word of it.
    """
    yield from listed(result.findings, width)
    if result.findings and not quiet:
        yield ()
    yield from closing(result, quiet=quiet)


def listed(findings: Iterable[Finding], width: int) -> Iterator[Line]:
    """Yield all that is told of each finding, with a gap between files."""
    path = None
    for finding in findings:
        if path is not None and path != finding.location.path:
            yield ()
        path = finding.location.path
        yield from _finding_lines(finding, width)


def closing(result: ScanResult, *, quiet: bool = False) -> Iterator[Line]:
    """Yield what stands below the findings: the verdict, what was covered, problems, notes, explanations."""
    yield from verdict(result, quiet)
    if not quiet:
        yield from coverage(result)
    yield from _problems(result)
    if not quiet:
        yield from ((Piece("note: ", "bold"), Piece(note)) for note in result.notes)
    if result.explanations:
        yield from _explanations(result.explanations)


def head(finding: Finding) -> Line:
    """Return the first line of a finding: where, how grave, what."""
    return next(_finding_lines(finding, 0))


def _finding_lines(finding: Finding, width: int) -> Iterator[Line]:
    place = finding.location
    yield (
        Piece(f"{place.path}:{place.start_line}:{place.start_column}", "bold"),
        Piece("  "),
        Piece(finding.severity, _SEVERITY_STYLES.get(finding.severity, "")),
        Piece(f"  {finding.title} ({finding.rule_id})"),
    )
    yield from _context(finding, width)
    reasons = f" ({'; '.join(finding.reasons)})" if finding.reasons else ""
    yield (Piece(f"{_MARGIN}confidence: {finding.confidence}{reasons}"),)
    for part in finding.parts:
        at = f"line {part.start_line}" if part.start_line != place.start_line else "the same line"
        yield (
            Piece(f"{_MARGIN}with: "),
            Piece(part.secret, "bold red"),
            Piece(f"  {part.title} ({part.rule_id}), {at}"),
        )
    if finding.decoded:
        yield (Piece(f"{_MARGIN}decoded from: {' > '.join(finding.decoded)}"),)
    if finding.verification:
        status, at, message = finding.verification
        style = {LIVE: "bold red", DEAD: "green"}.get(status, "")
        yield (Piece(f"{_MARGIN}verified: "), Piece(status, style), Piece(f" ({message or 'asked'}, {at})"))
    if finding.details:
        yield (Piece(f"{_MARGIN}it tells: {', '.join(f'{name} {fact}' for name, fact in finding.details)}"),)
    for line in _origin(finding.origin):
        yield (Piece(f"{_MARGIN}{line}"),)
    if finding.exposure:
        yield (Piece(f"{_MARGIN}{_exposure(finding.exposure)}"),)
    if finding.occurrences_total:
        yield (Piece(f"{_MARGIN}{_occurrences(finding)}"),)
    yield (Piece(f"{_MARGIN}fingerprint: {finding.fingerprint}", "dim"),)


def _context(finding: Finding, width: int) -> Iterator[Line]:
    # Escaped here already, so that a cut never splits an escape and the width is what will be seen.
    line = printable(finding.context.expandtabs(4).strip())
    secret = printable(finding.secret.expandtabs(4))
    start = line.find(secret) if secret else -1
    if start < 0:
        yield (Piece(f"{_MARGIN}secret: "), Piece(secret, "bold red"))
        if line:
            yield (Piece(_MARGIN + _window(line, 0, 0, width)[0]),)
        return
    line, start, end = _window(line, start, start + len(secret), width)
    yield (Piece(_MARGIN + line[:start]), Piece(line[start:end], "bold red"), Piece(line[end:]))


def _window(line: str, start: int, end: int, width: int) -> tuple[str, int, int]:
    """Cut ``line`` to about ``width`` characters around ``start``..``end``, which are kept whole and moved along."""
    room = max(width - len(_MARGIN), end - start, _SMALLEST_WINDOW)
    if len(line) <= room:
        return line, start, end
    left = max(0, min(start - (room - (end - start)) // 2, len(line) - room))
    before, after = "... " if left else "", " ..." if left + room < len(line) else ""
    moved = left - len(before)
    return before + line[left : left + room] + after, start - moved, end - moved


def _origin(origin: Origin) -> Iterator[str]:
    if isinstance(origin, CommitOrigin | MessageOrigin):
        where = "in the message of commit" if isinstance(origin, MessageOrigin) else "commit"
        commit = f"{origin.commit[:12]} of {origin.repository}" if origin.repository else origin.commit[:12]
        yield f"{where} {commit} by {origin.author} <{origin.email}>, {origin.date[:10]}: {origin.summary}"
        return
    if isinstance(origin, LayerOrigin):
        base = " (the base's)" if origin.base else ""
        by = f": {origin.created_by}" if origin.created_by else ""
        yield f"in layer {origin.layer_index}{base} of {origin.image}{by}"
        if origin.removed_by_layer:
            remover = f" ({origin.removed_by})" if origin.removed_by else ""
            yield f"taken away by a later layer{remover}, but still in the image"
        return
    if isinstance(origin, ImageConfigOrigin):
        yield f"in the config of {origin.image}: {origin.setting}"
        return
    told = origin_fields(origin)
    kind = str(told.pop("kind"))
    fields = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items() if value not in ("", None))
    if fields:
        yield f"in {kind}: {fields}"


def _exposure(exposure: Exposure) -> str:
    end = "still at the tip" if exposure.at_tip else f"until {exposure.last_date[:10]} ({exposure.last_commit[:12]})"
    refs = ", ".join([*exposure.branches, *exposure.tags])
    more = exposure.refs_total - len(exposure.branches) - len(exposure.tags)
    held = f"; in {refs}{f' and {more:,} more' if more > 0 else ''}" if refs else ""
    return f"exposed: since {exposure.first_date[:10]}, {number_of(exposure.days, 'day')}, {end}{held}"


def _occurrences(finding: Finding) -> str:
    places = [f"{other.path}:{other.start_line}:{other.start_column}" for other in finding.occurrences]
    more = finding.occurrences_total - len(places)
    if more > 0:
        places.append(f"{more:,} more" if places else number_of(more, "other place"))
    return f"also in: {', '.join(places)}"


def verdict(result: ScanResult, quiet: bool = False) -> Iterator[Line]:
    """Yield what the sweep came to: found or not, then whether it is incomplete and why."""
    if result.findings:
        if not quiet:
            yield _found(result)
    elif not quiet and not result.problems and result.scan.complete:
        yield (Piece("no secrets found", "bold green"),)
    reason = why_incomplete(result)
    if reason:
        known = "" if result.findings else "; no secrets found in the rest, which says nothing about what is missing"
        yield (Piece("INCOMPLETE", "bold red"), Piece(f": {reason}{known}"))


def _found(result: ScanResult) -> Line:
    files = len({finding.location.path for finding in result.findings})
    pieces = [Piece(f"{number_of(len(result.findings), 'secret')} found in {number_of(files, 'file')}", "bold")]
    separator = ": "
    for severity in reversed(SEVERITIES):
        count = sum(finding.severity == severity for finding in result.findings)
        if count:
            pieces += [Piece(separator), Piece(f"{count:,} {severity}", _SEVERITY_STYLES[severity])]
            separator = ", "
    return tuple(pieces)


def coverage(result: ScanResult) -> Iterator[Line]:
    """Yield what was swept, skipped and suppressed."""
    scan, stats = result.scan, result.stats
    swept = f"{number_of(stats.blobs, 'blob')}, {size_of(stats.bytes)}, in {scan.duration_s:.2f} s"
    decoded = f", {stats.decoded:,} decoded" if stats.decoded else ""
    rules = f"{number_of(result.tool.rules, 'rule')}"
    yield (Piece(f"swept: {swept}{decoded} ({scan.kind}: {scan.target}; {rules})"),)
    if result.repositories:
        broken = sum(not one.complete for one in result.repositories)
        less = f", {broken:,} of them not wholly" if broken else ""
        yield (Piece(f"repositories: {len(result.repositories):,} swept{less}"),)
    told = [("skipped", stats.skipped), ("suppressed", stats.suppressed)]
    if result.explanations:
        told.append(("dropped", stats.dropped))
    for name, counters in told:
        listed = amounts(counters)
        if listed:
            yield (Piece(f"{name}: {listed}"),)


def _problems(result: ScanResult) -> Iterator[Line]:
    if result.problems:
        yield (Piece(f"{number_of(len(result.problems), 'problem')}:", "bold yellow"),)
    for problem in result.problems:
        yield (Piece(f"  {problem.kind}", "yellow"), Piece(f"  {problem.where}: {problem.message}"))


def _explanations(explanations: tuple[Explanation, ...]) -> Iterator[Line]:
    heads = ("outcome", "by", "rule", "place", "secret", "reason")
    rows = [
        tuple(map(printable, (e.outcome, e.by, e.rule_id, f"{e.path}:{e.line}:{e.column}", e.secret, e.reason)))
        for e in explanations
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    yield ()
    for number, row in enumerate((heads, *rows)):
        text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield (Piece(text, "bold" if number == 0 else ""),)
