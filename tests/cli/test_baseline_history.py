"""Baselines of git histories: made of them, decided on, and kept as long as a commit holds the secret."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from secrets_guard.suppression.baseline import read_baseline
from tests.cli.conftest import Run, Token

NAME = ".secrets-guard-baseline.yaml"
Git = Callable[..., None]


@pytest.fixture
def git(here: Path, environment: dict[str, str]) -> Git:
    def run(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgSign=false")
        subprocess.run(["git", *who, *arguments], cwd=here, env=environment, capture_output=True, check=True)

    return run


@pytest.fixture
def past(here: Path, git: Git, token: Token) -> None:
    """Leave one token in the work tree and another one in an old commit only."""
    git("init", "-q", "-b", "main")
    (here / "now.py").write_text(f't = "{token("now")}"\n')
    (here / "past.py").write_text(f't = "{token("past")}"\n')
    git("add", ".")
    git("commit", "-qm", "both")
    git("rm", "-q", "past.py")
    git("commit", "-qm", "one")


def _entries(here: Path) -> int:
    return len(read_baseline(str(here / NAME)).entries)


@pytest.mark.usefixtures("past")
def test_a_baseline_of_files_does_not_know_the_past(run: Run, here: Path) -> None:
    assert run("baseline", "create").code == 0
    assert (_entries(here), read_baseline(str(here / NAME)).history) == (1, False)
    assert run("scan", "git").code == 1


@pytest.mark.usefixtures("past")
def test_a_baseline_of_the_history_silences_it_and_is_pruned_with_it(run: Run, here: Path, git: Git) -> None:
    assert run("baseline", "create", "--history").code == 0
    assert (_entries(here), read_baseline(str(here / NAME)).history) == (2, True)
    assert run("scan", "git").code == 0
    ran = run("baseline", "prune")
    assert (ran.code, ran.out, _entries(here)) == (0, "", 2)
    # Now the past goes, and with it what it needed.
    git("checkout", "-q", "--orphan", "anew")
    git("commit", "-qm", "anew")
    git("branch", "-qD", "main")
    git("reflog", "expire", "--expire=now", "--all")
    ran = run("baseline", "prune")
    assert (ran.out.count("no longer found"), _entries(here)) == (1, 1)
    assert read_baseline(str(here / NAME)).history


@pytest.mark.usefixtures("past")
def test_pruning_can_be_told_to_look_or_not_to_look_at_the_history(run: Run, here: Path) -> None:
    run("baseline", "create", "--history")
    assert "would drop" in run("baseline", "prune", "--no-history", "--dry-run").out
    assert _entries(here) == 2
    run("baseline", "prune", "--no-history")
    assert (_entries(here), read_baseline(str(here / NAME)).history) == (1, False)
    (here / "now.py").unlink()
    assert "would drop" in run("baseline", "prune", "--dry-run").out
    assert run("baseline", "prune", "--history").out == ""
    assert _entries(here) == 1


@pytest.mark.usefixtures("past")
def test_create_goes_on_as_the_baseline_was_made(run: Run, here: Path, git: Git, token: Token) -> None:
    run("baseline", "create", "--history")
    (here / "brief.py").write_text(f't = "{token("brief")}"\n')
    git("add", "brief.py")
    git("commit", "-qm", "brief")
    git("rm", "-q", "brief.py")
    git("commit", "-qm", "gone")
    assert "2 entries kept, 1 added" in run("baseline", "create").err


@pytest.mark.usefixtures("past")
def test_an_audit_shows_what_only_the_history_has(run: Run, here: Path, token: Token) -> None:
    run("baseline", "create", "--history")
    ran = run("baseline", "audit", stdin="f\nr\n")
    assert ("past.py:1" in ran.out, "[2/2]" in ran.out) == (True, True)
    assert read_baseline(str(here / NAME)).history
    assert "not found here" in run("baseline", "audit", "--no-history", "--all", stdin="s\ns\n").out
    (here / NAME).unlink()
    (here / "now.py").unlink()
    run("baseline", "create")
    assert "not in the baseline" in run("baseline", "audit", "--history", "--new", stdin="s\ns\n").out


@pytest.mark.usefixtures("past")
def test_nothing_is_dropped_where_the_history_is_not_whole(
    run: Run, here: Path, git: Git, environment: dict[str, str], tmp_path: Path
) -> None:
    run("baseline", "create", "--history")
    git("add", NAME)
    git("commit", "-qm", "baseline")
    clone = ["git", "clone", "-q", "--depth=1", f"file://{here}", str(tmp_path / "shallow")]
    subprocess.run(clone, env=environment, capture_output=True, check=True)
    ran = run("baseline", "prune", cwd=tmp_path / "shallow")
    assert (ran.code, "shallow" in ran.err, "nothing dropped" in ran.err) == (2, True, True)


def test_a_folder_without_a_history_is_told(run: Run, here: Path) -> None:
    ran = run("baseline", "create", "--history")
    assert (ran.code, "not a git repository" in ran.err, (here / NAME).exists()) == (2, True, False)


@pytest.mark.usefixtures("past")
def test_a_repository_is_swept_once_however_many_paths_lie_in_it(run: Run, here: Path, token: Token) -> None:
    (here / "sub").mkdir()
    (here / "sub/a.py").write_text(f't = "{token("a")}"\n')
    assert run("baseline", "create", "--history", "sub", "now.py").code == 0
    assert _entries(here) == 3
