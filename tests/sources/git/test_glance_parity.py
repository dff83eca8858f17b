"""What is swept by what is new in each content finds the same as what is swept whole."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secrets_guard import api
from secrets_guard.cache import Cache
from secrets_guard.detect.matcher import Matcher
from secrets_guard.glance import MARGIN, can_glance, glance
from secrets_guard.model.blob import Blob
from secrets_guard.model.result import ScanResult, Stats
from secrets_guard.model.rule import RuleSet
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.load import parse_rules, rule_set
from secrets_guard.sources.git.history import GitHistorySource
from secrets_guard.sources.git.native import READER_VARIABLE

# Few letters and short pieces, so that edits make and unmake matches across the seams of deltas all the time.
RULES = rb"""
- id: short
  title: a short token
  pattern: '\b(ka[0-9]{6,40}zz)\b'
- id: with-a-keyword
  title: a token that counts only beside a word
  pattern: '\bmm([0-9]{8,20})mm\b'
  keywords: [vendor]
- id: over-lines
  title: a token over two lines
  pattern: '(?i)secret\s{0,4}=\s{0,4}([0-9]{7,20})\b'
- id: with-a-part
  title: a token that counts only near another
  pattern: '\b(pp[0-9]{6,9}pp)\b'
  nearby: [{rule: a-part, within: 2, required: true}, short]
- id: a-part
  title: what it needs
  pattern: '\b(qq[0-9]{3,9}qq)\b'
  alone: false
- id: long
  title: a block
  pattern: '-----BEGIN[\s0-9a-z]{40,9000}?-----END'
- id: long-with-a-middle
  title: three parts, far apart
  pattern: '\bfirst([0-9]{4}[\s0-9a-z]{4,700}mid[\s0-9a-z]{4,700}last[0-9]{4})'
