"""What holds for every format: golden files, no plain secret, hostile text, any text at all."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
import string
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secrets_guard.errors import ConfigError
from secrets_guard.model.finding import CHANGES, VERIFICATIONS, Finding, Location, Occurrence, Part, Verification
from secrets_guard.model.origin import CommitOrigin, Exposure, FileOrigin, StreamOrigin
from secrets_guard.model.result import Covered, Explanation, Problem, ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.model.rule import CONFIDENCES, KINDS, SEVERITIES
from secrets_guard.report import REPORTERS, formats, human, write_report
from secrets_guard.report.csv import COLUMNS
from secrets_guard.report.read import read

Make = Callable[..., ScanResult]
Write = Callable[[ScanResult, str], str]

SUFFIXES = {"human": "txt", "junit": "xml", "github": "txt", "sarif": "sarif", "csv": "csv", "jsonl": "jsonl"}
ATTACK = "a\x1b[31m\x9b1m\r\n::error::x%0A::add-mask::\u202e\u2028\0\udcff\ud800,:]]><b>&\"'"

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=30) | st.sampled_from(
    [ATTACK, "=1+1", "\t-"]
)
numbers = st.integers(0, 10**9)
reals = st.floats(0, 1e6)
origins = (
    texts.map(FileOrigin)
    | texts.map(StreamOrigin)
    | st.builds(CommitOrigin, texts, texts, texts, texts, texts, texts, st.just("commit"))
)
few = st.lists(texts, max_size=2).map(tuple)
findings = st.builds(
    Finding,
    texts,
    texts,
    st.sampled_from(SEVERITIES),
    st.sampled_from(CONFIDENCES),
    few,
    st.builds(Location, texts, numbers, numbers, numbers, numbers),
    origins,
    texts,
    texts,
    reals,
    few,
    texts,
    st.just(""),
    st.lists(st.builds(Occurrence, texts, numbers, numbers, origins), max_size=2).map(tuple),
    numbers,
    st.none() | st.builds(Exposure, texts, texts, texts, texts, numbers, st.booleans(), few, few, numbers),
    st.lists(st.builds(Part, texts, texts, numbers, numbers, texts), max_size=2).map(tuple),
    st.dictionaries(texts, texts, max_size=2).map(lambda told: tuple(told.items())),
    st.none() | st.builds(Verification, st.sampled_from(VERIFICATIONS), texts, texts),
    change=st.sampled_from(("", *CHANGES)),
)
scans = st.builds(ScanInfo, texts, texts, texts | st.just("2026-11-23T16:01:02+01:00"), reals, st.booleans())


@st.composite
def counted(draw: st.DrawFn) -> Stats:
    """Draw counters."""
    stats = Stats()
    stats.blobs, stats.bytes, stats.decoded = draw(numbers), draw(st.integers(0, 10**16)), draw(numbers)
    stats.skipped, stats.suppressed = draw(st.dictionaries(texts, numbers, max_size=2)), {}
    return stats


results = st.builds(
    ScanResult,
    st.builds(ToolInfo, texts, texts, numbers, texts),
    scans,
    st.lists(findings, max_size=3).map(tuple),
    st.lists(st.builds(Problem, texts, texts, texts), max_size=2).map(tuple),
    counted(),
    st.lists(st.builds(Explanation, texts, texts, numbers, numbers, texts, texts, texts, texts), max_size=2).map(tuple),
    few,
    st.lists(st.tuples(texts, texts, st.sampled_from(SEVERITIES), st.sampled_from(KINDS), few), max_size=2).map(tuple),
    st.lists(
        st.builds(Covered, texts, st.booleans(), reals, numbers, numbers, numbers, numbers, numbers, texts), max_size=2
    ).map(tuple),
    before=st.none() | scans,
)


def embedded(page: str) -> object:
    """Return the data in a page; nothing in the page may end its script elements but their own ends."""
    assert page.isascii()
    assert page.lower().count("<script") == page.lower().count("</script") == 2
    assert "<!--" not in page
    return json.loads(page.partition('id="report">')[2].partition("</script>")[0])


def _parse(format: str, text: str) -> object:
    """Read a report back with the standard parser of its format."""
    if format in ("json", "sarif", "gitlab", "gitleaks"):
        return json.loads(text)
    if format == "jsonl":
        return [json.loads(line) for line in text.splitlines()]
    if format == "junit":
        return ElementTree.fromstring(text)
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
        assert all(set(row) - {"change"} == set(COLUMNS) for row in rows)
        return rows
    if format == "html":
        return embedded(text)
    lines = text.split("\n")
    assert lines.pop() == ""
    assert all(line.isprintable() for line in lines)
    if format == "github":
        assert all(line.startswith(("::error ", "::warning ")) for line in lines)
    return lines


# A page's script and style would be in its golden file, too; test_report_html tells what is in a page.
GOLDEN = sorted(set(formats()) - {"html"})


@pytest.mark.parametrize("format", GOLDEN)
def test_a_full_result_is_written_as_the_golden_file_says(
    format: str, full: ScanResult, written: Write, matches_golden: Callable[[str, str], None]
) -> None:
    text = written(full, format)
    _parse(format, text)
    matches_golden(f"full-{format}.{SUFFIXES.get(format, 'json')}", text)


@pytest.mark.parametrize("format", GOLDEN)
def test_a_clean_result_is_written_as_the_golden_file_says(
    format: str, result: Make, written: Write, matches_golden: Callable[[str, str], None]
) -> None:
    text = written(result(), format)
    _parse(format, text)
    matches_golden(f"clean-{format}.{SUFFIXES.get(format, 'json')}", text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(results)
def test_no_text_whatever_breaks_a_format(written: Write, any_result: ScanResult) -> None:
    for format in formats():
        _parse(format, written(any_result, format))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(results)
def test_a_json_report_survives_being_read_and_written(written: Write, any_result: ScanResult) -> None:
    text = written(any_result, "json")
    assert written(read(io.StringIO(text)), "json") == text


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(results)
def test_any_format_fits_a_stream_that_takes_ascii_only(any_result: ScanResult) -> None:
    for format in formats():
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict", newline="")
        write_report(any_result, format, stream)
        stream.flush()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(results)
def test_colour_changes_no_word_of_the_report(any_result: ScanResult) -> None:
    plain, colored = io.StringIO(), io.StringIO()
    human.write(any_result, plain, color=False, width=100)
    human.write(any_result, colored, color=True, width=100)
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored.getvalue())
    assert [line.rstrip() for line in stripped.split("\n")] == plain.getvalue().split("\n")


@pytest.mark.parametrize("format", formats())
def test_hostile_text_in_every_field_adds_no_line_and_no_command(
    format: str, result: Make, finding: Callable[..., Finding], written: Write
) -> None:
    def shape(text: str) -> list[str]:
        location = Location(text, 1, 1, 1, 2)
        made = finding(location=location, context=text, title=text, rule_id=text, fingerprint=text, reasons=(text,))
        made = made._replace(parts=(Part(text, text, 1, 1, text),))
        written_text = written(result(made, problems=(Problem(text, text, text),), notes=(text,)), format)
        assert not set(written_text) & (set(map(chr, range(32))) - {"\n"})
        _parse(format, written_text)
        return [line.strip(string.whitespace)[:2] for line in written_text.split("\n")]

    assert len(shape(f"harmless{ATTACK}")) == len(shape("harmless"))


@pytest.mark.parametrize("format", ["sarif", "junit", "gitlab", "github"])
def test_a_format_that_others_see_is_redacted_even_when_secrets_are_shown(
    format: str, result: Make, finding: Callable[..., Finding], token: Callable[[str], str], written: Write
) -> None:
    plain, other = token("shown"), token("another on the line")
    part = Part("toy-id", "Toy id", 1, 1, token("a part"))
    shown = finding(secret=plain, context=f"{plain} {other}", parts=(part,))
    text = written(result(shown), format)
    assert plain not in text
    assert other not in text
    assert part.secret not in text
    assert plain[:4] in text


@pytest.mark.parametrize("format", ["human", "json", "jsonl", "csv", "html", "gitleaks"])
def test_a_format_of_ones_own_shows_the_secret_that_was_asked_for(
    format: str, result: Make, finding: Callable[..., Finding], token: Callable[[str], str], written: Write
) -> None:
    plain = token("shown")
    assert plain in written(result(finding(secret=plain, context=f"x {plain}")), format)


@pytest.mark.parametrize("format", sorted(set(formats()) - {"csv", "jsonl", "gitleaks"}))
def test_a_partial_sweep_never_looks_like_a_clean_one(format: str, result: Make, written: Write) -> None:
    clean = result()
    partial = clean._replace(scan=clean.scan._replace(complete=False))
    troubled = clean._replace(problems=(Problem("unreadable", "a.py", "Permission denied"),))
    text = written(clean, format)
    assert written(partial, format) != text
    assert "Permission denied" in written(troubled, format)


@pytest.mark.parametrize("format", formats())
def test_a_report_is_the_same_whatever_order_the_counters_were_filled_in(
    format: str, full: ScanResult, written: Write
) -> None:
    turned = Stats()
    turned.add(full.stats)
    turned.skipped = dict(reversed(list(full.stats.skipped.items())))
    turned.suppressed = dict(reversed(list(full.stats.suppressed.items())))
    assert written(full._replace(stats=turned), format) == written(full, format)


def test_an_unknown_format_is_refused_and_the_nearest_named(result: Make) -> None:
    with pytest.raises(ConfigError, match=r"^unknown report format 'serif'; did you mean sarif\?$"):
        write_report(result(), "serif", io.StringIO())
    with pytest.raises(ConfigError, match="known: human, json"):
        write_report(result(), "🦀", io.StringIO())


def test_every_reporter_of_the_table_exists() -> None:
    for place in REPORTERS.values():
        module, _, function = place.partition(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_what_a_token_tells_is_in_the_reports_for_people_and_machines(
    result: Make, finding: Callable[..., Finding], written: Write
) -> None:
    telling = result(finding(details=(("account", "123456789012"), ("kind", "temporary"))))
    assert "    it tells: account 123456789012, kind temporary\n" in written(telling, "human")
    wanted = {"account": "123456789012", "kind": "temporary"}
    assert json.loads(written(telling, "json"))["findings"][0]["details"] == wanted
    assert json.loads(written(telling, "sarif"))["runs"][0]["results"][0]["properties"]["details"] == wanted
    assert read(io.StringIO(written(telling, "json"))).findings == telling.findings
