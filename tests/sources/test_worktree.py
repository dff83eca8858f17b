"""Git work trees: what git ignores is left out, whatever git can't tell is swept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.files import FileSource

Git = Callable[..., None]


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> Git:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }.items():
        monkeypatch.setenv(name, value)

    def run(folder: Path, *arguments: str) -> None:
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)

    return run


@pytest.fixture
def repo(tmp_path: Path, git: Git) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    for name, text in {
        ".gitignore": "*.log\nbuild/\n",
        "a.py": "a",
        "kept.log": "tracked though ignored",
        "new.log": "ignored",
        "build/out.txt": "ignored",
        "sub/c.py": "c",
        "sub/d.log": "ignored",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-f", ".gitignore", "a.py", "kept.log")
    git(folder, "commit", "-qm", "first")
    return folder


def names(source: FileSource) -> tuple[list[str], list[Problem], dict[str, int]]:
    stats = Stats()
    items = list(source.blobs(stats))
    found = [item.id for item in items if isinstance(item, Blob)]
    return found, [item for item in items if isinstance(item, Problem)], stats.skipped


def test_ignored_files_are_left_out_tracked_and_new_ones_are_swept(repo: Path) -> None:
    source = FileSource([str(repo)])
    assert names(source) == ([".gitignore", "a.py", "kept.log", "sub/c.py"], [], {"git_dir": 1})
    assert source.notes == []


def test_all_is_swept_when_that_is_wanted(repo: Path) -> None:
    found = names(FileSource([str(repo)], no_ignore=True))[0]
    assert {"new.log", "build/out.txt", "sub/d.log"} <= set(found)


def test_a_folder_inside_the_work_tree_obeys_the_ignore_file_above(repo: Path) -> None:
    assert names(FileSource([str(repo / "sub")]))[0] == ["c.py"]


def test_what_is_given_as_target_is_swept_even_if_ignored(repo: Path) -> None:
    assert names(FileSource([str(repo / "build")]))[0] == ["out.txt"]
    assert names(FileSource([str(repo / "new.log")]))[0] == [str(repo / "new.log")]


def test_a_work_tree_below_the_target_is_obeyed_too(repo: Path) -> None:
    (repo.parent / "x.log").write_text("x")
    assert names(FileSource([str(repo.parent)]))[0] == [
        "x.log", "repo/.gitignore", "repo/a.py", "repo/kept.log", "repo/sub/c.py",
    ]  # fmt: skip


def test_a_deleted_file_is_counted(repo: Path) -> None:
    (repo / "a.py").unlink()
    found, problems, skipped = names(FileSource([str(repo)]))
    assert "a.py" not in found
    assert (problems, skipped) == ([], {"git_dir": 1, "deleted": 1})


def test_links_are_counted_and_a_folder_that_became_one_does_not_lead_out(repo: Path, git: Git) -> None:
    git(repo, "add", "sub/c.py")
    (repo / "sub").rename(repo.parent / "outside")
    (repo / "sub").symlink_to(repo.parent / "outside")
    (repo / "link").symlink_to("a.py")
    found, problems, skipped = names(FileSource([str(repo)]))
    assert found == [".gitignore", "a.py", "kept.log"]
    assert problems == []
    assert skipped["symlink"] >= 2


def test_repositories_inside_are_swept_by_their_own_ignore_files(repo: Path, git: Git) -> None:
    for name in ("inner", "module"):
        inner = repo / name
        inner.mkdir()
        git(inner, "init", "-q")
        (inner / ".gitignore").write_text("x.txt\n")
        (inner / "x.txt").write_text("ignored")
        (inner / "y.log").write_text("ignored by the outer one only")
        git(inner, "add", ".gitignore")
        git(inner, "commit", "-qm", "first")
    git(repo, "add", "module")
    found, problems, skipped = names(FileSource([str(repo)]))
    inside = [f"{name}/{file}" for name in ("inner", "module") for file in (".gitignore", "y.log")]
    assert sorted(found) == sorted([".gitignore", "a.py", "kept.log", "sub/c.py", *inside])
    assert (problems, skipped) == ([], {"git_dir": 3})


def test_a_conflicted_file_is_swept_once(repo: Path, git: Git) -> None:
    git(repo, "checkout", "-qb", "other")
    (repo / "a.py").write_text("other")
    git(repo, "commit", "-qam", "other")
    git(repo, "checkout", "-q", "-")
    (repo / "a.py").write_text("mine")
    git(repo, "commit", "-qam", "mine")
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "merge", "-q", "other")
    assert names(FileSource([str(repo)]))[0].count("a.py") == 1


def test_a_hooks_environment_does_not_lead_git_to_another_repository(
    repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    assert "new.log" not in names(FileSource([str(repo)]))[0]


def test_a_repositorys_config_starts_no_program(repo: Path, git: Git, tmp_path: Path) -> None:
    program = tmp_path / "monitor"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    git(repo, "config", "core.fsmonitor", str(program))
    assert "a.py" in names(FileSource([str(repo)]))[0]
    assert not (tmp_path / "started").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_that_git_refuses_is_swept_whole_with_a_note(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    for place in (repo, repo / ".git"):
        os.chown(place, 12345, 12345)
    source = FileSource([str(repo)])
    assert "new.log" in names(source)[0]
    (note,) = source.notes
    assert "dubious ownership" in note
    assert ".gitignore not honoured" in note


def test_a_damaged_repository_is_swept_whole_with_a_note(repo: Path) -> None:
    (repo / ".git" / "HEAD").write_text("nonsense")
    source = FileSource([str(repo / "sub")])
    assert sorted(names(source)[0]) == ["c.py", "d.log"]
    assert len(source.notes) == 1


def test_without_git_installed_all_is_swept_with_a_note(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repo))
    source = FileSource([str(repo)])
    assert "new.log" in names(source)[0]
    assert "git is not installed" in source.notes[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_git_may_not_open_is_a_problem_not_a_silence() -> None:
    program = """
import os, sys, subprocess
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.files import FileSource
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for item in FileSource(sys.argv[1:]).blobs(Stats()):
    print(*item if isinstance(item, Problem) else ("blob", item.id), sep="|")
"""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", folder], check=True)
        os.mkdir(f"{folder}/closed")
        Path(folder, "closed", "x").write_text("x")
        Path(folder, "open.txt").write_text("x")
        subprocess.run(["chown", "-R", "65534:65534", folder], check=True)
        os.chmod(f"{folder}/closed", 0)
        command = [sys.executable, "-c", program, folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "HOME": folder})
    assert done.stdout.splitlines() == ["unreadable|closed|Permission denied", "blob|open.txt"]
