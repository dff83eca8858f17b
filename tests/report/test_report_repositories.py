"""A report of many repositories: what was swept of each comes back as it was written."""

from __future__ import annotations

import io

from secrets_guard.model.result import Covered, ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.report import json, read
from secrets_guard.report.layout import lines

ROWS = (
    Covered("a", True, 1.5, 2, 0, 10, 2048, 3, "native"),
    Covered("b/c.git", False, 0.0, 0, 1, 0, 0, 0, ""),
)


def _result(repositories: tuple[Covered, ...]) -> ScanResult:
    scan = ScanInfo("git", "mirrors", "2026-11-25T10:00:00Z", 2.0, complete=False)
    return ScanResult(ToolInfo("secrets-guard", "1", 5, "d"), scan, (), (), Stats(), repositories=repositories)


def test_repositories_survive_being_written_and_read() -> None:
    stream = io.StringIO()
    json.write(_result(ROWS), stream)
    stream.seek(0)
    assert read.read(stream).repositories == ROWS


def test_a_report_of_one_does_not_tell_of_repositories() -> None:
    assert "repositories" not in json.fields(_result(()))


def test_people_are_told_how_many_were_not_swept_wholly() -> None:
    told = ["".join(piece.text for piece in line) for line in lines(_result(ROWS), 80)]
    assert "repositories: 2 swept, 1 of them not wholly" in told
