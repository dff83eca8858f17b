"""Reports of other scanners are read for places, and compared with ours."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.errors import ConfigError
from secrets_guard.report.comparison import compare, counts, write_human, write_json
from secrets_guard.report.peers import SHAPES, Seen, read_report

VALUE = "the-plain-value"
GITLEAKS = {
    "RuleID": "r", "StartLine": 3, "EndLine": 4, "StartColumn": 2, "EndColumn": 9, "Match": VALUE, "Secret": VALUE,
    "File": "a.py", "Commit": "c1", "Fingerprint": "a.py:r:3",
}  # fmt: skip
BETTERLEAKS = {
    "rule_id": "r", "match": {"full": VALUE, "value": VALUE}, "attributes": {"git.sha": "c1"},
    "location": {"path": "a.py", "start_line": 3, "end_line": 4, "start_column": 1, "end_column": 2},
    "component_sets": [{"components": [{"rule_id": "id", "location": {"path": "a.py", "start_line": 2}}]}],
}  # fmt: skip
KINGFISHER = {
    "rule": {"name": "R", "id": "r"},
    "finding": {"snippet": VALUE, "line": 3, "path": "a.py", "git_metadata": {"commit": {"id": "c1"}}},
}
TRUFFLEHOG = {"SourceMetadata": {"Data": {"Git": {"commit": "c1", "file": "a.py", "line": 3}}}, "DetectorName": "r"}
DETECT_SECRETS = {
    "version": "1.5.0",
    "plugins_used": [],
    "results": {"a.py": [{"type": "r", "filename": "a.py", "hashed_secret": "00", "line_number": 3}]},
}
SARIF = {
    "version": "2.1.0",
    "runs": [
        {
            "results": [
                {
                    "ruleId": "r",
                    "locations": [
                        {"physicalLocation": {"artifactLocation": {"uri": "a%2Epy"}, "region": {"startLine": 3}}}
                    ],
                    "partialFingerprints": {"commitSha": "c1"},
                }
            ]
        }
    ],
}
OURS = {
    "rule_id": "r", "path": "a.py", "start_line": 3, "end_line": 3, "fingerprint": "f", "secret": "****",
    "origin": {"kind": "commit", "commit": "c1"}, "parts": [{"rule_id": "id", "start_line": 2}],
}  # fmt: skip
ONE = Seen("r", "a.py", 3, 3, "c1")
READ: dict[str, tuple[Any, list[Seen]]] = {
    "gitleaks": ([GITLEAKS], [ONE._replace(end_line=4)]),
    "betterleaks": ({"schema_version": "1", "findings": [BETTERLEAKS]}, [ONE._replace(end_line=4, parts=(2,))]),
    "kingfisher": ({"findings": [KINGFISHER], "audit": {}, "metadata": {}}, [ONE]),
    "detect-secrets": (DETECT_SECRETS, [ONE._replace(commit="")]),
    "SARIF": (SARIF, [ONE]),
    "trufflehog": (TRUFFLEHOG, [ONE]),
    "secrets-guard": ({"schema": "secrets-guard/report/1", "findings": [OURS]}, [ONE._replace(parts=(2,))]),
}
LINES: dict[str, list[dict[str, Any]]] = {
    "betterleaks": [{"schema_version": "1", "finding": BETTERLEAKS}, {"schema_version": "1", "scan": {}}],
    "kingfisher": [{"findings": 1, "kingfisher": {}}, KINGFISHER, {"audit": {}}],
    "trufflehog": [TRUFFLEHOG],
    "secrets-guard": [OURS],
}


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def made(text: str) -> Any:
        (tmp_path / "report").write_text(text)
        return read_report(str(tmp_path / "report"))

    return made


@pytest.mark.parametrize("kind", READ)
def test_a_report_is_told_by_its_fields_and_read_for_its_places(read: Any, kind: str) -> None:
    value, seen = READ[kind]
    assert read(json.dumps(value, indent=1))[1:] == (kind, seen)


@pytest.mark.parametrize("kind", LINES)
def test_a_report_of_lines_is_read_as_well(read: Any, kind: str) -> None:
    values = LINES[kind]
    assert read("".join(f"{json.dumps(value)}\n" for value in values))[1:] == (kind, READ[kind][1])


@pytest.mark.parametrize("text", ["", "[]", " \n"])
def test_a_report_of_nothing_found_is_one(read: Any, text: str) -> None:
    assert read(text)[1:] == ("empty", [])


@pytest.mark.parametrize("text", ["{", '{"a": 1}', "[1]", "7", "[" * 100_000, json.dumps({"RuleID": VALUE})])
def test_what_is_no_report_is_refused_without_its_values(read: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize("kind", READ)
def test_a_misshapen_report_is_refused_in_one_line(read: Any, kind: str) -> None:
    text = json.dumps(READ[kind][0]).replace(": 3", f': "{VALUE}"')
    with pytest.raises(ConfigError, match="misshapen") as caught:
        read(text)
    assert VALUE not in str(caught.value)


KEYS = st.sampled_from(["findings", "finding", "rule", "results", "runs", "plugins_used", "schema_version", "location"])
JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20
)


@given(JSON)
def test_any_json_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.mktemp("any") / "report"
    path.write_text(json.dumps(value))
    with suppress(ConfigError):
        read_report(str(path))


def test_each_shape_has_a_report_here() -> None:
    assert {shape.kind for shape in SHAPES} == set(READ)


def test_places_are_compared_by_file_and_line() -> None:
    ours = [Seen("x", "a", 1, 1), Seen("y", "a", 2, 2), Seen("y", "b", 1, 1)]
    theirs = [Seen("p", "a", 1, 1), Seen("q", "a", 1, 1), Seen("q", "c", 1, 1)]
    made = compare(ours, theirs)
    assert made.both == [(ours[0], theirs[0]), (ours[0], theirs[1])]
    assert (made.only_ours, made.only_theirs, made.same) == (ours[1:], theirs[2:], False)
    assert counts(made) == {
        "ours": {"x": {"both": 1, "only": 0}, "y": {"both": 0, "only": 2}},
        "theirs": {"p": {"both": 1, "only": 0}, "q": {"both": 1, "only": 1}},
    }


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        (Seen("x", "a", 1, 1, "c1"), Seen("y", "a", 1, 1, "c1"), True),
        (Seen("x", "a", 1, 1, "c1"), Seen("y", "a", 1, 1, "c2"), False),
        (Seen("x", "a", 1, 1, "c1"), Seen("y", "a", 1, 1), True),
        (Seen("x", "a", 1, 30), Seen("y", "a", 7, 7), True),
        (Seen("x", "a", 5, 5, "", (2,)), Seen("y", "a", 2, 2), True),
        (Seen("x", "a", 2, 2), Seen("y", "a", 5, 5, "", (2,)), True),
        (Seen("x", "a", 2, 2), Seen("y", "a", 0, 0), True),
        (Seen("x", "a.zip!/b", 1, 1), Seen("y", "./a.zip!b", 1, 1), True),
        (Seen("x", "a", 1, 1), Seen("y", "b", 1, 1), False),
    ],
)
def test_what_counts_as_one_place(ours: Seen, theirs: Seen, same: bool) -> None:
    assert compare([ours], [theirs]).same is same
    assert compare([theirs], [ours]).same is same


@pytest.mark.parametrize("root", ["src/", "/home/jo/src/"])
def test_what_stands_before_their_paths_is_taken_away_and_told(root: str) -> None:
    ours = [Seen("x", "a/b.py", 1, 1), Seen("x", "c.py", 1, 1)]
    theirs = [one._replace(path=root + one.path) for one in ours]
    for made in (compare(ours, theirs), compare(theirs, ours)):
        assert made.same
        assert len(made.notes) == 1
        assert root in made.notes[0]


def test_paths_that_agree_are_left_as_they_are() -> None:
    ours = [Seen("x", "a.py", 1, 1), Seen("x", "b.py", 1, 1)]
    theirs = [*ours, Seen("x", "lib/a.py", 1, 1)]
    made = compare(ours, theirs)
    assert (made.only_theirs, made.notes) == ([theirs[2]], [])


def test_a_comparison_is_written_for_people_and_programs() -> None:
    made = compare([Seen("x", "a\x1b", 1, 1, "c" * 40), Seen("x", "b", 1, 1)], [Seen("y", "b", 1, 1)])
    human, machine = io.StringIO(), io.StringIO()
    write_human(made, ("secrets-guard", "gitleaks"), human)
    assert human.getvalue() == (
        "only ours (secrets-guard), 1:\n"
        "  a\\x1b:1  x  commit cccccccccccc\n"
        "\n"
        "ours    x  1 in both, 1 only ours\n"
        "theirs  y  1 in both, 0 only theirs\n"
        "1 in both, 1 only ours, 0 only theirs\n"
    )
    write_json(made, ("secrets-guard", "gitleaks"), machine)
    told = json.loads(machine.getvalue())
    assert told["both"] == [{"rule_id": "x", "path": "b", "line": 1, "their_rule": "y"}]
    assert told["only_ours"] == [{"rule_id": "x", "path": "a\x1b", "line": 1, "commit": "c" * 40}]
    assert told["only_theirs"] == []
