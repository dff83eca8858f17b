"""A second sweep of an unchanged repository asks nothing twice; a changed one is asked anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secrets_guard import api
from secrets_guard.cache import Cache
from secrets_guard.model.result import ScanResult
from secrets_guard.rules.load import parse_rules, rule_set
from secrets_guard.sources.git.clean import CleanContents
from secrets_guard.sources.git.history import GitHistorySource

RULES = rule_set(parse_rules([("rules.yaml", b"- {id: short, title: a token, pattern: '\\b(ka[0-9]{6,40}zz)\\b'}")]))


@pytest.fixture
def again(repo: Any, tmp_path: Path) -> Any:
    def scan() -> ScanResult:
        source = GitHistorySource(str(repo.folder), clean=CleanContents(str(tmp_path / "cache")))
        return api.scan(source, rules=RULES, cache=Cache(None))

    return scan


def test_a_second_sweep_finds_the_same_and_reads_only_what_is_guilty(repo: Any, again: Any) -> None:
    repo.commit(a="ka739105zz", b="nothing")
    first, second = again(), again()
    assert second.findings == first.findings != ()
    assert second.stats.blobs == 1
    assert second.stats.skipped["cached"] == first.stats.blobs - 1


def test_a_new_branch_on_an_old_commit_is_seen(repo: Any, again: Any) -> None:
    repo.commit(a="ka739105zz")
    again()
    repo.git("branch", "other")
    (finding,) = again().findings
    assert finding.exposure.branches == ("main", "other")


def test_a_secret_that_is_removed_no_longer_stands(repo: Any, again: Any) -> None:
    repo.commit(a="ka739105zz")
    assert again().findings[0].exposure.at_tip
    repo.commit(a="gone")
    assert not again().findings[0].exposure.at_tip


def test_an_amended_commit_is_seen_through_the_reflog_alone(repo: Any, again: Any) -> None:
    repo.commit(a="ka739105zz")
    first = again().findings[0].origin.commit
    repo.git("commit", "-q", "--amend", "-m", "other words", env=repo.clock())
    repo.git("reflog", "expire", "--expire=now", "--all")
    assert again().findings[0].origin.commit == repo.git("rev-parse", "HEAD") != first


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b'{"state": 1}'])
def test_a_broken_entry_is_not_believed(repo: Any, again: Any, tmp_path: Path, content: bytes) -> None:
    repo.commit(a="ka739105zz")
    first = again()
    (entry,) = (tmp_path / "cache").glob("standings-*")
    Cache(str(tmp_path / "cache")).write(entry.name, content)
    assert again().findings == first.findings


def test_no_value_enters_the_cache(repo: Any, again: Any, tmp_path: Path) -> None:
    repo.commit("says ka884201zz", a="ka739105zz")
    assert len(again().findings) == 2
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").iterdir())
    assert b"739105" not in kept
    assert b"884201" not in kept


def test_a_range_remembers_nothing_as_its_contents_are_judged_under_paths(repo: Any, tmp_path: Path) -> None:
    repo.commit(a="one")
    repo.commit(b="two")
    source = GitHistorySource(str(repo.folder), range_="HEAD~1..HEAD", clean=CleanContents(str(tmp_path / "cache")))
    assert api.scan(source, rules=RULES, cache=Cache(None)).stats.blobs == 2
    assert list((tmp_path / "cache").iterdir()) == []
