"""GitLab, GitHub, JUnit and CSV: what is special to each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import jsonschema
import pytest

from secrets_guard.model.finding import Finding, Location
from secrets_guard.model.result import Problem, ScanResult

Make = Callable[..., ScanResult]
Write = Callable[[ScanResult, str], str]


def _shape(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


# What GitLab's secret detection schema 15 demands of the properties that we write.
NAMED = {"type": "string", "minLength": 1}
URL = {"type": "string", "pattern": r"^(https?|ftp)://.+"}
SECOND = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}
TOOL = _shape("id name version vendor", id=NAMED, name=NAMED, version=NAMED, vendor=_shape("name", name=NAMED))
MESSAGE = _shape("level value", level={"enum": ["info", "warn", "fatal"]}, value=NAMED)
VULNERABILITY = _shape(
    "id identifiers location",
    id=NAMED,
    name={"type": "string", "maxLength": 255},
    description={"type": "string", "maxLength": 1048576},
    solution={"type": "string", "maxLength": 7000},
    severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
    identifiers={
        "type": "array",
        "minItems": 1,
        "items": _shape("type name value", type=NAMED, name=NAMED, value=NAMED, url=URL),
    },
    links={"type": "array", "items": _shape("url", url=URL)},
    location=_shape(
        "commit",
        file={"type": "string"},
        commit=_shape("sha", sha=NAMED, author={"type": "string"}, date={"type": "string"}),
        start_line={"type": "number"},
        end_line={"type": "number"},
    ),
    raw_source_code_extract={"type": "string"},
)
GITLAB = _shape(
    "version scan vulnerabilities",
    version={"type": "string", "pattern": r"^15\.\d+\.\d+$"},
    scan=_shape(
        "analyzer scanner type start_time end_time status",
        analyzer=TOOL,
        scanner=TOOL,
        type={"const": "secret_detection"},
        start_time=SECOND,
        end_time=SECOND,
        status={"enum": ["success", "failure"]},
        messages={"type": "array", "items": MESSAGE},
    ),
    vulnerabilities={"type": "array", "items": VULNERABILITY},
)


@pytest.fixture
def gitlab(written: Write) -> Callable[[ScanResult], Any]:
    """Return a function that writes a GitLab report, validates it and returns it."""

    def validated(result: ScanResult) -> Any:
        report = json.loads(written(result, "gitlab"))
        jsonschema.validate(report, GITLAB)
        return report

    return validated


def test_a_gitlab_report_is_valid_and_its_messages_carry_the_problems(
    full: ScanResult, result: Make, gitlab: Callable[[ScanResult], Any]
) -> None:
    assert gitlab(result())["scan"]["status"] == "success"
    scan = gitlab(full)["scan"]
    assert scan["status"] == "failure"
    assert [message["level"] for message in scan["messages"]] == ["warn", "warn", "fatal", "info"]
    assert "secret/key.pem: Permission denied" in scan["messages"][0]["value"]


def test_a_gitlab_report_stays_valid_with_odd_values(
    finding: Callable[..., Finding], result: Make, gitlab: Callable[[ScanResult], Any]
) -> None:
    odd = result(finding(rule_id="", title="t" * 900), notes=("",))
    odd = odd._replace(
        tool=odd.tool._replace(name="", version=""),
        scan=odd.scan._replace(started="0001-01-01T00:00:00Z"),
        rules=(("", "t", "high", "token", ("javascript:alert(1)", "https://a b", "https://ok.example")),),
    )
    (found,) = gitlab(odd)["vulnerabilities"]
    assert found["links"] == [{"url": "https://ok.example"}]
    gitlab(odd._replace(scan=odd.scan._replace(started="yesterday")))
    gitlab(odd._replace(scan=odd.scan._replace(duration_s=1e15)))


def test_a_gitlab_id_is_stable_and_each_finding_has_its_own(
    full: ScanResult, gitlab: Callable[[ScanResult], Any]
) -> None:
    ids = [item["id"] for item in gitlab(full)["vulnerabilities"]]
    assert len(set(ids)) == len(full.findings)
    assert all(UUID(identity).version == 5 for identity in ids)
    assert ids[1:] == [item["id"] for item in gitlab(full._replace(findings=full.findings[1:]))["vulnerabilities"]]


@pytest.mark.parametrize(
    ("severity", "command"), [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "warning")]
)
def test_github_is_told_how_bad_it_is(
    severity: str, command: str, finding: Callable[..., Finding], result: Make, written: Write
) -> None:
    assert written(result(finding(severity=severity)), "github").startswith(
        f"::{command} file=app/settings.py,line=12,"
    )


def test_github_properties_and_messages_are_escaped(
    finding: Callable[..., Finding], result: Make, written: Write
) -> None:
    made = finding(location=Location("a,line=1::b%0A\n::stop-commands::x", 1, 1, 1, 1), title="t:,\r")
    command, _, message = written(result(made), "github").removesuffix("\n").removeprefix("::error ").partition("::")
    properties = dict(part.split("=", 1) for part in command.split(","))
    assert properties["file"] == r"a%2Cline=1%3A%3Ab%250A\n%3A%3Astop-commands%3A%3Ax"
    assert properties["title"] == r"t%3A%2C\r"
    assert properties["line"] == "1"
    assert made.secret in message


def test_github_gets_no_columns_for_several_lines(
    finding: Callable[..., Finding], result: Make, written: Write
) -> None:
    assert (
        "col" not in written(result(finding(location=Location("k.pem", 1, 9, 1, 4))), "github").partition("::error")[2]
    )


def test_junit_counts_agree_with_its_cases(full: ScanResult, result: Make, written: Write) -> None:
    for scan, outcomes in ((full, ["failure"] * 4 + ["error"] * 2), (result(), [])):
        (suite,) = ElementTree.fromstring(written(scan, "junit"))
        assert [outcome.tag for case in suite for outcome in case] == outcomes
        assert suite.get("tests") == str(len(suite))
        assert suite.get("failures") == str(outcomes.count("failure"))
        assert suite.get("errors") == str(outcomes.count("error"))
        assert len(suite) >= 1


def test_junit_shows_what_xml_can_not_hold(finding: Callable[..., Finding], result: Make, written: Write) -> None:
    made = finding("a\x00\x1b\ufffe\udcff.py")
    (suite,) = ElementTree.fromstring(written(result(made), "junit"))
    assert suite[0].get("file") == r"a\x00\x1b\ufffe\xff.py"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "\uff1d1", "\r=1"])
def test_a_cell_is_never_a_formula(cell: str, finding: Callable[..., Finding], result: Make, written: Write) -> None:
    made = finding(cell, context=cell, title=cell, reasons=(cell,))
    (row,) = csv.DictReader(io.StringIO(written(result(made), "csv")))
    for name in ("path", "context", "title", "reasons"):
        assert row[name][0] in "'\\"
    assert row["start_line"] == "12"


def test_a_problem_is_a_warning_on_github(result: Make, written: Write) -> None:
    text = written(result(problems=(Problem("unreadable", "a\n::error::b", "no"),)), "github")
    assert text.splitlines()[0] == r"::warning title=secrets-guard%3A unreadable::a\n::error::b: no"
