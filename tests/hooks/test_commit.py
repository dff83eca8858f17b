"""Real commits, with the hook that ``hook install`` put there: every way in which git builds a commit."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .conftest import Make, Ran, Repo, Token


@pytest.fixture
def guarded(repo: Repo) -> Repo:
    """Return the repository with the hook installed."""
    assert repo.cli("hook", "install").code == 0
    return repo


def _commit(repo: Repo, *arguments: str, stdin: str = "") -> Ran:
    before = repo.git("rev-parse", "-q", "--verify", "HEAD", fine=(0, 1))
    ran = repo.run("git", "commit", "-m", f"after {before}", *arguments, stdin=stdin)
    assert (repo.git("rev-parse", "-q", "--verify", "HEAD", fine=(0, 1)) != before) == (ran.code == 0), ran.err
    return ran


def _leak(token: Token, seed: str = "leak") -> str:
    return f'token = "{token(seed)}"\n'


def test_a_staged_secret_stops_the_commit_and_a_clean_one_goes_through(guarded: Repo, token: Token) -> None:
    guarded.stage("a.py", _leak(token))
    assert _commit(guarded).places == ["a.py:1"]
    guarded.stage("a.py", "token = read()\n")
    ran = _commit(guarded)
    assert (ran.code, ran.err) == (0, "")


def test_no_verify_commits_all_the_same(guarded: Repo, token: Token) -> None:
    guarded.stage("a.py", _leak(token))
    assert _commit(guarded, "--no-verify").code == 0


def test_commit_all_is_seen_though_nothing_was_staged_before(guarded: Repo, token: Token) -> None:
    guarded.write("README", "a project\n" + _leak(token))
    assert _commit(guarded, "-a").places == ["README:2"]
    assert guarded.git("diff", "--cached") == ""


def test_a_commit_of_one_path_is_seen_and_what_else_is_staged_is_not(guarded: Repo, token: Token) -> None:
    guarded.stage("other.py", _leak(token))
    guarded.write("README", "a project, better\n")
    assert _commit(guarded, "README").code == 0
    guarded.write("README", "a project\n" + _leak(token, "two"))
    assert _commit(guarded, "README").places == ["README:2"]


def test_a_patch_commit_is_judged_by_the_chosen_parts_only(guarded: Repo, token: Token) -> None:
    lines = [f"line {number}\n" for number in range(40)]
    guarded.commit("a.py", "".join(lines))
    changed = ["first\n", *lines, _leak(token)]
    guarded.write("a.py", "".join(changed))
    assert _commit(guarded, "-p", stdin="y\nn\n").code == 0
    assert _commit(guarded, "-p", stdin="y\n").places == ["a.py:42"]


def test_an_amended_commit_is_checked(guarded: Repo, token: Token) -> None:
    guarded.stage("a.py", _leak(token))
    assert _commit(guarded, "--amend").places == ["a.py:1"]
    guarded.git("reset", "-q")
    assert _commit(guarded, "--amend").code == 0


def test_the_first_commit_of_a_repository_is_checked(make: Make, token: Token) -> None:
    repo = make("young")
    repo.cli("hook", "install")
    repo.stage("a.py", _leak(token))
    assert _commit(repo).places == ["a.py:1"]
    repo.stage("a.py", "x = 1\n")
    assert _commit(repo).code == 0


def test_an_empty_commit_goes_through(guarded: Repo) -> None:
    assert _commit(guarded, "--allow-empty").code == 0


def _conflict(repo: Repo, theirs: str, extra: str) -> None:
    """Leave ``repo`` in a merge of a branch that changed README to ``theirs`` and brought ``extra`` in a file."""
    repo.git("checkout", "-qb", "side")
    repo.stage("extra.py", extra)
    repo.commit("README", theirs)
    repo.git("checkout", "-q", "main")
    repo.commit("README", "ours\n")
    repo.git("merge", "side", fine=(1,))


def test_a_secret_that_only_the_merge_resolution_brings_is_blocked(guarded: Repo, token: Token) -> None:
    _conflict(guarded, "theirs\n", "x = 1\n")
    guarded.stage("README", "ours\ntheirs\n" + _leak(token))
    assert _commit(guarded).places == ["README:3"]


def test_a_new_file_that_the_merge_brings_by_itself_is_blocked(guarded: Repo, token: Token) -> None:
    _conflict(guarded, "theirs\n", "x = 1\n")
    guarded.stage("README", "ours\n")
    guarded.stage("evil.py", _leak(token))
    assert _commit(guarded).places == ["evil.py:1"]


def test_what_the_other_side_of_a_merge_has_already_is_not_ours(guarded: Repo, token: Token) -> None:
    _conflict(guarded, "theirs\n" + _leak(token), _leak(token, "whole file"))
    guarded.stage("README", "ours\ntheirs\n" + _leak(token))
    ran = _commit(guarded)
    assert (ran.code, ran.err) == (0, "")


def test_an_octopus_merge_is_compared_with_all_its_parents(guarded: Repo, token: Token) -> None:
    for name in ("one", "two"):
        guarded.git("checkout", "-qb", name, "main")
        guarded.commit(f"{name}.py", _leak(token, name))
    guarded.git("checkout", "-q", "main")
    guarded.git("merge", "-q", "--no-commit", "--no-ff", "one", "two")
    guarded.stage("three.py", _leak(token, "three"))
    assert _commit(guarded).places == ["three.py:1"]


def test_a_commit_in_a_linked_worktree_is_checked(guarded: Repo, token: Token) -> None:
    guarded.git("worktree", "add", "-q", "../linked", "-b", "linked")
    linked = Repo(guarded.folder.parent / "linked", guarded.environment)
    linked.stage("a.py", _leak(token))
    assert _commit(linked).places == ["a.py:1"]
    assert guarded.git("diff", "--cached") == ""


def test_a_merge_in_a_linked_worktree_is_compared_with_its_own_merge_head(guarded: Repo, token: Token) -> None:
    guarded.git("worktree", "add", "-q", "../linked", "-b", "linked")
    linked = Repo(guarded.folder.parent / "linked", guarded.environment)
    guarded.git("checkout", "-qb", "side")
    guarded.commit("side.py", _leak(token))
    linked.git("merge", "-q", "--no-commit", "--no-ff", "side")
    assert _commit(linked).code == 0


def test_a_git_folder_elsewhere_is_found(make: Make, token: Token, tmp_path_factory: pytest.TempPathFactory) -> None:
    repo = make("apart", f"--separate-git-dir={tmp_path_factory.mktemp('apart')}/git")
    repo.cli("hook", "install")
    repo.stage("a.py", _leak(token))
    assert _commit(repo).places == ["a.py:1"]


def test_a_commit_from_a_subfolder_is_checked(guarded: Repo, token: Token) -> None:
    guarded.stage("deep/er/a.py", _leak(token))
    deep = Repo(guarded.folder / "deep" / "er", guarded.environment)
    assert _commit(deep).places == ["deep/er/a.py:1"]


def test_a_commit_with_git_dir_in_the_environment_is_checked(guarded: Repo, token: Token) -> None:
    guarded.stage("a.py", _leak(token))
    elsewhere = guarded.folder.parent
    where = {"GIT_DIR": str(guarded.folder / ".git"), "GIT_WORK_TREE": str(guarded.folder)}
    ran = Repo(elsewhere, guarded.environment | where).run("git", "commit", "-m", "x")
    assert (ran.code, ran.places) == (1, ["a.py:1"])


def test_a_sparse_checkout_is_no_obstacle(guarded: Repo, token: Token) -> None:
    guarded.commit("far/away.py", _leak(token, "old"))
    guarded.git("sparse-checkout", "set", "near")
    guarded.stage("near/a.py", _leak(token))
    assert _commit(guarded).places == ["near/a.py:1"]


def test_a_partial_clone_commits_without_fetching(guarded: Repo, token: Token) -> None:
    guarded.commit("old.py", "x = 1\n" * 50)
    guarded.git("config", "uploadpack.allowFilter", "true")
    source = guarded.folder.as_uri()
    guarded.git("clone", "-q", "--filter=blob:none", "--no-checkout", source, str(guarded.folder.parent / "partial"))
    partial = Repo(guarded.folder.parent / "partial", guarded.environment)
    partial.git("reset", "-q")
    partial.cli("hook", "install")
    partial.stage("new.py", _leak(token))
    assert _commit(partial).places == ["new.py:1"]
    partial.stage("new.py", "x = 2\n")
    assert _commit(partial).code == 0


def test_a_removed_installation_blocks_with_a_clear_line(guarded: Repo) -> None:
    shim = guarded.folder / ".git" / "hooks" / "pre-commit"
    folders = guarded.environment["PATH"].split(os.pathsep)
    kept = [folder for folder in folders if not Path(folder, "secrets-guard-hook").exists()]
    guarded.environment["PATH"] = os.pathsep.join(kept)
    shim.write_text(shim.read_text().replace(os.path.dirname(sys.executable), "/nonexistent"))
    guarded.stage("a.py", "x = 1\n")
    ran = _commit(guarded)
    assert ran.code == 1
    assert "gone from where it was installed" in ran.err
    assert "--no-verify" in ran.err
