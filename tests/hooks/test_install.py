"""``hook install`` and ``uninstall``: where the shims go, what happens to hooks that are there, and the way back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, Make, Repo, Token

_PREVIOUS = '#!/bin/sh\necho "previous $*" >> "$HOME/calls"\ncat >> "$HOME/calls"\nexit "${PREVIOUS:-0}"\n'


def _hooks(repo: Repo) -> Path:
    return repo.folder / ".git" / "hooks"


def _previous(repo: Repo, name: str = "pre-commit", mode: int = 0o755) -> Path:
    path = _hooks(repo) / name
    path.write_text(_PREVIOUS)
    path.chmod(mode)
    return path


def _calls(repo: Repo) -> str:
    path = Path(repo.environment["HOME"]) / "calls"
    return path.read_text() if path.exists() else ""


def test_installing_twice_is_installing_once_and_uninstalling_leaves_nothing(repo: Repo) -> None:
    before = sorted(os.listdir(_hooks(repo)))
    for _ in range(2):
        ran = repo.cli("hook", "install", "--hook", "pre-commit", "--hook", "pre-push")
        assert (ran.code, ran.out.count("installed")) == (0, 2)
    assert sorted(os.listdir(_hooks(repo))) == sorted([*before, "pre-commit", "pre-push"])
    assert os.access(_hooks(repo) / "pre-commit", os.X_OK)
    assert repo.cli("hook", "uninstall").code == 0
    assert sorted(os.listdir(_hooks(repo))) == before
    assert "no hook of ours" in repo.cli("hook", "uninstall").out


def test_a_hook_that_is_there_runs_after_ours_and_its_failure_counts(repo: Repo, token: Token) -> None:
    _previous(repo)
    assert "kept and runs after it" in repo.cli("hook", "install").out
    repo.stage("a.py", "x = 1\n")
    assert repo.run("git", "commit", "-qm", "x", env={"PREVIOUS": "1"}).code == 1
    assert repo.run("git", "commit", "-qm", "x").code == 0
    assert _calls(repo).count("previous") == 2
    repo.stage("a.py", f'token = "{token("x")}"\n')
    assert repo.run("git", "commit", "-qm", "x").places == ["a.py:1"]
    assert _calls(repo).count("previous") == 2


def test_a_previous_pre_push_hook_gets_the_same_arguments_and_input(repo: Repo, make: Make) -> None:
    remote = make("remote.git", "--bare")
    _previous(repo, "pre-push")
    repo.cli("hook", "install", "--hook", "pre-push")
    repo.git("push", "-q", str(remote.folder), "main")
    head = repo.head()
    assert _calls(repo) == (
        f"previous {remote.folder} {remote.folder}\nrefs/heads/main {head} refs/heads/main {'0' * 40}\n"
    )


@pytest.mark.parametrize("mode", [0o755, 0o644, 0o500])
def test_uninstalling_restores_the_previous_hook_byte_for_byte(repo: Repo, mode: int) -> None:
    path = _previous(repo, mode=mode)
    odd = b"#!/bin/sh\r\n\xff\0no newline"
    path.chmod(0o700)
    path.write_bytes(odd)
    path.chmod(mode)
    repo.cli("hook", "install")
    repo.cli("hook", "install")
    assert path.read_bytes() != odd
    repo.cli("hook", "uninstall")
    assert path.read_bytes() == odd
    assert path.stat().st_mode & 0o777 == mode
    assert not path.with_name("pre-commit.before-secrets-guard").exists()


def test_a_previous_hook_that_was_switched_off_stays_off(repo: Repo) -> None:
    _previous(repo, mode=0o644)
    assert "not run, as it was not executable" in repo.cli("hook", "install").out
    repo.stage("a.py", "x = 1\n")
    assert repo.run("git", "commit", "-qm", "x", env={"PREVIOUS": "1"}).code == 0


def test_a_previous_hook_that_is_a_link_stays_one(repo: Repo) -> None:
    repo.write("tools/hook", _PREVIOUS).chmod(0o755)
    link = _hooks(repo) / "pre-commit"
    link.symlink_to("../../tools/hook")
    repo.cli("hook", "install")
    assert not link.is_symlink()
    assert (repo.folder / "tools" / "hook").read_text() == _PREVIOUS
    repo.cli("hook", "uninstall")
    assert os.readlink(link) == "../../tools/hook"


def test_two_previous_hooks_are_never_mixed_up(repo: Repo) -> None:
    path = _previous(repo)
    repo.cli("hook", "install")
    path.write_text("#!/bin/sh\n# somebody's third\n")
    ran = repo.cli("hook", "install")
    assert ran.code == 2
    assert "remove one of the two" in ran.err


def test_a_hooks_path_of_the_repository_is_where_the_hook_goes(repo: Repo, token: Token) -> None:
    repo.git("config", "core.hooksPath", "tools/git hooks")
    repo.cli("hook", "install")
    assert (repo.folder / "tools" / "git hooks" / "pre-commit").exists()
    repo.stage("a.py", f'token = "{token("x")}"\n')
    assert repo.run("git", "commit", "-qm", "x").places == ["a.py:1"]


def test_from_a_linked_worktree_the_hook_goes_where_git_looks(repo: Repo) -> None:
    repo.git("worktree", "add", "-q", "../linked")
    assert Repo(repo.folder.parent / "linked", repo.environment).cli("hook", "install").code == 0
    assert (_hooks(repo) / "pre-commit").exists()


def test_from_a_subfolder_the_hook_goes_where_git_looks(repo: Repo) -> None:
    (repo.folder / "deep").mkdir()
    assert Repo(repo.folder / "deep", repo.environment).cli("hook", "install").code == 0
    assert (_hooks(repo) / "pre-commit").exists()


def test_a_bare_repository_gets_pre_receive(make: Make) -> None:
    server = make("server.git", "--bare")
    server.cli("hook", "install")
    assert (server.folder / "hooks" / "pre-receive").exists()


def test_outside_of_a_repository_nothing_is_installed(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    ran = Repo(tmp_path / "plain", environment).cli("hook", "install")
    assert ran.code == 2
    assert "not a git repository" in ran.err


def test_an_unknown_hook_is_refused(repo: Repo) -> None:
    ran = repo.cli("hook", "install", "--hook", "pre-comit")
    assert ran.code == 2
    assert "pre-commit, pre-push, pre-receive" in ran.err


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n", ".pre-commit-config.yaml"),
        ("#!/bin/sh\n# File generated by prek: https://github.com/j178/prek\n", ".pre-commit-config.yaml"),
        ("#!/bin/sh\ncall_lefthook run \"pre-commit\" \"$@\"\n", "lefthook.yml"),
        ("#!/usr/bin/env sh\n. \"${0%/*}/husky.sh\"\n", ".husky/pre-commit"),
    ],
)  # fmt: skip
def test_where_another_tool_manages_the_hooks_it_says_what_to_add_there(repo: Repo, content: str, wanted: str) -> None:
    (_hooks(repo) / "pre-commit").write_text(content)
    ran = repo.cli("hook", "install")
    assert ran.code == 2
    assert wanted in ran.err
    assert (_hooks(repo) / "pre-commit").read_text() == content


def test_husky_is_known_by_its_folder(repo: Repo) -> None:
    repo.git("config", "core.hooksPath", ".husky/_")
    ran = repo.cli("hook", "install", "--hook", "pre-push")
    assert ran.code == 2
    assert "secrets-guard-hook pre-push" in ran.err


def test_globally_every_repository_is_covered_and_keeps_its_own_hooks(repo: Repo, make: Make, token: Token) -> None:
    _previous(repo)
    message = _hooks(repo) / "commit-msg"
    message.write_text("#!/bin/sh\necho called >> \"$HOME/calls\"\nexit \"${MESSAGE:-0}\"\n")  # fmt: skip
    message.chmod(0o755)
    ran = repo.cli("hook", "install", "--global")
    assert ran.code == 0
    repo.stage("a.py", "x = 1\n")
    assert repo.run("git", "commit", "-qm", "x", env={"PREVIOUS": "1"}).code == 1
    assert repo.run("git", "commit", "-qm", "x", env={"MESSAGE": "1"}).code == 1
    assert repo.run("git", "commit", "-qm", "x").code == 0
    assert _calls(repo).count("called") == 2
    for other in (repo, make("later")):
        other.stage("a.py", f'token = "{token("x")}"\n')
        assert other.run("git", "commit", "-qm", "x").places == ["a.py:1"]
    refused = repo.cli("hook", "install")
    assert refused.code == 2
    assert "hook install --global" in refused.err


def test_uninstalling_globally_leaves_neither_folder_nor_setting(repo: Repo) -> None:
    home = Path(repo.environment["HOME"])
    repo.cli("hook", "install", "--global", "--hook", "pre-commit", "--hook", "pre-push")
    assert "hooksPath" in (home / ".gitconfig").read_text()
    repo.cli("hook", "uninstall", "--global", "--hook", "pre-push")
    assert "hooksPath" in (home / ".gitconfig").read_text()
    repo.cli("hook", "uninstall", "--global")
    assert "hooksPath" not in (home / ".gitconfig").read_text()
    assert not (home / ".config" / "secrets-guard" / "hooks").exists()


def test_a_global_hooks_folder_of_the_users_own_is_used_and_left_as_it_was(repo: Repo, token: Token) -> None:
    folder = Path(repo.environment["HOME"]) / "my hooks"
    folder.mkdir()
    (folder / "pre-commit").write_text(_PREVIOUS)
    (folder / "pre-commit").chmod(0o755)
    repo.git("config", "--global", "core.hooksPath", "~/my hooks")
    repo.cli("hook", "install", "--global")
    repo.stage("a.py", "x = 1\n")
    repo.git("commit", "-qm", "x")
    assert "previous" in _calls(repo)
    repo.stage("a.py", f'token = "{token("x")}"\n')
    assert repo.run("git", "commit", "-qm", "x").places == ["a.py:1"]
    repo.cli("hook", "uninstall", "--global")
    assert os.listdir(folder) == ["pre-commit"]
    assert (folder / "pre-commit").read_text() == _PREVIOUS
    assert repo.git("config", "--global", "core.hooksPath") == "~/my hooks"


def test_the_shims_of_the_hooks_folder_start_the_fast_door(repo: Repo, token: Token, tmp_path: Path) -> None:
    door = tmp_path / "bin" / "secrets-guard-hook"
    door.parent.mkdir()
    door.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m secrets_guard.hook "$@"\n')
    door.chmod(0o755)
    path = {"PATH": f"{door.parent}:{repo.environment['PATH']}"}
    repo.git("config", "core.hooksPath", str(ROOT / "hooks"))
    repo.stage("a.py", f'token = "{token("x")}"\n')
    assert repo.run("git", "commit", "-qm", "x", env=path).places == ["a.py:1"]
    assert sorted(os.listdir(ROOT / "hooks")) == ["pre-commit", "pre-push", "pre-receive"]
    for name in os.listdir(ROOT / "hooks"):
        assert f"secrets-guard-hook {name} " in (ROOT / "hooks" / name).read_text()
