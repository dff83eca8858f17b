"""ScanResult -> its findings as CSV (RFC 4180), safe to open in a spreadsheet."""

from __future__ import annotations

from typing import IO

from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import origin_fields
from secrets_guard.model.result import ScanResult
from secrets_guard.report.text import fitting, printable

COLUMNS = (
    "path",
    "start_line",
    "start_column",
    "end_line",
    "end_column",
    "severity",
    "confidence",
    "rule_id",
    "title",
    "secret",
    "context",
    "entropy",
    "decoded",
    "reasons",
    "origin_kind",
    "origin",
    "occurrences_total",
    "fingerprint",
    "parts",
)
"""The header; a comparison of two reports has ``change`` as one more."""

# Spreadsheets take a cell that begins so, also in full width, for a formula:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write the header and a row for each finding; a cell that could be a formula gets a leading apostrophe."""
    import csv

    encoding = getattr(stream, "encoding", None)
    rows = csv.writer(stream, lineterminator="\n")
    compared = result.before is not None
    rows.writerow((*COLUMNS, "change") if compared else COLUMNS)
    for finding in result.findings:
        values = (*_values(finding), finding.change) if compared else _values(finding)
        rows.writerow([fitting(_cell(value), encoding) for value in values])


def _values(finding: Finding) -> tuple[str | int | float, ...]:
    place = finding.location
    origin = origin_fields(finding.origin)
    kind = str(origin.pop("kind"))
    return (
        place.path,
        place.start_line,
        place.start_column,
        place.end_line,
        place.end_column,
        finding.severity,
        finding.confidence,
        finding.rule_id,
        finding.title,
        finding.secret,
        finding.context.strip(),
        finding.entropy,
        " ".join(finding.decoded),
        "; ".join(finding.reasons),
        kind,
        "; ".join(f"{name}={value}" for name, value in origin.items() if value not in ("", None)),
        finding.occurrences_total,
        finding.fingerprint,
        "; ".join(f"{part.rule_id}:{part.start_line}:{part.start_column} {part.secret}" for part in finding.parts),
    )


def _cell(value: str | float) -> str:
    if not isinstance(value, str):
        return str(value)
    text = printable(value)
    return f"'{text}" if text.lstrip()[:1] in _FORMULA else text
