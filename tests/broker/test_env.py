"""``env plan`` shows everything but values; ``env print`` shows values to those who asked."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run

KEY = {"SECRETS_GUARD_FINGERPRINT_KEY": "k"}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text("A='hunter two'\nB=it's\nC=hunter\n")
    (tmp_path / "s.yaml").write_text(
        "version: 1\nenv:\n  ONE: env-file:.env#A\n  TWO: env-file:.env#B\n  SAME: env-file:.env#A\n  PLAIN: info\n"
        "  NOPE: {ref: 'env-file:.env#X', optional: true}\n  ELSE: {ref: 'env-file:.env#X', default: fallback}\n"
    )
    return tmp_path / "s.yaml"


def test_a_plan_names_everything_and_shows_no_value(run: Run, manifest: Path) -> None:
    ran = run("env", "plan", "-m", "s.yaml", env=KEY)
    assert ran.code == 0
    rows = {line.split()[0]: line for line in ran.out.splitlines()}
    assert rows["ONE"].split()[4] == rows["SAME"].split()[4] != rows["TWO"].split()[4]
    assert "env-file:.env#A (s.yaml:3)" in rows["ONE"]
    assert "literal" in rows["PLAIN"]
    assert "optional, not there" in rows["NOPE"]
    assert "default" in rows["ELSE"]
    for value in ("hunter", "it's", "fallback"):
        assert value not in ran.out + ran.err


def test_fingerprints_depend_on_the_key_and_are_left_out_without_one(run: Run, manifest: Path) -> None:
    shown = [
        run("env", "plan", "-m", "s.yaml", env=env) for env in (KEY, KEY, {"SECRETS_GUARD_FINGERPRINT_KEY": "j"}, {})
    ]
    marks = [next(line.split()[4] for line in ran.out.splitlines() if line.startswith("ONE")) for ran in shown]
    assert marks[0] == marks[1] != marks[2]
    assert marks[3] == "-"
    assert "set SECRETS_GUARD_FINGERPRINT_KEY" in shown[3].err


def test_values_are_printed_into_a_pipe_only_when_forced(run: Run, manifest: Path) -> None:
    ran = run("env", "print", "-m", "s.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert "--force" in ran.err
    ran = run("env", "print", "-m", "s.yaml", "--force", "--format", "jsno")
    assert (ran.code, "did you mean 'json'?" in ran.err) == (2, True)
    wanted = {"ELSE": "fallback", "ONE": "hunter two", "PLAIN": "info", "SAME": "hunter two", "TWO": "it's"}
    assert json.loads(run("env", "print", "-m", "s.yaml", "--force", "--format", "json").out) == wanted
    out = run("env", "print", "-m", "s.yaml", "--force").out
    assert out == "ELSE=fallback\nONE='hunter two'\nPLAIN=info\nSAME='hunter two'\nTWO=\"it's\"\n"
    script = run("env", "print", "-m", "s.yaml", "--force", "--format", "shell").out
    done = subprocess.run(["sh", "-c", f'{script}printf %s "$ONE|$TWO"'], capture_output=True, text=True, check=True)
    assert done.stdout == "hunter two|it's"


def test_a_terminal_is_shown_the_values(manifest: Path, clean_environment: dict[str, str], tmp_path: Path) -> None:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "secrets_guard", "env", "print", "-m", "s.yaml"]
    done = subprocess.run(
        command, env=clean_environment, cwd=tmp_path, stdout=slave, stderr=subprocess.PIPE, check=False
    )
    os.close(slave)
    shown = os.read(master, 65536)
    os.close(master)
    assert (done.returncode, b"ONE='hunter two'" in shown) == (0, True)


def test_what_run_would_refuse_is_refused_here_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "big").write_text("ab" * 100_000)
    for command in (("env", "plan"), ("env", "print", "--force")):
        ran = run(*command, env={"A": "${file:big}"})
        assert (ran.code, ran.out) == (120, "")
        assert "A (file:big): is too large for the kernel" in ran.err
