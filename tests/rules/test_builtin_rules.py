"""The rules that come along: each is proved by its own examples, says where it is from, and is found in a file."""

from __future__ import annotations

import re

import pytest

from secrets_guard.model.rule import RuleSet
from secrets_guard.proof import prove
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.template import fill


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_rules()


def test_there_are_many_in_order_each_once(rules: RuleSet) -> None:
    ids = [rule.id for rule in rules.rules]
    assert len(ids) >= 120
    assert ids == sorted(set(ids))


def test_each_is_proved_by_its_own_examples_and_counterexamples(rules: RuleSet) -> None:
    assert prove(rules) == []


def test_each_has_examples_counterexamples_and_references(rules: RuleSet) -> None:
    assert [rule.id for rule in rules.rules if not (rule.examples and rule.counterexamples and rule.references)] == []
    links = [link for rule in rules.rules for link in rule.references]
    assert [link for link in links if not re.fullmatch(r"https://[\w.-]+\.[a-z]+(/\S*)?", link)] == []


def test_each_id_begins_with_its_vendor_or_a_word_of_the_title(rules: RuleSet) -> None:
    strange = []
    for rule in rules.rules:
        first = rule.id.split("-")[0]
        words = re.sub(r"[^a-z0-9]", "", f"{rule.vendor} {rule.title}".lower())
        # A protocol is no vendor, and says enough.
        if first not in words and first != "http":
            strange.append((rule.id, rule.vendor, rule.title))
    assert strange == []


def test_no_example_holds_a_value_that_is_not_made_by_a_template(rules: RuleSet) -> None:
    same = [rule.id for rule in rules.rules for text in rule.examples if fill(text, rule.id) == text]
    assert same == []


def test_a_rule_whose_example_is_wrong_is_disproved(rules: RuleSet) -> None:
    rule = rules.rules[0]
    broken = rules._replace(
        rules=(rule._replace(examples=("nothing here",), counterexamples=(rule.examples[0], "<alnun:3>")),)
    )
    lines = prove(broken)
    assert len(lines) == 3
    assert "example 1 is not found" in lines[0]
    assert "counterexample 1 is found" in lines[1]
    assert "unknown alphabet" in lines[2]
    assert prove(rules._replace(rules=(rule._replace(examples=()),))) == [
        f"{rule.place}: {rule.id}: no example: add at least one template that must be found"
    ]
