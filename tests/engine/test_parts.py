"""A secret of several parts is one finding with its parts; what must be near and is not makes it none."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard import api, parts
from secrets_guard.cache import Cache
from secrets_guard.config import Settings
from secrets_guard.model.finding import Finding
from secrets_guard.model.rule import Nearby, Rule, RuleSet
from secrets_guard.rules.load import rule_set, with_trigger
from secrets_guard.rules.template import fill
from secrets_guard.sources.memory import MemorySource
from secrets_guard.sources.pieces import SIZES
from secrets_guard.suppression.entry import Suppression

KEY = Rule("toy-key", "Toy key", r"\b(tk_[0-9a-z]{24})\b", secret_group=1, severity="critical")
ID = Rule("toy-id", "Toy id", r"\b(ti_[0-9a-z]{12})\b", secret_group=1)
USER = Rule("toy-user", "Toy user", r"\btoy_user=([a-z]{2,12})\b", secret_group=1, alone=False)


def rules(*nearby: Nearby, others: tuple[Rule, ...] = (ID, USER)) -> RuleSet:
    every = [KEY._replace(nearby=nearby), *others]
    return rule_set(sorted(with_trigger(rule._replace(max_length=60)) for rule in every))


def key(seed: int = 1) -> str:
    return fill("tk_<loweralnum:24>", str(seed))


def an_id(seed: int = 1) -> str:
    return fill("ti_<loweralnum:12>", str(seed))


def told(finding: Finding) -> tuple[str, list[tuple[str, int, int]]]:
    return finding.rule_id, [(part.rule_id, part.start_line, part.start_column) for part in finding.parts]


PAIR = rules(Nearby("toy-id"), Nearby("toy-user"))
MUST = rules(Nearby("toy-id", within=3, required=True))


@pytest.fixture
def find(scan: Any) -> Any:
    return lambda text, by=PAIR, **options: list(scan({"a.env": text.encode()}, by, **options).findings)


def test_a_key_and_its_id_are_one_finding(find: Any) -> None:
    found = find(f"id: {an_id()}\nkey: {key()}\n")
    assert [told(one) for one in found] == [("toy-key", [("toy-id", 1, 5)])]


def test_an_id_with_no_key_near_it_is_reported_by_itself(find: Any) -> None:
    found = find(f"id: {an_id()}\n" + "\n" * 12 + f"key: {key()}\n")
    assert [told(one) for one in found] == [("toy-id", []), ("toy-key", [])]


def test_what_does_not_stand_alone_is_only_ever_a_part(find: Any) -> None:
    assert find("toy_user=root\n") == []
    assert [told(one) for one in find(f"toy_user=root\nkey: {key()}\n")] == [("toy-key", [("toy-user", 1, 10)])]


@pytest.mark.parametrize(("lines", "found"), [(0, True), (3, True), (4, False)])
def test_what_must_be_near_decides_whether_there_is_a_finding(find: Any, lines: int, found: bool) -> None:
    between = "\n" * lines or " "
    assert bool(find(f"{an_id()}{between}{key()}\n", MUST, only_rule=("toy-key",))) is found
    assert bool(find(f"{key()}{between}{an_id()}\n", MUST, only_rule=("toy-key",))) is found


def test_few_lines_of_great_length_are_not_near(find: Any) -> None:
    text = f"{an_id()} {'x ' * (parts.REACH // 2)}{key()}\n"
    assert [told(one)[0] for one in find(text, MUST)] == ["toy-id"]


def test_columns_may_be_bounded(find: Any) -> None:
    by = rules(Nearby("toy-id", required=True, columns=4))
    assert [told(one)[0] for one in find(f"{an_id()}\n  {key()}\n", by)] == ["toy-key"]
    assert [told(one)[0] for one in find(f"{an_id()}\n{' ' * 9}{key()}\n", by)] == ["toy-id"]


@pytest.mark.parametrize("order", [("id", "key"), ("key", "id")])
def test_in_a_list_each_key_gets_its_own_id(find: Any, order: tuple[str, str]) -> None:
    values = {"id": an_id, "key": key}
    text = "".join(f"{values[name](seed)}\n" for seed in range(1, 5) for name in order)
    found = find(text, show_secrets=True)
    assert [(one.secret, one.parts[0].secret) for one in found] == [(key(seed), an_id(seed)) for seed in range(1, 5)]


def test_keys_have_in_common_what_is_no_secret_and_what_they_must_have(find: Any) -> None:
    text = f"toy_user=root\n{an_id()}\n{key(1)}\n{key(2)}\n"
    user, other = ("toy-user", 1, 10), ("toy-id", 2, 1)
    assert [told(one)[1] for one in find(text)] == [[other, user], [user]]
    assert [told(one)[1] for one in find(text, MUST)] == [[other], [other]]


def test_an_id_near_a_doubted_key_is_still_reported(find: Any) -> None:
    doubted = rule_set([rule._replace(confidence="low") if rule.id == "toy-key" else rule for rule in PAIR.rules])
    checked = rule_set([r._replace(checksum="github-crc32") if r.id == "toy-key" else r for r in doubted.rules])
    assert [told(one) for one in find(f"{an_id()}\n{key()}\n", checked)] == [("toy-id", [])]


def test_of_two_rules_that_name_each_other_one_is_the_finding(find: Any) -> None:
    both = rules(Nearby("toy-id"), others=(ID._replace(nearby=(Nearby("toy-key"),)),))
    assert [told(one) for one in find(f"{an_id()}\n{key()}\n", both)] == [("toy-key", [("toy-id", 1, 1)])]


def test_a_rule_that_was_left_out_still_helps_the_one_that_was_chosen(find: Any) -> None:
    text = f"{an_id()}\n{key()}\n{chr(10) * 20}{an_id(2)}\n"
    for options in ({"only_rule": ("toy-key",)}, {"exclude_rule": ("toy-id",)}, {"min_severity": "critical"}):
        assert [told(one) for one in find(text, **options)] == [("toy-key", [("toy-id", 1, 1)])]


def test_parts_are_found_where_they_were_encoded_together_or_each_by_itself(find: Any) -> None:
    def encoded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    whole = encoded(f"toy_user=root\nid: {an_id()}\nkey: {key()}\n")
    (found,) = find(f"\ndata: {whole}\n")
    assert [(part.rule_id, part.start_line) for part in found.parts] == [("toy-id", 2), ("toy-user", 2)]
    each = f"id: {encoded('the id is ' + an_id())}\nuser: {encoded('the toy_user=root !!')}\nkey: {encoded(key())}\n"
    assert [told(one)[0] for one in find(each)] == ["toy-key"]
    assert [part.start_line for part in find(each)[0].parts] == [1, 2]


def test_values_of_parts_are_hidden_wherever_the_finding_shows_text(find: Any) -> None:
    found = find(f"{an_id()} toy_user=rootuser {key()}\n")
    assert [part.rule_id for part in found[0].parts] == ["toy-id", "toy-user"]
    assert not any(value in repr(found) for value in (an_id(), key(), "rootuser"))
    shown = find(f"{an_id()} toy_user=rootuser {key()}\n", show_secrets=True)
    assert [part.secret for part in shown[0].parts] == [an_id(), "rootuser"]


@settings(max_examples=6, deadline=None, derandomize=True)
@given(shift=st.integers(-400, 400), key_first=st.booleans(), gap=st.integers(1, 300))
def test_parts_at_the_border_of_two_pieces_are_one_finding(scan: Any, shift: int, key_first: bool, gap: int) -> None:
    border = SIZES.piece - SIZES.margin
    head = ("x" * 63 + "\n") * ((border + shift) // 64 + 1)
    pair = [key(), an_id()] if key_first else [an_id(), key()]
    text = head[: border + shift] + "\n" + pair[0] + " " * gap + pair[1] + "\n" + ("y" * 63 + "\n") * 4000
    found = scan({"a.env": text.encode()}, MUST).findings
    line = text[: text.index(key())].count("\n") + 1
    assert [(one.rule_id, one.location.start_line, len(one.parts)) for one in found] == [("toy-key", line, 1)]


def test_hostile_numbers_of_parts_take_bounded_work(find: Any) -> None:
    # All pairs of these on one line would be minutes; no claim about seconds.
    text = " ".join(f"{an_id(seed % 7)} {key(seed % 7)}" for seed in range(4_000))
    found = find(text)
    assert len(found) == 4_000
    assert all(len(one.parts) == 1 for one in found)


def test_an_entry_of_the_baseline_for_a_part_counts_as_used(scan: Any) -> None:
    text = {"a.env": f"{an_id()}\n{key()}\n".encode()}
    alone = scan(text, PAIR, only_rule=("toy-id",)).findings[0].fingerprint
    known = [Suppression(fingerprint=alone, place="baseline:1")]
    result = api.scan(MemorySource(text), rules=PAIR, settings=Settings(jobs=1), suppressions=known, cache=Cache(None))
    assert [told(one)[0] for one in result.findings] == ["toy-key"]
    assert result.notes == ()


VAGUE = Rule("toy-vague", "Toy", r"key: (tk_[0-9a-z]{24})\b", "assignment", secret_group=1, confidence="medium")
PLAIN = Rule("toy-plain", "Toy", r"\b(tk_[0-9a-z]{24})\b", secret_group=1, confidence="medium")


@pytest.mark.parametrize("other", [VAGUE, PLAIN], ids=["vaguer", "as exact"])
def test_what_lacks_its_part_leaves_the_field_to_other_rules(find: Any, other: Rule) -> None:
    by = rules(Nearby("toy-id", within=3, required=True), others=(ID, other))
    assert [told(one)[0] for one in find(f"key: {key()}\n", by)] == [other.id]
    assert [told(one)[0] for one in find(f"{an_id()}\nkey: {key()}\n", by)] == ["toy-key"]


def test_what_another_rule_says_better_is_no_part(find: Any) -> None:
    better = Rule("toy-account", "Toy", r"account (ti_[0-9a-z]{12})\b", secret_group=1)
    text = f"account {an_id()}\nkey: {key()}\n"
    may = rules(Nearby("toy-id"), others=(ID, better))
    must = rules(Nearby("toy-id", required=True), others=(ID, better))
    assert [told(one) for one in find(text, may)] == [("toy-account", []), ("toy-key", [])]
    assert [told(one) for one in find(text, must)] == [("toy-key", [("toy-id", 1, 9)])]


def test_a_refusal_of_a_rule_that_lacks_its_part_says_nothing_about_others(find: Any) -> None:
    by = rules(Nearby("toy-id", required=True), others=(ID, VAGUE))
    strict = rule_set([rule._replace(min_entropy=7.9) if rule.id == "toy-key" else rule for rule in by.rules])
    assert [told(one)[0] for one in find(f"key: {key()}\n", strict)] == ["toy-vague"]


def test_a_doubted_key_that_lacks_its_part_hides_no_other(find: Any) -> None:
    by = rules(Nearby("toy-id", required=True), others=(ID, PLAIN))
    doubted: dict[str, dict[str, Any]] = {
        "toy-key": {"confidence": "low", "checksum": "github-crc32", "severity": "critical"}
    }
    less = rule_set([rule._replace(**doubted.get(rule.id, {})) for rule in by.rules])
    assert [told(one)[0] for one in find(f"key: {key()}\n", less)] == ["toy-plain"]
