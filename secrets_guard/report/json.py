"""ScanResult -> our own JSON report, ``secrets-guard/report/1``; read.py turns it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from secrets_guard.model.finding import Finding, Occurrence
from secrets_guard.model.origin import Exposure, origin_fields
from secrets_guard.model.result import ScanResult, Stats
from secrets_guard.report.facts import counts
from secrets_guard.report.text import tidy

SCHEMA = "secrets-guard/report/1"
"""Name and version of the report's schema."""


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write the report: one JSON object, a finding a line, ASCII only (so any stream can take it)."""
    stream.writelines(laid_out(fields(result), 2))
    stream.write("\n")


def fields(result: ScanResult) -> dict[str, object]:
    """Return the report as JSON values."""
    report: dict[str, object] = {
        "schema": SCHEMA,
        "tool": result.tool._asdict(),
        "scan": result.scan._asdict(),
        "findings": [finding_fields(finding) for finding in result.findings],
        "problems": [problem._asdict() for problem in result.problems],
        "stats": _stats_fields(result.stats),
        "notes": list(result.notes),
        "rules": [
            dict(zip(("id", "title", "severity", "kind", "references"), rule, strict=True)) for rule in result.rules
        ],
    }
    if result.before:
        report["diff"] = {"old": result.before._asdict(), **counts(result)}
    if result.repositories:
        report["repositories"] = [one._asdict() for one in result.repositories]
    if result.explanations:
        report["explanations"] = [explanation._asdict() for explanation in result.explanations]
    return report


def finding_fields(finding: Finding) -> dict[str, object]:
    """Return a finding as JSON values; what not every one has (exposure, parts, ...) where it is known."""
    exposure = finding.exposure
    parts = {"parts": [part._asdict() for part in finding.parts]} if finding.parts else {}
    known: dict[str, object] = {} if exposure is None else {"exposure": {**exposure._asdict(), **_lists(exposure)}}
    if finding.details:
        known["details"] = dict(finding.details)
    if finding.verification:
        known["verification"] = finding.verification._asdict()
    return {
        "rule_id": finding.rule_id,
        "title": finding.title,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "confidence_reasons": list(finding.reasons),
        **finding.location._asdict(),
        "secret": finding.secret,
        "context": finding.context,
        "entropy": finding.entropy,
        "decoded": list(finding.decoded),
        "fingerprint": finding.fingerprint,
        **parts,
        "origin": origin_fields(finding.origin),
        "occurrences": [_occurrence_fields(occurrence) for occurrence in finding.occurrences],
        "occurrences_total": finding.occurrences_total,
        **known,
        **({"change": finding.change} if finding.change else {}),
    }


def encoded(value: object) -> str:
    """Return a JSON value on one line, in ASCII; lone surrogates in it are escaped as valid() does."""
    import json

    text = json.dumps(value)
    # A surrogate, lone or not, is written \ud…; only then is the slow way needed.
    return json.dumps(tidy(value)) if "\\ud" in text else text


def laid_out(value: object, depth: int, margin: str = "") -> Iterator[str]:
    """Yield a JSON value in pieces, its outer ``depth`` levels an entry a line, the rest compact.

    Keeps a large report readable and comparable by line, and the encoder fast.
    """
    if depth == 0 or not value or not isinstance(value, dict | list):
        yield encoded(value)
        return
    inner = margin + " "
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    entries = value.items() if isinstance(value, dict) else (("", entry) for entry in value)
    between = f"{opening}\n"
    for key, entry in entries:
        yield between + inner + (f"{encoded(key)}: " if opening == "{" else "")
        yield from laid_out(entry, depth - 1, inner)
        between = ",\n"
    yield f"\n{margin}{closing}"


def _lists(exposure: Exposure) -> dict[str, object]:
    return {"branches": list(exposure.branches), "tags": list(exposure.tags)}


def _occurrence_fields(occurrence: Occurrence) -> dict[str, object]:
    return {**occurrence._asdict(), "origin": origin_fields(occurrence.origin)}


def _stats_fields(stats: Stats) -> dict[str, object]:
    return {
        "blobs": stats.blobs,
        "bytes": stats.bytes,
        "decoded": stats.decoded,
        **({"reader": stats.reader} if stats.reader else {}),
        "skipped": dict(sorted(stats.skipped.items())),
        "suppressed": dict(sorted(stats.suppressed.items())),
        "dropped": dict(sorted(stats.dropped.items())),
    }
