"""Exit codes, each by the thing that causes it."""

from __future__ import annotations

import gzip
import signal
import time
from pathlib import Path

import pytest

from .conftest import Run, Start, Token


def test_a_clean_sweep_exits_0_and_says_so(run: Run, here: Path) -> None:
    (here / "a.txt").write_text("nothing here\n")
    ran = run("scan", "files", ".")
    assert ran.code == 0
    assert "no secrets found" in ran.out
    assert ran.err == ""


@pytest.mark.parametrize(("options", "code"), [((), 1), (("--exit-code", "7"), 7), (("--exit-code", "0"), 0)])
def test_findings_exit_1_or_as_asked(run: Run, leak: str, options: tuple[str, ...], code: int) -> None:
    ran = run("scan", "files", ".", *options)
    assert ran.code == code
    assert "app/settings.py:2:10" in ran.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("scan", "files", "--formt", "json"), "--format"),
        (("scan", "files", "--format", "jsom"), "did you mean 'json'?"),
        (("scan", "files", "--jobs", "many"), "--jobs"),
        (("scan", "files", "--jobs", "-1"), "--jobs: must be a whole number from 0"),
        (("scan", "files", "--max-file-size", "5 parsecs"), "--max-file-size"),
        (("scan", "files", "--min-severity", "hihg"), "did you mean 'high'?"),
        (("scan", "files", "--only-rule", "aws-acess-key-id"), "did you mean 'aws-access-key-id'?"),
        (("scan", "files", "--exclude-rule", "aws-acess-key-id"), "did you mean 'aws-access-key-id'?"),
        (("scan", "files", "--rules", "nope.yaml"), "nope.yaml: can't be read: No such file"),
        (("scan", "files", "--config", "nope.yaml"), "nope.yaml: can't be read: No such file"),
        (("scan", "files", "--baseline", "nope.yaml"), "nope.yaml: can't be read: No such file"),
        (("scan", "files", "--output", "nope/report.json"), "nope/report.json: can't be written: No such file"),
        (("scan", "files", "nope"), "'nope': no such file or folder"),
        (("scan", "files", ""), "'': no such file or folder"),
        (("scan", "files", "/dev/null"), "neither a file nor a folder"),
        (("scan", "fles"), "did you mean 'files'?"),
        (("scna",), "did you mean 'scan'?"),
        (("rules", "shwo"), "did you mean 'show'?"),
        (("rules", "show", "aws-acess-key-id"), "did you mean 'aws-access-key-id'?"),
        (("rules", "list", "--kind", "tokne"), "is none of token"),
        (("rules", "check", "nope.yaml"), "nope.yaml: can't be read"),
        (("rules", "import", "nope.toml"), "nope.toml: can't be read"),
        (("report", "convert", "nope.json"), "nope.json: can't be read"),
        (("report", "convert", "/dev/null"), "not JSON"),
        (("baseline", "create", "nope"), "'nope': no such file or folder"),
    ],
)
def test_wrong_use_exits_2_and_says_what_to_change(run: Run, arguments: tuple[str, ...], told: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert told in ran.err.replace("\n", " ")
    assert ran.out == ""


def test_a_gap_is_told_and_exits_2_only_when_strict(run: Run, here: Path) -> None:
    (here / "big.txt").write_text("x" * 100)
    (here / "small.txt").write_text("x")
    loose = run("scan", "files", ".", "--max-file-size", "50B")
    assert (loose.code, "INCOMPLETE" in loose.out, "big.txt: 100 bytes" in loose.out) == (0, True, True)
    strict = run("scan", "files", ".", "--max-file-size", "50B", "--strict")
    assert strict.code == 2
    assert "--strict" in strict.err


def test_an_archive_that_could_not_be_opened_is_a_gap_when_strict(run: Run, here: Path) -> None:
    (here / "a.rar").write_bytes(b"Rar!\x1a\x07\0")
    assert run("scan", "files", ".").code == 0
    assert run("scan", "files", ".", "--strict").code == 2


@pytest.mark.parametrize("option", ["--no-archives", "--max-depth=0"])
def test_an_archive_that_was_opened_or_was_to_stay_closed_is_no_gap(run: Run, here: Path, option: str) -> None:
    (here / "a.gz").write_bytes(gzip.compress(b"text"))
    assert run("scan", "files", ".", "--strict").code == 0
    assert run("scan", "files", ".", "--strict", option).code == 0


def test_strict_without_a_gap_exits_0(run: Run, here: Path) -> None:
    (here / "a.txt").write_text("x\n")
    assert run("scan", "files", ".", "--strict").code == 0


def test_an_allow_entry_that_nothing_needs_exits_2_when_asked(run: Run, here: Path) -> None:
    (here / "a.txt").write_text("x\n")
    (here / ".secrets-guard.yaml").write_text("allow:\n  - reason: long gone\n    stopwords: [longgone]\n")
    loose = run("scan", "files", ".")
    assert (loose.code, "unused allow entry" in loose.out) == (0, True)
    ran = run("scan", "files", ".", "--fail-on-unused")
    assert ran.code == 2
    assert "--fail-on-unused" in ran.err


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_sweep_exits_130_at_once_and_reports_what_it_had(start: Start, token: Token, jobs: str) -> None:
    process = start("scan", "stdin", "--jobs", jobs)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    # Three pieces: the first one is swept by then. The input stays open, so nothing but the signal ends this.
    process.stdin.write(f"token = {token('early')}\n".encode() + b"plain text\n" * 1_200_000)
    process.stdin.flush()
    time.sleep(0.6)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    out = process.stdout.read()
    assert b"INCOMPLETE" in out
    assert b"interrupted" in out
    assert b"stdin:1:9" in out
    assert process.stderr.read() == b""
