"""``compare``: exit codes, and reports of a real sweep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def swept(run: Any, here: Path, token: Any) -> Path:
    (here / "src").mkdir()
    (here / "src" / "a.env").write_text(f"x=1\nTOKEN={token('one')}\n")
    assert run("scan", "files", "src", "--format", "json", "--output", "ours.json").code == 1
    return here


def test_the_same_findings_are_code_0(run: Any, swept: Path) -> None:
    assert run("scan", "files", "src", "--format", "gitleaks", "--output", "theirs.json").code == 1
    done = run("compare", "ours.json", "--with", "theirs.json")
    assert (done.code, done.err) == (0, "")
    assert "1 in both, 0 only ours, 0 only theirs" in done.out


def test_a_difference_is_code_1_and_told(run: Any, swept: Path) -> None:
    theirs = [{"RuleID": "r", "File": "src/b.env", "StartLine": 7}]
    (swept / "theirs.json").write_text(json.dumps(theirs))
    done = run("compare", "ours.json", "--with", "theirs.json", "--format", "json")
    told = json.loads(done.out)
    assert (done.code, told["only_theirs"]) == (1, [{"rule_id": "r", "path": "src/b.env", "line": 7}])
    assert [one["line"] for one in told["only_ours"]] == [2]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["ours.json", "--with", "nowhere.json"], "nowhere.json: can't be read"),
        (["ours.json", "--with", "src/a.env"], "not JSON"),
        (["ours.json", "--with", "ours.json", "--format", "csv"], "human or json"),
        (["ours.json"], "--with"),
    ],
)
def test_wrong_use_is_code_2(run: Any, swept: Path, arguments: list[str], word: str) -> None:
    done = run("compare", *arguments)
    assert done.code == 2
    assert word in done.err
