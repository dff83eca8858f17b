"""SARIF 2.1.0: the parts of the format that we write, checked by hand and by a schema of just these parts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest

from secrets_guard.model.finding import Finding, Location, Occurrence
from secrets_guard.model.origin import FileOrigin
from secrets_guard.model.result import Problem, ScanResult

Make = Callable[..., ScanResult]
Write = Callable[[ScanResult, str], str]


def _closed(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": {name: {"type": kind} if isinstance(kind, str) else kind for name, kind in properties.items()},
    }


def _each(items: dict[str, Any], unique: bool = False) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": unique}


# Only the objects and properties that we write, closed, so that a name that SARIF does not know can't slip in.
# Sections 3.13 (log) to 3.58 (notification) of the format; the whole schema is 110 kB and not ours to copy.
TEXT = _closed("text", text="string", markdown="string")
LEVEL = {"enum": ["none", "note", "warning", "error"]}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
ONE_UP = {"type": "integer", "minimum": 1}
REGION = _closed("startLine", startLine=ONE_UP, startColumn=ONE_UP, endLine=ONE_UP, endColumn=ONE_UP, snippet=TEXT)
ARTIFACT = _closed("uri", uri={"type": "string", "pattern": r"^[!-~]*$"}, uriBaseId="string")
PHYSICAL = _closed("artifactLocation", artifactLocation=ARTIFACT, region=REGION, contextRegion=REGION)
PLACE = _closed("physicalLocation", id={"type": "integer", "minimum": 0}, message=TEXT, physicalLocation=PHYSICAL)
RULE = _closed(
    "id name shortDescription fullDescription help defaultConfiguration properties",
    id="string",
    name="string",
    shortDescription=TEXT,
    fullDescription=TEXT,
    help=TEXT,
    helpUri="string",
    defaultConfiguration=_closed("level", level=LEVEL),
    properties="object",
)
RESULT = _closed(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId="string",
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=TEXT,
    locations={**_each(PLACE), "minItems": 1},
    relatedLocations=_each(PLACE, unique=True),
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    properties="object",
)
NOTIFICATION = _closed("level message", level=LEVEL, message=TEXT, descriptor=_closed("id", id="string"))
RUN = _closed(
    "tool results invocations",
    tool=_closed(
        "driver",
        driver=_closed("name", name="string", version="string", rules=_each(RULE, unique=True), properties="object"),
    ),
    automationDetails=_closed("id", id={"type": "string", "pattern": "/$"}),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={"type": "object", "additionalProperties": _closed("description", description=TEXT)},
    invocations=_each(
        _closed(
            "executionSuccessful",
            executionSuccessful="boolean",
            startTimeUtc=TIME,
            endTimeUtc=TIME,
            toolExecutionNotifications=_each(NOTIFICATION),
        )
    ),
    results=_each(RESULT),
)
PARTS = _closed(
    "$schema version runs",
    **{"$schema": "string", "version": {"const": "2.1.0"}, "runs": {**_each(RUN), "minItems": 1}},
)


@pytest.fixture(scope="session")
def check() -> Callable[[str], Any]:
    """Return a function that validates a log and returns it.

    SECRETS_GUARD_SARIF_SCHEMA names a copy of the published schema to validate against as well.
    """
    published = os.environ.get("SECRETS_GUARD_SARIF_SCHEMA")
    schemas = [PARTS, *([json.loads(Path(published).read_text())] if published else [])]
    validators = [jsonschema.validators.validator_for(schema)(schema) for schema in schemas]

    def validated(text: str) -> Any:
        log = json.loads(text)
        for validator in validators:
            validator.validate(log)
        return log

    return validated


@pytest.fixture
def run(check: Callable[[str], Any], written: Write) -> Callable[[ScanResult], Any]:
    """Return a function that writes a result, validates the log and returns its run."""
    return lambda result: check(written(result, "sarif"))["runs"][0]


def test_full_explained_and_clean_results_are_valid(
    full: ScanResult, explained: ScanResult, result: Make, run: Callable[[ScanResult], Any]
) -> None:
    for scan in (full, explained, result()):
        assert len(run(scan)["results"]) == len(scan.findings)


def test_a_misshapen_log_is_not_valid(check: Callable[[str], Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check('{"$schema": "", "version": "2.1.0", "runs": [{"results": []}]}')


def test_each_result_points_to_its_rule(full: ScanResult, run: Callable[[ScanResult], Any]) -> None:
    made = run(full)
    rules = made["tool"]["driver"]["rules"]
    assert [rules[item["ruleIndex"]]["id"] for item in made["results"]] == [item["ruleId"] for item in made["results"]]
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_a_rule_the_result_does_not_tell_of_is_made_from_its_finding(
    finding: Callable[..., Finding], result: Make, run: Callable[[ScanResult], Any]
) -> None:
    (rule,) = run(result(finding(), rules=()))["tool"]["driver"]["rules"]
    assert rule["id"] == "github-personal-access-token"


@pytest.mark.parametrize(
    ("severity", "level", "low", "high"),
    [
        ("critical", "error", 9.0, 10.0),
        ("high", "error", 7.0, 8.9),
        ("medium", "warning", 4.0, 6.9),
        ("low", "note", 0.1, 3.9),
    ],
)
def test_github_shows_the_severity_that_was_meant(
    severity: str,
    level: str,
    low: float,
    high: float,
    finding: Callable[..., Finding],
    result: Make,
    run: Callable[[ScanResult], Any],
) -> None:
    made = run(result(finding(severity=severity)))
    (rule,) = made["tool"]["driver"]["rules"]
    assert low <= float(rule["properties"]["security-severity"]) <= high
    assert "security" in rule["properties"]["tags"]
    assert made["results"][0]["level"] == rule["defaultConfiguration"]["level"] == level


def test_the_end_column_is_the_one_behind_the_secret(
    finding: Callable[..., Finding], result: Make, run: Callable[[ScanResult], Any]
) -> None:
    made = run(result(finding(location=Location("a", 3, 3, 5, 8))))
    assert made["columnKind"] == "unicodeCodePoints"
    region = made["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9}


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/ü.py", "a%20b/%C3%BC.py"),
        ("100%.txt", "100%25.txt"),
        ("c:x?y#z", "c%3Ax%3Fy%23z"),
        ("caf\udce9.txt", "caf%E9.txt"),
        ("out.zip!/in/f", "out.zip!/in/f"),
        ("//host/x", "file:///host/x"),
        ("/etc/passwd", "file:///etc/passwd"),
    ],
)
def test_a_path_becomes_an_address(
    path: str, uri: str, finding: Callable[..., Finding], result: Make, run: Callable[[ScanResult], Any]
) -> None:
    place = Location(path, 1, 1, 1, 1)
    artifact = run(result(finding(location=place)))["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ]
    assert artifact["uri"] == uri
    assert ("uriBaseId" in artifact) is not path.startswith("/")
    assert unquote_to_bytes(uri).endswith(os.fsencode(path.lstrip("/")))


def test_the_fingerprint_and_the_other_places_are_told(full: ScanResult, run: Callable[[ScanResult], Any]) -> None:
    made = run(full)["results"][0]
    assert made["partialFingerprints"] == {"secretsGuard/v1": full.findings[0].fingerprint}
    part, other = made["relatedLocations"]
    assert part["message"]["text"] == "A part: GitHub client id"
    assert part["physicalLocation"]["region"] == {"startLine": 11, "startColumn": 12}
    assert other["physicalLocation"]["artifactLocation"]["uri"] == "old/settings.py"


def test_a_place_that_occurs_twice_keeps_related_locations_unique(
    finding: Callable[..., Finding], result: Make, run: Callable[[ScanResult], Any]
) -> None:
    twice = (Occurrence("b.py", 1, 1, FileOrigin("b.py")),) * 2
    assert len(run(result(finding(occurrences=twice, occurrences_total=2)))["results"][0]["relatedLocations"]) == 2


def test_problems_make_notifications_and_an_incomplete_sweep_did_not_succeed(
    result: Make, run: Callable[[ScanResult], Any]
) -> None:
    clean = result()
    assert run(clean)["invocations"][0]["executionSuccessful"] is True
    partial = clean._replace(
        scan=clean.scan._replace(complete=False), problems=(Problem("unreadable", "a.py", "Permission denied"),)
    )
    invocation = run(partial)["invocations"][0]
    assert invocation["executionSuccessful"] is False
    told = [(note["level"], note["descriptor"]["id"]) for note in invocation["toolExecutionNotifications"]]
    assert told == [("warning", "unreadable"), ("error", "incomplete")]
    assert "a.py: Permission denied" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_a_title_can_not_smuggle_a_link_into_a_message(
    finding: Callable[..., Finding], result: Make, run: Callable[[ScanResult], Any]
) -> None:
    made = run(result(finding(title="[log in](https://evil.example)")))
    assert "](" not in made["results"][0]["message"]["text"]