"""
DIGITS = "7391058246" * 7
# Hardly any of them is a match by itself: where there is one, all that comes after is swept whole.
PIECES = [
    f"ka{DIGITS[:54]}zz", f"ka{DIGITS}zz", f"mm{DIGITS[:40]}mm", "vendor", f"secret = {DIGITS[:30]}",
    f"-----BEGIN {DIGITS}", f"{DIGITS} -----END", f"first4827 {DIGITS}", f"{DIGITS} mid {DIGITS}", f"{DIGITS} last7391",
    f"ka{DIGITS[:50]}%37%33%39105zz", rf"ka{DIGITS[:50]}\x37\x33\x39105zz", "x" * 300, f"y{'z' * 2500}", "\n", " ",
    f"pp{DIGITS[:8]}pp", f"qq{DIGITS[:8]}qq", f"secret =\n \n{DIGITS[:30]}", f"secret\n =\n {DIGITS[:40]}",
    base64.b64encode(f"token ka{DIGITS[:54]}zz of vendor".encode()).decode(),
]  # fmt: skip
MARKS = re.compile("ka|mm|pp|qq|vendor|secret|-----|first|mid|last")

Edit = tuple[str, int, int, int]
"""(what, near which mark, how far behind it, which piece or how many characters)."""
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "delete", "move"]),
        st.integers(0, 60),
        st.integers(0, 50),
        st.integers(1, 60),
    ),
    min_size=2,
    max_size=9,
)


def edited(text: str, edit: Edit) -> str:
    what, which, behind, much = edit
    marks = [mark.start() for mark in MARKS.finditer(text)] or [0]
    at = min(len(text), marks[which % len(marks)] + behind)
    if what == "insert":
        return text[:at] + PIECES[much % len(PIECES)] + text[at:]
    if what == "delete":
        return text[:at] + text[at + much :]
    return text[at:] + text[:at]


def found(folder: Path, rules: RuleSet, monkeypatch: pytest.MonkeyPatch, reader: str) -> ScanResult:
    monkeypatch.setenv(READER_VARIABLE, reader)
    result = api.scan(GitHistorySource(str(folder)), rules=rules, cache=Cache(None))
    assert result.stats.reader.startswith(reader)
    return result


def pack(repo: Any) -> None:
    repo.git("repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=50")


def history(repo: Any, edits: list[Edit], seed: int) -> None:
    """Commit a file of random lines and pieces, edited each time, and pack it into deltas."""
    dice = random.Random(seed)
    lines = [" ".join(dice.choices("abcdefghij", k=30)) for _ in range(80)]
    for piece in dice.choices(PIECES, k=3):
        lines[dice.randrange(80)] += f" {piece} "
    text = "\n".join(lines)
    for number, edit in enumerate(edits):
        repo.commit(f"change {number}", text=text)
        text = edited(text, edit)
    pack(repo)


@pytest.fixture
def reader() -> str:
    """Both readers in one test, not one in each."""
    pytest.importorskip("secrets_guard._native", reason="the extension is not built: no Rust toolchain")
    return "both"


@given(edits=EDITS, seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_readers_find_the_same_in_any_history(edits: list[Edit], seed: int, new_repo: Callable[[], Any]) -> None:
    repo = new_repo()
    history(repo, edits, seed)
    rules = rule_set(parse_rules([("rules.yaml", RULES)]))
    with pytest.MonkeyPatch.context() as patch:
        whole, new = (found(repo.folder, rules, patch, reader) for reader in ("git", "native"))
    assert new.findings == whole.findings
    assert new.problems == whole.problems
    assert (new.stats.blobs, new.stats.bytes) == (whole.stats.blobs, whole.stats.bytes)
    assert new.stats.dropped == whole.stats.dropped


def test_a_secret_that_a_delta_completes_is_found(repo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    filler = [f"line {number} of a file that hardly changes" for number in range(400)]
    repo.commit(text="\n".join([*filler[:200], "ka73", *filler[200:]]))
    repo.commit(text="\n".join([*filler[:200], "ka739105zz", *filler[200:]]))
    repo.commit(text="\n".join([*filler[:200], "ka73905zz", *filler[200:]]))
    pack(repo)
    result = found(repo.folder, rule_set(parse_rules([("rules.yaml", RULES)])), monkeypatch, "native")
    assert [finding.rule_id for finding in result.findings] == ["short"]
    assert result.findings[0].exposure is not None


@pytest.mark.parametrize(
    ("larger", "smaller", "rule"),
    [
        (f"secret =\n \n{DIGITS[:30]}", f"secret =\n \n{DIGITS[:12]}", "over-lines"),
        (f"ka{DIGITS[:54]}zz", f"ka{DIGITS[:34]}zz", "short"),
        (
            f"first4827 {'a b ' * 160}mid {'c d ' * 160}last739",
            f"first4827 {'a b ' * 150}mid {'c d ' * 150}last7391",
            "",
        ),
        (f"ka{DIGITS[:50]}%37%33%39105zz", f"ka{DIGITS[:20]}%37%33%39105zz", "short"),
    ],
)
def test_a_match_that_only_a_delta_s_cut_makes_is_found(
    repo: Any, monkeypatch: pytest.MonkeyPatch, larger: str, smaller: str, rule: str
) -> None:
    filler = [f"line {number} of a file that hardly changes" for number in range(400)]
    repo.commit(text="\n".join([*filler[:200], smaller, *filler[200:]]))
    repo.commit(text="\n".join([*filler[:200], larger, *filler[200:]]))
    pack(repo)
    rules = rule_set(parse_rules([("rules.yaml", RULES)]))
    assert [one.rule_id for one in found(repo.folder, rules, monkeypatch, "native").findings] == [
        rule or "long-with-a-middle"
    ]


def test_a_far_keyword_that_a_delta_brings_makes_an_old_text_a_secret(
    repo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filler = [f"line {number} of a file that hardly changes" for number in range(2000)]
    repo.commit(text="\n".join([*filler, "mm48271936mm", *filler]))
    second = repo.commit(text="\n".join(["of the vendor", *filler, "mm48271936mm", *filler]))
    pack(repo)
    result = found(repo.folder, rule_set(parse_rules([("rules.yaml", RULES)])), monkeypatch, "native")
    assert [finding.origin.commit for finding in result.findings] == [second]  # type: ignore[union-attr]


def test_few_contents_of_a_long_history_are_swept_whole(repo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        lines = [f"line {line} of a file" if line != number * 7 else f"version {number}" for line in range(600)]
        repo.commit(text="\n".join(lines), **({"key": "ka739105zz"} if number == 30 else {}))
    pack(repo)
    source = GitHistorySource(str(repo.folder))
    monkeypatch.setenv(READER_VARIABLE, "native")
    rules = rule_set(parse_rules([("rules.yaml", RULES)])).rules
    stats = Stats()
    glance(source, Matcher(rules, Cache(None)), 2, stats, None)
    assert [blob.data for blob in source.blobs(Stats()) if isinstance(blob, Blob)] == [b"ka739105zz"]
    assert stats.blobs == 60 + 1 + 60


def test_every_rule_of_ours_can_be_noticed_near_what_is_new() -> None:
    rules = load_rules().rules
    assert can_glance(Matcher(rules, Cache(None)))
    assert all(min(rule.longest, rule.trigger_longest) < MARGIN for rule in rules)
