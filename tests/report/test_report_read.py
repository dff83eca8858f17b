"""The JSON report: its fields, and reading it back."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.errors import ConfigError
from secrets_guard.model.finding import Finding
from secrets_guard.model.result import ScanResult, Stats
from secrets_guard.report import formats
from secrets_guard.report.json import encoded, laid_out
from secrets_guard.report.read import read

Make = Callable[..., ScanResult]
Write = Callable[[ScanResult, str], str]


def _counters(stats: Stats) -> list[object]:
    return [getattr(stats, name) for name in Stats.__slots__]


def test_the_report_has_the_fields_that_the_contract_names(explained: ScanResult, written: Write) -> None:
    report = json.loads(written(explained, "json"))
    assert report["schema"] == "secrets-guard/report/1"
    assert set(report["tool"]) == {"name", "version", "rules", "rules_digest"}
    assert set(report["scan"]) == {"kind", "target", "started", "duration_s", "complete"}
    fields = "rule_id title severity confidence path start_line end_line start_column end_column secret context entropy"
    more = "decoded fingerprint origin occurrences occurrences_total confidence_reasons"
    assert set(report["findings"][0]) == set(f"{fields} {more} parts".split())
    assert set(report["findings"][0]["parts"][0]) == {"rule_id", "title", "start_line", "start_column", "secret"}
    assert set(report["findings"][1]) == set(f"{fields} {more}".split())
    assert report["findings"][0]["origin"] == {"kind": "file"}
    assert set(report["problems"][0]) == {"kind", "where", "message"}
    assert set(report["stats"]) == {"blobs", "bytes", "decoded", "skipped", "suppressed", "dropped"}
    assert report["explanations"][1]["outcome"] == "dropped"


def test_a_report_read_back_is_the_same_result(explained: ScanResult, result: Make, written: Write) -> None:
    for scan in (explained, result()):
        back = read(io.StringIO(written(scan, "json")))
        assert back._replace(stats=scan.stats) == scan
        assert _counters(back.stats) == _counters(scan.stats)


@pytest.mark.parametrize("format", formats())
def test_a_converted_report_is_the_one_the_scan_would_have_written(
    format: str, explained: ScanResult, written: Write
) -> None:
    assert written(read(io.StringIO(written(explained, "json"))), format) == written(explained, format)


def test_a_file_name_that_is_not_utf8_is_told_by_its_bytes(
    finding: Callable[..., Finding], result: Make, written: Write
) -> None:
    text = written(result(finding("caf\udce9.py")), "json")
    assert json.loads(text)["findings"][0]["path"] == r"caf\xe9.py"


def test_a_field_of_a_later_version_does_not_hurt(full: ScanResult, written: Write) -> None:
    report = json.loads(written(full, "json"))
    report["findings"][0]["verified"] = report["tool"]["commit"] = "new"
    assert read(io.StringIO(json.dumps(report))).findings == full.findings


def _changed(report: dict[str, Any], path: str, value: Any) -> str:
    keys = [int(key) if key.isdigit() else key for key in path.split(".")]
    place: Any = report
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return json.dumps(report)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema", "secrets-guard/report/2", "made by another version of secrets-guard"),
        ("schema", "2.1.0", "no JSON report of secrets-guard"),
        ("schema", None, "no JSON report of secrets-guard"),
        ("findings", {}, "findings should be a list"),
        ("findings", None, "findings is missing"),
        ("findings.0", "x", r"findings\[0\] should be an object"),
        ("findings.1.title", 3, r"findings\[1\].title should be a text"),
        ("findings.1.start_line", "3", r"findings\[1\].start_line should be a number"),
        ("findings.1.start_line", True, r"findings\[1\].start_line should be a number"),
        ("findings.0.severity", "awful", r"findings\[0\].severity should be one of low, medium, high, critical"),
        ("findings.0.confidence_reasons", [1], r"findings\[0\].confidence_reasons should be a list of texts"),
        ("findings.0.origin", {"kind": "mars"}, r"findings\[0\].origin.kind should be one of file, "),
        ("findings.0.origin", {"kind": ["mars"]}, r"findings\[0\].origin.kind should be a text"),
        ("findings.0.occurrences", [[]], r"findings\[0\].occurrences\[0\] should be an object"),
        ("scan.complete", "yes", "scan.complete should be true or false"),
        ("tool", [], "tool should be an object"),
        ("stats.skipped", {"binary": "many"}, "stats.skipped.binary should be a number"),
        ("findings.0.entropy", float("nan"), "not JSON that can be read"),
        ("findings.0.entropy", 1e999, "not JSON that can be read"),
        ("stats.bytes", 10**400, "stats.bytes is out of range"),
        ("scan.duration_s", 10**400, "scan.duration_s is out of range"),
        ("rules", [{}], r"rules\[0\].id is missing"),
    ],
)
def test_a_misshapen_report_is_refused_in_one_line(
    path: str, value: Any, message: str, full: ScanResult, written: Write
) -> None:
    text = _changed(json.loads(written(full, "json")), path, value)
    with pytest.raises(ConfigError, match=message) as caught:
        read(io.StringIO(text))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("report: ")


def test_an_infinity_in_disguise_is_refused(full: ScanResult, written: Write) -> None:
    text = written(full, "json").replace('"entropy": 4.75', '"entropy": 1e999', 1)
    with pytest.raises(ConfigError, match="entropy is out of range"):
        read(io.StringIO(text))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b"null", b"1" * 5000]
)
def test_what_is_no_report_is_refused_by_its_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_bytes(content)
    with path.open(encoding="utf-8") as stream, pytest.raises(ConfigError) as caught:
        read(stream)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("depth", range(5))
@pytest.mark.parametrize("value", [{}, [], {"a": []}, {"a": [1, {"b": None}], "c": {"d": {"e": [[]]}}}, [{}, [2]], "x"])
def test_the_layout_changes_nothing_but_the_lines(depth: int, value: Any) -> None:
    assert json.loads("".join(laid_out(value, depth))) == value


def test_only_lone_surrogates_are_escaped() -> None:
    assert json.loads(encoded({"a\udcff": ["😀\ud800"]})) == {r"a\xff": [r"😀\ud800"]}
