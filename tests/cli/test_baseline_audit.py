"""Deciding on a baseline's entries, and dropping those that nothing needs."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import termios
import time
from pathlib import Path

import pytest

from secrets_guard.suppression.baseline import read_baseline
from tests.cli.conftest import COMMAND, Run, Token

NAME = ".secrets-guard-baseline.yaml"


@pytest.fixture
def two(run: Run, here: Path, token: Token) -> tuple[str, str]:
    """Plant two tokens in a.py and b.py, and make the baseline."""
    values = token("first"), token("second")
    for name, value in zip(("a.py", "b.py"), values, strict=True):
        (here / name).write_text(f't = "{value}"\n')
    assert run("baseline", "create").code == 0
    return values


def verdicts(here: Path) -> list[str]:
    return sorted(entry.verdict for entry in read_baseline(str(here / NAME)).entries)


def test_answers_from_a_pipe_are_kept_and_the_next_walk_asks_only_the_rest(
    run: Run, here: Path, two: tuple[str, str]
) -> None:
    first = run("baseline", "audit", stdin="n\nrotated: later\nr\nq\n")
    assert (first.code, verdicts(here)) == (0, ["", "real"])
    assert "1 real, 0 false, 0 accepted, 1 undecided" in first.out
    assert not any(value in first.all for value in two)
    second = run("baseline", "audit", stdin="f\n")
    assert "[1/1]" in second.out
    assert verdicts(here) == ["false", "real"]
    assert {entry.reason for entry in read_baseline(str(here / NAME)).entries} == {"", "rotated: later"}
    assert "[1/" not in run("baseline", "audit").out
    assert run("scan", "files").code == 0


def test_back_changes_the_answer_before(run: Run, here: Path, two: tuple[str, str]) -> None:
    run("baseline", "audit", stdin="r\nb\na\ns\n")
    assert verdicts(here) == ["", "accepted"]


def test_the_values_are_shown_only_on_request(run: Run, two: tuple[str, str]) -> None:
    shown = run("baseline", "audit", "--show-secrets", stdin="s\ns\n").out
    assert all(value in shown for value in two)


def test_new_asks_for_what_the_baseline_does_not_know(run: Run, here: Path, two: tuple[str, str], token: Token) -> None:
    (here / "c\x1b[2J.py").write_text(f't = "{token("third")}"\n')
    ran = run("baseline", "audit", "--new", stdin="s\ns\nf\n")
    assert "not in the baseline" in ran.out
    assert "\x1b" not in ran.all
    assert verdicts(here) == ["", "", "false"]


@pytest.mark.parametrize(("keys", "code", "kept"), [(b"rf", 0, ["false", "real"]), (b"r\x03", 130, ["", "real"])])
def test_a_terminal_takes_single_keys_and_is_left_as_it_was(
    environment: dict[str, str], here: Path, two: tuple[str, str], keys: bytes, code: int, kept: list[str]
) -> None:
    outer, inner = pty.openpty()
    before = termios.tcgetattr(inner)

    def own_terminal() -> None:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(os.open(os.ttyname(inner), os.O_RDWR))

    process = subprocess.Popen(
        [*COMMAND, "baseline", "audit"], cwd=here, env=environment | {"NO_COLOR": "1"},
        stdin=inner, stdout=inner, stderr=inner, preexec_fn=own_terminal,
    )  # fmt: skip
    seen = b""
    for number in range(len(keys)):
        while seen.count(b"quit: ") <= number:
            seen += os.read(outer, 4096)
        time.sleep(0.2)
        os.write(outer, keys[number : number + 1])
    assert process.wait(timeout=60) == code
    assert termios.tcgetattr(inner) == before
    assert b"\x1b" not in seen
    os.close(outer)
    os.close(inner)
    assert verdicts(here) == kept


def test_prune_drops_what_is_gone_and_keeps_mode_and_header(run: Run, here: Path, two: tuple[str, str]) -> None:
    path = here / NAME
    path.write_text("# ours\n" + path.read_text())
    path.chmod(0o640)
    (here / "b.py").unlink()
    before = path.read_bytes()
    assert "would drop" in run("baseline", "prune", "--dry-run").out
    assert path.read_bytes() == before
    assert "no longer found" in run("baseline", "prune").out
    assert len(read_baseline(str(path)).entries) == 1
    assert path.read_text().startswith("# ours\n# Secrets that")
    assert path.stat().st_mode & 0o777 == 0o640
    assert run("scan", "files").code == 0


def test_prune_drops_the_expired_only_on_request(run: Run, here: Path, two: tuple[str, str]) -> None:
    path = here / NAME
    path.write_text(path.read_text().removesuffix("}\n") + ", expires: '2001-01-31'}\n")
    run("baseline", "prune")
    assert len(read_baseline(str(path)).entries) == 2
    assert ": expired" in run("baseline", "prune", "--expired").out
    assert len(read_baseline(str(path)).entries) == 1


def test_prune_drops_nothing_after_an_incomplete_sweep_unless_forced(
    run: Run, here: Path, two: tuple[str, str]
) -> None:
    (here / "b.py").unlink()
    (here / "big").write_text("x" * 5000)
    limit = {"SECRETS_GUARD_MAX_FILE_SIZE": "1KB"}
    ran = run("baseline", "prune", env=limit)
    assert (ran.code, "incomplete" in ran.err) == (2, True)
    assert len(read_baseline(str(here / NAME)).entries) == 2
    assert run("baseline", "prune", "--force", env=limit).code == 0
    assert len(read_baseline(str(here / NAME)).entries) == 1


def test_without_a_baseline_the_error_says_how_to_make_one(run: Run) -> None:
    for command in ("audit", "prune"):
        ran = run("baseline", command)
        assert (ran.code, "baseline create" in ran.err) == (2, True)
