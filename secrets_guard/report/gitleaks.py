"""ScanResult -> the report of gitleaks: a JSON array with its fields, for what reads that.

Format: https://github.com/gitleaks/gitleaks (report/finding.go, report/json.go, detect/location.go).
"""

from __future__ import annotations

from typing import IO

from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import origin_fields
from secrets_guard.model.result import ScanResult
from secrets_guard.report.json import laid_out


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write an object for each finding. ``Match`` and ``Secret`` are both the secret, redacted as in every report."""
    stream.writelines(laid_out([fields(finding) for finding in result.findings], 2))
    stream.write("\n")


def fields(finding: Finding) -> dict[str, object]:
    """Return a finding with the names, and in the order, of gitleaks. Nothing of an image's layer has a place there."""
    place, origin = finding.location, {key: str(value) for key, value in origin_fields(finding.origin).items()}
    commit = origin.get("commit", "")
    # In an archive it writes outer.zip!inner.
    path = place.path.replace("!/", "!")
    known = f"{path}:{finding.rule_id}:{place.start_line}"
    return {
        "RuleID": finding.rule_id,
        "Description": finding.title,
        "StartLine": place.start_line,
        "EndLine": place.end_line,
        "StartColumn": _column(place.start_line, place.start_column),
        "EndColumn": _column(place.end_line, place.end_column),
        "Match": finding.secret,
        "Secret": finding.secret,
        "File": path,
        "SymlinkFile": "",
        "Commit": commit,
        "Entropy": finding.entropy,
        "Author": origin.get("author", ""),
        "Email": origin.get("email", ""),
        "Date": _in_utc(origin.get("date", "")),
        "Message": origin.get("summary", ""),
        "Tags": _tags(finding),
        "Fingerprint": f"{commit}:{known}" if commit else known,
    }


def _column(line: int, column: int) -> int:
    # It counts the line break before a line as the line's first column; the first line has none before it.
    return column + (line > 1)


def _tags(finding: Finding) -> list[str]:
    tags = list(dict.fromkeys(f"decoded:{name}" for name in finding.decoded))
    if tags:
        tags.append(f"decode-depth:{len(finding.decoded)}")
    # Its report keeps the parts of a secret to itself; where ours are must not get lost.
    return tags + [f"part:{part.rule_id}:{part.start_line}" for part in finding.parts]


def _in_utc(date: str) -> str:
    from datetime import UTC, datetime

    try:
        return datetime.fromisoformat(date).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return date
