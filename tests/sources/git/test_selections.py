"""Ranges, branches, dates: only what those commits add."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from secrets_guard.errors import SourceError

Sweep = Callable[..., Any]


def contents(swept: Any) -> set[bytes]:
    return {blob.data for blob in swept.blobs if blob.hint != "<commit message>"}


def test_a_range_holds_what_its_commits_add(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE old")
    base = repo.commit(b="b")
    new = repo.commit("third", c="NEEDLE new")
    swept = sweep(repo, range_=f"{base}..HEAD")
    assert contents(swept) == {b"NEEDLE new"}
    assert [blob.data for blob in swept.blobs if blob.id == new] == [b"third\n"]
    assert {blob.hint for blob in swept.blobs} == {"c", "<commit message>"}
    (standing,) = swept.standings
    assert (standing.origin.path, standing.origin.commit, standing.exposure.at_tip) == ("c", new, True)


@pytest.mark.parametrize("dots", ["..", "..."])
def test_a_pull_request_is_what_it_adds_since_it_left(repo: Any, sweep: Sweep, dots: str) -> None:
    repo.commit(a="a")
    repo.git("checkout", "-qb", "topic")
    repo.commit(t="NEEDLE topic")
    repo.git("checkout", "-q", "main")
    repo.commit(m="NEEDLE main")
    assert contents(sweep(repo, range_=f"main{dots}topic")) == {b"NEEDLE topic"}


def test_a_range_sees_what_only_a_merge_brought(repo: Any, sweep: Sweep) -> None:
    base = repo.commit(a="base\n")
    repo.git("checkout", "-qb", "side")
    repo.commit(b="side")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "side")
    merge = repo.commit("merge", a="NEEDLE")
    assert [(one.path, one.commit) for one in sweep(repo, range_=f"{base}..").origins] == [("a", merge)]


def test_a_range_without_a_common_base_is_swept(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    repo.git("checkout", "-q", "--orphan", "other")
    repo.commit(b="NEEDLE")
    assert b"NEEDLE" in contents(sweep(repo, range_="main...other"))


def test_an_empty_range_is_a_note(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE")
    swept = sweep(repo, range_="HEAD..HEAD")
    assert (swept.blobs, swept.standings, swept.problems) == ([], [], [])
    assert "nothing was swept" in swept.source.notes[0]


def test_a_branch_is_swept_alone(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="a")
    repo.git("checkout", "-qb", "side")
    repo.commit(b="NEEDLE side")
    repo.git("checkout", "-q", "main")
    repo.commit(c="c")
    assert contents(sweep(repo, branch="main")) == {b"a", b"c"}
    assert contents(sweep(repo, branch="side")) == {b"a", b"NEEDLE side"}


def test_since_holds_what_was_added_since_not_all_that_stood(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE old")
    new = repo.commit(b="NEEDLE new")
    swept = sweep(repo, since="2020-09-15 00:00 +0200")
    assert contents(swept) == {b"NEEDLE new"}
    assert [one.commit for one in swept.origins] == [new]


def test_since_a_date_after_all_commits_selects_nothing(repo: Any, sweep: Sweep) -> None:
    repo.commit(a="NEEDLE")
    assert sweep(repo, since="2031-01-01").blobs == []


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"range_": "nowhere..HEAD"}, "'nowhere'"),
        ({"range_": "HEAD..nowhere"}, "'nowhere'"),
        ({"range_": "HEAD"}, "not a range"),
        ({"range_": "--all..HEAD"}, "'--all'"),
        ({"branch": "nowhere"}, "'nowhere'"),
        ({"branch": "--all"}, "'--all'"),
        ({"since": "whenever"}, "not a date"),
        ({"range_": "HEAD..", "branch": "main"}, "exclude each other"),
    ],
)
def test_a_revision_that_is_none_is_one_line_that_names_it(
    repo: Any, sweep: Sweep, options: dict[str, str], named: str
) -> None:
    repo.commit(a="a")
    with pytest.raises(SourceError) as raised:
        sweep(repo, **options)
    assert named in str(raised.value)
    assert "\n" not in str(raised.value)
