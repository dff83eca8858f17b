"""Secrets of several parts in a history: both readers agree, and what is remembered as clean misses none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secrets_guard import api
from secrets_guard.cache import Cache
from secrets_guard.model.result import ScanResult
from secrets_guard.model.rule import RuleSet
from secrets_guard.rules.load import parse_rules, rule_set
from secrets_guard.sources.git.clean import CleanContents
from secrets_guard.sources.git.history import GitHistorySource
from secrets_guard.sources.git.native import READER_VARIABLE

RULES = r"""
- id: key
  title: a key
  pattern: '\b(ka[0-9]{10}zz)\b'
  nearby: [{rule: account, within: 10, required: MUST}]
- id: account
  title: an account
  pattern: '\b(ac[0-9]{8}zz)\b'
  alone: ALONE
"""
KEY, ACCOUNT = "ka7391058264zz\n", "ac60248173zz\n"
# Two lines longer than what is looked at around a change, between much that stays, so that versions become deltas.
FAR = ("z " * 700 + "\n") * 2
SAME = "".join(f"line {number} of what never changes\n" for number in range(400))
HISTORIES = {
    "the account comes later, far from the key": [KEY + FAR, KEY + FAR + ACCOUNT],
    "the key comes later": [FAR + ACCOUNT, KEY + FAR + ACCOUNT],
    "what stood between goes": [KEY + FAR * 6 + ACCOUNT, KEY + FAR + ACCOUNT],
    "the account goes": [KEY + ACCOUNT, KEY],
    "never together": [KEY, ACCOUNT],
}


def rules(must: str, alone: str) -> RuleSet:
    text = RULES.replace("MUST", must).replace("ALONE", alone)
    return rule_set(parse_rules([("rules.yaml", text.encode())]))


def told(result: ScanResult) -> list[tuple[str, int, str, list[int]]]:
    return [
        (one.rule_id, one.location.start_line, one.origin.commit, [part.start_line for part in one.parts])  # type: ignore[union-attr]
        for one in result.findings
    ]


@pytest.mark.parametrize("versions", HISTORIES.values(), ids=HISTORIES)
@pytest.mark.parametrize("must", ["true", "false"])
@pytest.mark.parametrize("alone", ["true", "false"])
def test_both_readers_and_what_is_remembered_agree(
    repo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, versions: list[str], must: str, alone: str
) -> None:
    by = rules(must, alone)
    remembered = []
    for text in versions:
        repo.commit(a=SAME + text + SAME)
        repo.git("repack", "-adfq", "--window=50", "--depth=50")
        source = GitHistorySource(str(repo.folder), clean=CleanContents(str(tmp_path / "cache")))
        remembered = told(api.scan(source, rules=by, cache=Cache(None)))
    found = {}
    for reader in ("native", "git"):
        monkeypatch.setenv(READER_VARIABLE, reader)
        found[reader] = told(api.scan(GitHistorySource(str(repo.folder)), rules=by, cache=Cache(None)))
    assert found["native"] == found["git"] == remembered


def test_a_key_counts_from_the_commit_that_brought_what_must_be_near(repo: Any) -> None:
    repo.commit(a=KEY)
    second = repo.commit(a=KEY + "\n\n" + ACCOUNT)
    repo.commit(a=KEY + "\n\n\n" + ACCOUNT)
    result = api.scan(GitHistorySource(str(repo.folder)), rules=rules("true", "false"), cache=Cache(None))
    assert told(result) == [("key", 1, second, [4])]


def test_a_part_that_once_stood_alone_is_reported_where_it_did(repo: Any) -> None:
    first = repo.commit(a=ACCOUNT)
    second = repo.commit(a=ACCOUNT + KEY)
    result = api.scan(GitHistorySource(str(repo.folder)), rules=rules("false", "true"), cache=Cache(None))
    assert told(result) == [("account", 1, first, []), ("key", 2, second, [1])]
