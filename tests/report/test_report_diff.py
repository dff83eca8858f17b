"""Two reports compared: a secret is known again wherever it went, one more place of it is new, doubts are told."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secrets_guard.model.finding import Finding, Location
from secrets_guard.model.origin import CommitOrigin
from secrets_guard.model.result import Problem, ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.report import KNOWS_CHANGES, formats, write_report
from secrets_guard.report.diff import diff
from secrets_guard.report.facts import counts
from secrets_guard.report.read import read

Make = Callable[..., ScanResult]
MakeFinding = Callable[..., Finding]
Write = Callable[[ScanResult, str], str]


def changes(result: ScanResult) -> list[tuple[str, str]]:
    return [(finding.location.path, finding.change) for finding in result.findings]


def test_a_secret_that_moved_within_its_file_or_to_another_is_unchanged(result: Make, finding: MakeFinding) -> None:
    old = result(finding("a.py", 10, fingerprint="one"), finding("b.py", fingerprint="two"))
    new = result(finding("a.py", 99, fingerprint="one"), finding("renamed.py", fingerprint="two"))
    assert changes(diff(old, new)) == [("a.py", "unchanged"), ("renamed.py", "unchanged")]


def test_a_rebased_commit_makes_nothing_new(result: Make, finding: MakeFinding) -> None:
    old = result(finding("a.py", origin=CommitOrigin("a.py", "1" * 40, date="2024-01-01T00:00:00Z")))
    new = result(finding("a.py", origin=CommitOrigin("a.py", "2" * 40, date="2024-01-02T00:00:00Z")))
    assert counts(diff(old, new)) == {"new": 0, "gone": 0, "unchanged": 1}


def test_one_more_place_of_a_known_secret_is_new_and_one_less_is_gone(result: Make, finding: MakeFinding) -> None:
    one = result(finding("b.py", fingerprint="one"))
    two = result(finding("a.py", fingerprint="one"), finding("b.py", fingerprint="one"))
    assert changes(diff(one, two)) == [("a.py", "new"), ("b.py", "unchanged")]
    assert changes(diff(two, one)) == [("a.py", "gone"), ("b.py", "unchanged")]


def test_another_secret_in_the_same_place_is_new_and_the_former_gone(result: Make, finding: MakeFinding) -> None:
    compared = diff(result(finding("a.py", fingerprint="one")), result(finding("a.py", fingerprint="two")))
    assert sorted(changes(compared)) == [("a.py", "gone"), ("a.py", "new")]


def test_what_makes_a_comparison_doubtful_is_told(result: Make, finding: MakeFinding) -> None:
    whole = result(finding())
    assert diff(whole, whole).notes == ()
    partial = whole._replace(problems=(Problem("unreadable", "a.py", "Permission denied"),))
    assert (
        "what is gone may only not have been seen: not all could be swept (1 unreadable)"
        in diff(whole, partial).notes[0]
    )
    assert "what is new may only not have been seen" in diff(partial, whole).notes[0]
    image = whole._replace(scan=whole.scan._replace(kind="image"))
    assert diff(whole, image).notes == ("the older report is of kind files, the newer of kind image",)
    other = whole._replace(tool=whole.tool._replace(rules_digest="other"))
    assert "different rules" in diff(whole, other).notes[0]
    assert "made with the same key" in diff(whole, result(finding(fingerprint="x"))).notes[0]


@pytest.fixture
def compared(result: Make, finding: MakeFinding) -> ScanResult:
    """Return a comparison with one finding of each change."""
    stays = finding("stays.py", fingerprint="1")
    return diff(result(stays, finding("left.py", fingerprint="2")), result(stays, finding("came.py", fingerprint="3")))


def test_the_terminal_shows_the_new_in_full_and_lists_the_others(compared: ScanResult, written: Write) -> None:
    text = written(compared, "human")
    lines = text.split("\n")
    assert lines[0] == "new (1 finding):"
    assert lines[1].startswith("came.py:12:10  critical")
    assert lines[lines.index("gone (1 finding):") + 1].startswith("  left.py:12:10  critical")
    assert lines[lines.index("unchanged (1 finding):") + 1].startswith("  stays.py:12:10  critical")
    assert "1 new, 1 gone, 1 unchanged since the files sweep of ., 2026-11-23T16:01:02Z" in lines
    assert "2 secrets found in 2 files: 2 critical" in lines


def test_json_tells_the_counts_the_older_sweep_and_each_change(compared: ScanResult, written: Write) -> None:
    told = json.loads(written(compared, "json"))
    assert told["schema"] == "secrets-guard/report/1"
    assert {name: told["diff"][name] for name in ("new", "gone", "unchanged")} == {"new": 1, "gone": 1, "unchanged": 1}
    assert told["diff"]["old"] == told["scan"]
    assert [(one["path"], one["change"]) for one in told["findings"]] == changes(compared)
    lines = [json.loads(line) for line in written(compared, "jsonl").splitlines()]
    assert [(one["path"], one["change"]) for one in lines] == changes(compared)


def test_csv_has_a_column_and_sarif_a_baseline_state(compared: ScanResult, written: Write) -> None:
    rows = csv.DictReader(io.StringIO(written(compared, "csv")), strict=True)
    assert [(row["path"], row["change"]) for row in rows] == changes(compared)
    results = json.loads(written(compared, "sarif"))["runs"][0]["results"]
    assert [one["baselineState"] for one in results] == ["new", "absent", "unchanged"]


@pytest.mark.parametrize("format", sorted(set(formats()) - KNOWS_CHANGES))
def test_a_format_that_knows_no_changes_has_what_is_new(compared: ScanResult, written: Write, format: str) -> None:
    text = written(compared, format)
    assert "came.py" in text
    assert "left.py" not in text
    assert "stays.py" not in text


def test_gitlab_is_told_what_was_left_out(compared: ScanResult, written: Write) -> None:
    messages = json.loads(written(compared, "gitlab"))["scan"]["messages"]
    assert [one["value"] for one in messages] == ["only what is new is listed; 1 gone and 1 unchanged findings are not"]


def test_a_report_of_a_single_sweep_says_nothing_of_changes(result: Make, finding: MakeFinding, written: Write) -> None:
    for format in ("json", "jsonl", "csv", "sarif", "human"):
        text = written(result(finding()), format)
        assert "change" not in text
        assert "diff" not in text
        assert "baselineState" not in text


def test_a_comparison_compared_again_stands_for_its_newer_side(compared: ScanResult, result: Make) -> None:
    again = diff(compared, result())
    assert changes(again) == [("came.py", "gone"), ("stays.py", "gone")]
    assert changes(diff(result(), compared)) == [("came.py", "new"), ("stays.py", "new")]


def some(names: list[tuple[str, str, int]]) -> ScanResult:
    """Return a result with findings of these fingerprints, paths and lines."""
    findings = [
        Finding("rule", "Rule", "high", "high", (), Location(path, line, line, 1, 2), CommitOrigin(path, path), "ab…cd",
                "", 3.0, (), fingerprint)
        for fingerprint, path, line in names
    ]  # fmt: skip
    tool, scan = ToolInfo("secrets-guard", "1", 1, "0"), ScanInfo("git", ".", "2026-11-23T16:01:02Z", 0.1, True)
    return ScanResult(tool, scan, tuple(sorted(findings, key=lambda one: one.sort_key)), (), Stats())


many = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(1, 2)), max_size=8).map(some)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(many, many)
def test_every_finding_of_both_is_counted_once(written: Write, old: ScanResult, new: ScanResult) -> None:
    compared = diff(old, new)
    told = counts(compared)
    assert told["new"] + told["unchanged"] == len(new.findings)
    assert told["gone"] + told["unchanged"] == len(old.findings)

    def amount(result: ScanResult, name: str) -> int:
        return sum(one.fingerprint == name for one in result.findings)

    # A secret is paired as often as both have it, however its places differ.
    assert told["unchanged"] == sum(min(amount(old, name), amount(new, name)) for name in "abc")
    assert counts(diff(new, new))["unchanged"] == len(new.findings)
    text = written(compared, "json")
    assert written(read(io.StringIO(text)), "json") == text
    for format in formats():
        stream: Any = io.StringIO()
        write_report(compared, format, stream)
        assert stream.getvalue() or format in ("jsonl", "github")
