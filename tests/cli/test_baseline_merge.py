"""Branches that each change the baseline, merged by git itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.suppression.baseline import format_baseline, parse_baseline, read_baseline, write_baseline
from secrets_guard.suppression.entry import Suppression
from tests.cli.conftest import Run, Token

NAME = ".secrets-guard-baseline.yaml"
KEY = "0f" * 16
Git = Callable[..., str]


@pytest.fixture
def git(here: Path, environment: dict[str, str]) -> Git:
    def run(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgSign=false")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=here, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    run("init", "-q", "-b", "main")
    return run


def entry(number: int, **fields: str) -> Suppression:
    """Return an entry as an audit leaves it: all but its fingerprint it has in common with others."""
    same = Suppression(f"{number:032x}", "r", "", "made up", "ada", "2031-01-31", "false")
    return same._replace(**fields)  # type: ignore[arg-type]


def _branches(here: Path, git: Git, *versions: tuple[str, list[Suppression]]) -> None:
    """Commit the first version on main, the others on branches of it, and end up on main."""
    for name, entries in versions:
        if name != "main":
            git("checkout", "-q", "-b", name, "main")
        write_baseline(str(here / NAME), entries, KEY)
        git("add", ".")
        git("commit", "-qm", name)
    git("checkout", "-q", "main")


def _numbers(here: Path) -> list[int]:
    return [int(one.fingerprint, 16) for one in read_baseline(str(here / NAME)).entries]


def test_entries_added_on_two_branches_merge_by_git_and_are_all_audited(
    run: Run, here: Path, token: Token, git: Git
) -> None:
    path = str(here / NAME)
    for number in range(7):
        (here / f"{number}.py").write_text(f't = "{token(str(number))}"\n')
    run("baseline", "create")
    key, entries, _ = read_baseline(path)
    shared = [entry for index, entry in enumerate(entries) if index not in (1, 5)]
    for branch, more in (("main", []), ("ours", [entries[1]]), ("theirs", [entries[5]])):
        if more:
            git("checkout", "-q", "-b", branch, "main")
        write_baseline(path, [*shared, *more], key)
        git("add", ".")
        git("commit", "-qm", branch)
    git("merge", "-q", "--no-edit", "ours")
    assert len(read_baseline(path).entries) == 7
    assert run("scan", "files").code == 0
    ran = run("baseline", "audit", stdin="f\n" * 7)
    assert (ran.code, "7 entries: 0 real, 7 false, 0 accepted, 0 undecided" in ran.out) == (0, True), ran.out


def test_entries_in_the_same_gap_conflict_unless_git_is_told_to_merge_by_lines(here: Path, git: Git, run: Run) -> None:
    _branches(here, git, ("main", [entry(1), entry(9)]), ("ours", [entry(1), entry(4), entry(9)]),
              ("theirs", [entry(1), entry(3), entry(5), entry(9)]))  # fmt: skip
    git("checkout", "-q", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        git("merge", "-q", "--no-edit", "theirs")
    ran = run("scan", "files")
    assert (ran.code, "unresolved merge conflict" in ran.err) == (2, True)
    git("merge", "--abort")
    assert "merge=union" in run("baseline", "create", "--gitattributes").err
    git("add", ".gitattributes")
    git("commit", "-qm", "union")
    git("merge", "-q", "--no-edit", "theirs")
    assert sorted(_numbers(here)) == [1, 3, 4, 5, 9]
    assert all(one.reason == "made up" and one.rule == "r" for one in read_baseline(str(here / NAME)).entries)


@pytest.mark.parametrize(
    ("ours", "theirs", "numbers"),
    [
        ([entry(2)], [entry(3)], [1, 2, 3, 9]),
        ([entry(2), entry(10)], [entry(3), entry(11)], [1, 2, 3, 9, 10, 11]),
        ([entry(2)], [entry(2)], [1, 2, 9]),
    ],
    ids=["one each", "two each", "the same"],
)
def test_all_that_both_sides_add_is_kept(
    here: Path, git: Git, ours: list[Suppression], theirs: list[Suppression], numbers: list[int]
) -> None:
    (here / ".gitattributes").write_text(f"/{NAME} merge=union\n")
    main = [entry(1), entry(9)]
    _branches(here, git, ("main", main), ("ours", [*main, *ours]), ("theirs", [*main, *theirs]))
    git("merge", "-q", "--no-edit", "ours")
    git("merge", "-q", "--no-edit", "theirs")
    assert sorted(_numbers(here)) == numbers
    write_baseline(str(here / NAME), read_baseline(str(here / NAME)).entries, KEY)
    assert _numbers(here) == numbers


def test_the_first_entries_of_two_branches_are_both_kept(here: Path, git: Git) -> None:
    (here / ".gitattributes").write_text(f"/{NAME} merge=union\n")
    _branches(here, git, ("main", []), ("ours", [entry(1)]), ("theirs", [entry(2)]))
    git("merge", "-q", "--no-edit", "ours")
    git("merge", "-q", "--no-edit", "theirs")
    assert _numbers(here) == [1, 2]


def test_an_entry_that_both_sides_decide_differently_keeps_both_lines_to_be_decided(
    here: Path, git: Git, run: Run
) -> None:
    (here / ".gitattributes").write_text(f"/{NAME} merge=union\n")
    _branches(here, git, ("main", [entry(1, verdict="")]), ("ours", [entry(1, verdict="real")]),
              ("theirs", [entry(1, verdict="false")]))  # fmt: skip
    git("merge", "-q", "--no-edit", "ours")
    git("merge", "-q", "--no-edit", "theirs")
    assert [one.verdict for one in read_baseline(str(here / NAME)).entries] == ["real", "false"]
    assert run("scan", "files").code == 0


ADDED = st.lists(st.integers(1, 60), max_size=6)


@settings(max_examples=60, deadline=None)
@given(ADDED, ADDED, ADDED)
def test_whatever_two_sides_add_each_entry_stays_whole(
    tmp_path_factory: pytest.TempPathFactory, base: list[int], ours: list[int], theirs: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("union")
    for name, more in (("base", []), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_text(format_baseline([entry(number) for number in (*base, *more)], KEY))
    command = ["git", "merge-file", "-p", "--union", "ours", "base", "theirs"]
    merged = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    entries = [one._replace(place="") for one in parse_baseline(merged, "merged").entries]
    wanted = {entry(number) for number in (*base, *ours, *theirs)}
    assert (set(entries), len(entries)) == (wanted, len(wanted))


# The line in .gitattributes


@pytest.mark.parametrize("before", [None, b"", b"*.bin binary", b"*.bin binary\n", b"*.bin binary\r\n"])
def test_the_attributes_that_are_there_are_kept_and_the_line_comes_once(
    here: Path, run: Run, git: Git, before: bytes | None
) -> None:
    file = here / ".gitattributes"
    if before is not None:
        file.write_bytes(before)
    for _ in range(2):
        assert run("baseline", "create", "--gitattributes").code == 0
    assert file.read_bytes().startswith(before or b"")
    assert file.read_bytes().count(b"merge=union") == 1
    assert git("check-attr", "merge", NAME).endswith("merge: union\n")
    assert git("check-attr", "merge", f"sub/{NAME}").endswith("merge: unspecified\n")


def test_a_baseline_elsewhere_gets_its_line_beside_it(here: Path, run: Run, git: Git) -> None:
    (here / "sub").mkdir()
    assert run("baseline", "create", "-o", "sub/known.yaml", "--gitattributes").code == 0
    assert git("check-attr", "merge", "sub/known.yaml").endswith("merge: union\n")
    assert not (here / ".gitattributes").exists()


def test_attributes_that_git_would_not_obey_are_refused(here: Path, run: Run) -> None:
    ran = run("baseline", "create", "-o", "odd name.yaml", "--gitattributes")
    assert (ran.code, "by hand" in ran.err) == (2, True)
    os.symlink("elsewhere", here / ".gitattributes")
    ran = run("baseline", "create", "--gitattributes")
    assert (ran.code, "symbolic link" in ran.err, (here / "elsewhere").exists()) == (2, True, False)


def test_without_being_asked_no_attributes_are_written(here: Path, run: Run) -> None:
    assert run("baseline", "create").code == 0
    assert not (here / ".gitattributes").exists()
