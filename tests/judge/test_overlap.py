"""Matches that share characters: one finding, the most specific."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from secrets_guard.judge import overlap
from secrets_guard.model.match import Context, Match, Verdict
from secrets_guard.model.rule import KINDS
from secrets_guard.model.span import Span
from secrets_guard.rules.template import fill

Case = Callable[..., tuple[Match, Context]]
VALUE = fill("<alnum:30>", "overlap").encode()


def test_the_most_specific_kind_wins_whatever_the_order(case: Case) -> None:
    matches = [case(b"x=", VALUE, kind=kind, rule_id=f"rule-{index}")[0] for index, kind in enumerate(KINDS)]
    for order in itertools.permutations(matches):
        kept = [
            match.rule.kind for match, verdict in overlap.resolve([(one, None) for one in order]) if verdict is None
        ]
        assert kept == [KINDS[0]]


def test_a_vendor_rules_refusal_silences_vaguer_rules(case: Case) -> None:
    refusal = Verdict(False, "placeholder", "a documentation key")
    vendor, vague = case(b"x=", VALUE, kind="token", rule_id="vendor")[0], case(b"x=", VALUE, rule_id="vague")[0]
    settled = {match.rule.id: verdict for match, verdict in overlap.resolve([(vague, None), (vendor, refusal)])}
    assert settled == {"vendor": refusal, "vague": refusal}


def test_a_vague_rules_refusal_silences_nobody(case: Case) -> None:
    refusal = Verdict(False, "literal", "words")
    vendor, vague = case(b"x=", VALUE, kind="token", rule_id="vendor")[0], case(b"x=", VALUE, rule_id="vague")[0]
    settled = {match.rule.id: verdict for match, verdict in overlap.resolve([(vague, refusal), (vendor, None)])}
    assert settled["vendor"] is None


def test_matches_that_only_touch_are_two_findings(case: Case) -> None:
    first, second = case(b"", VALUE, start=0)[0], case(b"", VALUE, start=len(VALUE))[0]
    assert [verdict for _, verdict in overlap.resolve([(first, None), (second, None)])] == [None, None]


def test_rank_orders_any_two_rules_the_same_each_time(case: Case) -> None:
    matches = [
        case(b"x=", VALUE, kind=kind, rule_id=f"{name}-{kind}", confidence=confidence, decoded=decoded)[0]
        for kind in KINDS
        for name in ("a", "b")
        for confidence in ("low", "high")
        for decoded in ((), ("base64",))
    ]
    ranks = [overlap.rank(match) for match in matches]
    assert len(set(ranks)) == len(ranks)
    assert sorted([*matches[7:], *matches[:7]], key=overlap.rank) == sorted(matches, key=overlap.rank)


def _overlap_checks(case: Case, count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    asked = 0
    plain = Span.overlaps

    def counted(self: Span, other: Span) -> bool:
        nonlocal asked
        asked += 1
        return plain(self, other)

    judged: list[overlap.Judged] = [
        (case(b"k=", VALUE, start=index * 40, kind=kind)[0], None) for index in range(count) for kind in KINDS[-2:]
    ]
    with monkeypatch.context() as patch:
        patch.setattr(Span, "overlaps", counted)
        overlap.resolve(judged)
    return asked


def test_the_work_grows_with_the_matches_and_not_with_their_square(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (_overlap_checks(case, count, monkeypatch) for count in (500, 5000))
    assert 0 < many <= 12 * few
