"""What reads a report of gitleaks reads ours in that format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from secrets_guard.model.finding import Finding, Location, Part
from secrets_guard.model.origin import CommitOrigin
from secrets_guard.model.result import ScanResult
from secrets_guard.report.peers import read_report
from secrets_guard.suppression.foreign import parse_gitleaksignore

Make = Callable[..., ScanResult]
# report/finding.go, in its order; Link is left out where it is empty.
FIELDS = [
    "RuleID", "Description", "StartLine", "EndLine", "StartColumn", "EndColumn", "Match", "Secret", "File",
    "SymlinkFile", "Commit", "Entropy", "Author", "Email", "Date", "Message", "Tags", "Fingerprint",
]  # fmt: skip
COMMIT = CommitOrigin("a.py", "0" * 40, "Jo", "jo@example.com", "2026-11-25T01:30:00+02:00", "first")


@pytest.fixture
def row(result: Make, finding: Callable[..., Finding], written: Callable[..., str]) -> Callable[..., dict[str, object]]:
    return lambda **fields: json.loads(written(result(finding(**fields)), "gitleaks"))[0]


def test_a_finding_has_its_fields_in_its_order(row: Callable[..., dict[str, object]]) -> None:
    assert list(row()) == FIELDS


def test_columns_are_counted_as_it_does(row: Callable[..., dict[str, object]]) -> None:
    # Measured with gitleaks 8.30.1: one more on every line but the first.
    for line, columns in ((1, (10, 49)), (2, (11, 50))):
        made = row(location=Location("a.py", line, line, 10, 49))
        assert (made["StartColumn"], made["EndColumn"]) == columns


def test_a_commit_is_told_with_its_date_in_utc(row: Callable[..., dict[str, object]]) -> None:
    made = row(origin=COMMIT, location=Location("a.py", 3, 3, 1, 4), rule_id="r")
    assert [made[name] for name in ("Commit", "Author", "Email", "Date", "Message")] == [
        "0" * 40, "Jo", "jo@example.com", "2026-11-24T23:30:00Z", "first",
    ]  # fmt: skip
    (entry,) = parse_gitleaksignore(str(made["Fingerprint"]), "x")
    assert (entry.commit, entry.rule, entry.line) == ("0" * 40, "r", 3)


def test_what_it_has_no_field_for_is_among_the_tags(row: Callable[..., dict[str, object]]) -> None:
    made = row(decoded=("base64", "base64"), parts=(Part("id", "Id", 2, 1, "****"),))
    assert made["Tags"] == ["decoded:base64", "decode-depth:2", "part:id:2"]


def test_a_path_in_an_archive_is_written_as_it_does(row: Callable[..., dict[str, object]]) -> None:
    assert row(location=Location("a.zip!/b.tar!/c", 1, 1, 1, 4))["File"] == "a.zip!b.tar!c"


def test_it_is_read_back_as_a_report_of_gitleaks(full: ScanResult, written: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "g.json").write_text(written(full, "gitleaks"))
    report = read_report(str(tmp_path / "g.json"))
    assert report.kind == "gitleaks"
    assert [(one.rule, one.line) for one in report.seen] == [
        (one.rule_id, one.location.start_line) for one in full.findings
    ]
