"""Allow entries and path globs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.config import AllowEntry
from secrets_guard.suppression.allow import AllowJudge, judge_allow, path_allowed
from secrets_guard.suppression.glob import escape, path_matcher

TODAY = "2026-11-23"


def never() -> str:
    raise AssertionError("no fingerprint was needed")


def allowed(judge: AllowJudge, rule: str = "r", path: str = "a/b.py", secret: bytes = b"hunter", **more: str) -> bool:
    line = b"password = hunter # sample"
    return judge(rule, path, secret, line, lambda: more.get("fingerprint", "f"), more.get("commit", "")) is not None


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.lock", "deep/er/x.lock", True),
        ("*.lock", "x.lock.py", False),
        ("tests", "a/tests/b.py", True),
        ("tests/", "tests/b.py", True),
        ("tests", "mytests/b.py", False),
        ("/tests", "a/tests/b.py", False),
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**/c.py", "a/c.py", True),
        ("a/**/c.py", "a/b/b/c.py", True),
        ("a/**", "a/b/c", True),
        ("a/**", "b/a/c", False),
        ("**/c", "c", True),
        ("./a/b", "a/b", True),
        ("a/?.py", "a/b.py", True),
        ("a?b", "a/b", False),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("[!a]b", "x/b", False),
        ("[z-a]", "[z-a]", True),
        ("x.zip", "x.zip!/in/side.txt", True),
        ("a.b", "axb", False),
        ("regex:b$", "a/b", True),
        ("regex:^b", "a/b", False),
    ],
)
def test_a_glob_matches_as_in_gitignore(glob: str, path: str, matches: bool) -> None:
    assert path_matcher([glob])(path) is matches
    assert path_matcher(["nothing", glob])(path) is matches


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda path: path[0] not in "/.")
)
def test_an_escaped_path_matches_itself_and_no_neighbour(path: str) -> None:
    matches = path_matcher([escape(path.rstrip("/") or "x")])
    path = path.rstrip("/") or "x"
    assert matches(path)
    assert not matches("sub/" + path)
    assert not matches(path + "x")


def test_without_entries_nothing_is_allowed() -> None:
    judge = judge_allow((), TODAY)
    assert judge("r", "p", b"s", b"l", never) is None
    assert judge.unused() == []


def test_all_criteria_must_fit_unless_any_is_enough() -> None:
    criteria = AllowEntry(paths=("a/**",), secrets=("^nope$",))
    assert not allowed(judge_allow((criteria,), TODAY))
    assert allowed(judge_allow((criteria._replace(condition="any"),), TODAY))


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        (AllowEntry(paths=("*.py",)), True),
        (AllowEntry(secrets=("^hunt",)), True),
        (AllowEntry(secrets=("^unt",)), False),
        (AllowEntry(lines=("# sample",)), True),
        (AllowEntry(lines=("# other",)), False),
        (AllowEntry(stopwords=("UNT",)), True),
        (AllowEntry(stopwords=("sample",)), False),
        (AllowEntry(rules=("r",)), True),
        (AllowEntry(rules=("other",)), False),
        (AllowEntry(rules=("other",), paths=("*.py",), condition="any"), False),
        (AllowEntry(fingerprints=("f",)), True),
        (AllowEntry(fingerprints=("g",)), False),
    ],
)
def test_each_criterion_decides_on_its_own(entry: AllowEntry, fits: bool) -> None:
    judge = judge_allow((entry,), TODAY)
    assert allowed(judge) is fits
    assert judge.unused() == ([] if fits else [entry])


def test_a_fingerprint_is_computed_only_where_it_can_decide() -> None:
    judge = judge_allow((AllowEntry(paths=("other",), fingerprints=("f",)),), TODAY)
    assert judge("r", "p", b"s", b"l", never) is None


def test_a_commit_counts_once_it_is_known() -> None:
    judge = judge_allow((AllowEntry(commits=("0123ABC",)),), TODAY)
    assert judge.needs_commit
    assert not allowed(judge)
    assert not allowed(judge, commit="1" * 40)
    assert allowed(judge, commit="0123abc" + "0" * 33)


def test_an_expired_entry_never_allows_and_is_listed_as_such() -> None:
    old = AllowEntry(paths=("*.py",), expires="2026-11-22")
    judge = judge_allow((old,), TODAY)
    assert not allowed(judge)
    assert not judge.path_allowed("a.py")
    assert (judge.expired, judge.unused()) == ((old,), [])
    assert allowed(judge_allow((old._replace(expires=TODAY),), TODAY))


def test_only_entries_that_go_by_the_path_alone_skip_files() -> None:
    skip = path_allowed((AllowEntry(paths=("a",)), AllowEntry(paths=("b",), rules=("r",))), TODAY)
    assert [skip(path) for path in ("a/x", "b/x", "c/x")] == [True, False, False]
    assert not path_allowed((AllowEntry(paths=("a",), stopwords=("x",)),))("a")
    assert path_allowed((AllowEntry(paths=("a",), stopwords=("x",), condition="any"),))("a")
    assert not path_allowed(())("a")


def test_an_entry_that_skipped_a_file_counts_as_used() -> None:
    judge = judge_allow((AllowEntry(paths=("a",)),), TODAY)
    assert judge.path_allowed("a/x")
    assert judge.unused() == []
