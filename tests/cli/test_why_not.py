"""``--why-not FILE:LINE``: the story of one line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from .conftest import Run, Token


@pytest.fixture
def lines(here: Path, token: Token) -> list[str]:
    """Write a file whose lines are not reported, each for another reason; return what stands in them."""
    good = token("why")
    wrong = good[:-1] + ("a" if good[-1] != "a" else "b")
    made = [good, good[:24] + "EXAMPLE" + good[31:], wrong, good[:-5], f"{good}  # gitleaks:allow", "a plain line"]
    (here / "a.env").write_text("".join(f"token = {text}\n" for text in made))
    return made


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (1, "a.env:1:9: github-personal-access-token: REPORTED"),
        (2, "github-personal-access-token: dropped by placeholder: it holds a word of examples"),
        (3, "its checksum is wrong"),
        (4, "github-personal-access-token: its keyword 'ghp_' is there, its pattern does not match"),
        (5, "github-personal-access-token: suppressed by inline: comment 'gitleaks:allow'"),
        (6, "no rule's keyword or pattern fits anything in this line"),
        (7, "a.env: the file has no line 7"),
    ],
)
def test_a_line_is_explained(run: Run, lines: list[str], line: int, told: str) -> None:
    ran = run("scan", "files", "--why-not", f"a.env:{line}", "--only-rule", "github-personal-access-token")
    assert ran.code == 0
    assert told in ran.out
    assert not [text for text in lines[:1] if text in ran.all]


def test_a_threshold_is_named_as_the_reason(run: Run, lines: list[str]) -> None:
    assert "found, but only of low confidence" in run("scan", "files", "--why-not", "a.env:3").out
    assert "REPORTED" in run("scan", "files", "--why-not", "a.env:3", "--min-confidence", "low").out


def test_a_file_that_an_allow_entry_leaves_out_is_told(run: Run, lines: list[str], here: Path) -> None:
    (here / ".secrets-guard.yaml").write_text("allow:\n  - reason: samples\n    paths: ['*.env']\n")
    ran = run("scan", "files", "--why-not", "a.env:1")
    assert ran.code == 0
    assert "leaves this whole file out" in ran.out


@pytest.mark.parametrize(
    ("place", "told"),
    [("a.env", "write it as FILE:LINE"), ("a.env:x", "write it as FILE:LINE"), ("a.env:0", "write it as FILE:LINE"),
     ("a.env:²", "write it as FILE:LINE"), (":3", "write it as FILE:LINE"), ("nope:3", "no such file"),
     (".:1", "is a folder")],
)  # fmt: skip
def test_a_place_that_is_none_exits_2(run: Run, lines: list[str], place: str, told: str) -> None:
    ran = run("scan", "files", "--why-not", place)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_line_in_an_archive_is_explained(run: Run, here: Path, token: Token) -> None:
    with zipfile.ZipFile(here / "a.zip", "w") as archive:
        archive.writestr("x/a.env", f"first\ntoken = {token('inside')}\nghp_ alone\n")
    only = ("--only-rule", "github-personal-access-token")
    assert "github-personal-access-token: REPORTED" in run("scan", "files", "--why-not", "a.zip!/x/a.env:2", *only).out
    assert "its keyword 'ghp_' is there" in run("scan", "files", "--why-not", "a.zip!/x/a.env:3", *only).out
    assert "the file has no line 4" in run("scan", "files", "--why-not", "a.zip!/x/a.env:4", *only).out
