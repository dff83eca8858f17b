"""Which repositories are found below a folder, and which of them are forks of each other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.errors import SourceError
from secrets_guard.sources.git.kin import families
from secrets_guard.sources.git.mirrors import Target, each_once, find_mirrors, git_folder, named, read_list, size_of
from secrets_guard.sources.git.shared import SharedContents


def _target(repo: Any) -> Target:
    return Target(repo.folder.name, str(repo.folder))


def _grown(repo: Any, seed: str, number: int = 30) -> Any:
    repo.commit(seed, **{f"{seed}{count}": f"{seed} {count}\n" for count in range(number)})
    return repo


def test_a_git_folder_is_not_looked_into_and_a_link_not_followed(new_repo: Any, tmp_path: Path) -> None:
    outside = new_repo().folder
    top = tmp_path / "top"
    (top / "a").mkdir(parents=True)
    os.symlink(outside, top / "link")
    made = new_repo()
    made.commit(a="x")
    made.git("clone", "-q", "--bare", ".", str(top / "a" / "bare.git"))
    (top / "a" / "bare.git" / "modules").mkdir()
    made.git("clone", "-q", "--bare", ".", str(top / "a" / "bare.git" / "modules" / "inner"))
    assert [target.name for target in find_mirrors(str(top)).targets] == ["a/bare.git"]


def test_the_folder_itself_may_be_a_repository(repo: Any) -> None:
    assert [target.name for target in find_mirrors(str(repo.folder)).targets] == [repo.folder.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_cannot_be_looked_into_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    assert [one.kind for one in find_mirrors(str(tmp_path)).problems] == ["unreadable"]


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        find_mirrors(str(tmp_path / "none"))


def test_a_list_with_a_nul_is_none() -> None:
    with pytest.raises(SourceError, match="list:2"):
        read_list(["a\n", "b\0c\n"], "list")


def test_a_url_is_called_by_itself_without_its_password() -> None:
    assert named("https://me:word@example.com/a.git").name == "https://example.com/a.git"


def test_two_repositories_of_one_name_get_two_names(repo: Any, new_repo: Any) -> None:
    one, other = Target("same", str(repo.folder)), Target("same", str(new_repo().folder))
    assert [target.name for target in each_once([one, other, one])] == ["same", "same (2)"]


def test_a_linked_work_tree_has_the_git_folder_of_its_repository(repo: Any, tmp_path: Path) -> None:
    repo.commit(a="x")
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    assert git_folder(str(tmp_path / "linked")) == git_folder(str(repo.folder)) == str(repo.folder / ".git")


def test_the_size_is_that_of_the_packs(repo: Any) -> None:
    _grown(repo, "a")
    assert size_of(str(repo.folder)) == 0
    repo.git("repack", "-q", "-a", "-d")
    assert size_of(str(repo.folder)) == sum(
        one.stat().st_size for one in (repo.folder / ".git/objects/pack").glob("*.pack")
    )


@pytest.mark.parametrize("packed", [False, True])
def test_forks_are_a_family_and_strangers_are_none(repo: Any, new_repo: Any, tmp_path: Path, packed: bool) -> None:
    _grown(repo, "a")
    stranger = _grown(new_repo(), "b")
    fork = tmp_path / "fork"
    repo.git("clone", "-q", "--bare", ".", str(fork))
    borrower = tmp_path / "borrower"
    repo.git("clone", "-q", "--bare", "--shared", ".", str(borrower))
    repo.commit(more="x")
    if packed:
        repo.git("repack", "-q", "-a", "-d")
    every = [_target(repo), _target(stranger), Target("fork", str(fork)), Target("borrower", str(borrower))]
    groups = [{target.name for target in group} for group in families(every)]
    assert groups == [{repo.folder.name, "fork", "borrower"}, {stranger.folder.name}]


def test_what_has_no_objects_or_is_a_url_is_a_family_of_its_own(new_repo: Any) -> None:
    targets = [_target(new_repo()), _target(new_repo()), named("https://example.com/a.git")]
    assert families(targets) == [[target] for target in targets]


def test_shared_contents_forget_the_oldest_beyond_their_bound() -> None:
    def names(letters: str) -> bytes:
        return b"".join(letter.encode() * 20 for letter in letters)

    shared = SharedContents(most=4)
    shared.add(names("abc"), 20, [names("b").hex()])
    assert shared.among(names("abcd"), 20) == names("ac")
    shared.add(names("de"), 20, [])
    assert shared.among(names("abcde"), 20) == names("acde")
    shared.add(names("f"), 20, [])
    assert shared.among(names("acdef"), 20) == names("def")
