"""``report diff`` as the command: exit codes, outputs, and what is wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run, Token


@pytest.fixture
def reports(run: Run, here: Path, token: Token) -> Path:
    """Sweep before and after one secret left and another came; return the folder of both reports."""
    (here / "tree").mkdir()
    for name, files in {"old": {"a.env": "left", "b.env": "stays"}, "new": {"b.env": "stays", "c.env": "came"}}.items():
        for path in (here / "tree").iterdir():
            path.unlink()
        for path_name, seed in files.items():
            (here / "tree" / path_name).write_text(f"token = {token(seed)}\n")
        assert run("scan", "files", "tree", "--format", "json", "--output", f"{name}.json").code == 1
    return here


def test_new_findings_exit_1_and_none_exit_0(run: Run, reports: Path) -> None:
    ran = run("report", "diff", "old.json", "new.json")
    assert ran.code == 1
    assert "1 new, 1 gone, 1 unchanged since the files sweep of tree" in ran.out
    same = run("report", "diff", "new.json", "new.json")
    assert same.code == 0
    assert "0 new, 0 gone, 2 unchanged" in same.out


def test_the_output_is_a_report_that_converts_and_compares(run: Run, reports: Path) -> None:
    ran = run(
        "report", "diff", "-", "new.json", "--format", "json", "-o", "d.json", stdin=(reports / "old.json").read_text()
    )
    assert (ran.code, ran.out) == (1, "")
    told = json.loads((reports / "d.json").read_text())
    assert {one["change"] for one in told["findings"]} == {"new", "gone", "unchanged"}
    assert '"change": "gone"' in run("report", "convert", "d.json", "--format", "html").out
    assert run("report", "diff", "new.json", "d.json").code == 0


@pytest.mark.parametrize("format", ["junit", "gitlab", "github"])
def test_a_format_that_knows_no_changes_says_so(run: Run, reports: Path, format: str) -> None:
    ran = run("report", "diff", "old.json", "new.json", "--format", format)
    assert ran.code == 1
    assert "c.env" in ran.out
    assert "a.env" not in ran.out
    assert f"--format {format} can't tell changes; only new findings are in it" in ran.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("old.json",), "NEW"),
        (("old.json", "nope.json"), "nope.json: can't be read: No such file"),
        (("-", "-"), "only one of the two"),
        (("old.json", "new.json", "--format", "htlm"), "did you mean html?"),
        (("old.json", "tree/b.env"), "not JSON"),
    ],
)
def test_wrong_use_exits_2(run: Run, reports: Path, arguments: tuple[str, ...], told: str) -> None:
    ran = run("report", "diff", *arguments, stdin="")
    assert ran.code == 2
    assert told in ran.err
