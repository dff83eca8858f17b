"""What may stand in a rule."""

from __future__ import annotations

import pytest

from secrets_guard.judge.checksum import CHECKS
from secrets_guard.model.rule import Rule
from secrets_guard.pattern import longest, pattern_problems
from secrets_guard.rules import lint
from secrets_guard.rules.active import load_rules


def test_the_checksums_a_rule_may_name_are_those_there_are() -> None:
    assert set(lint.CHECKSUMS) == set(CHECKS)
    assert len(lint.CHECKSUMS) == len(set(lint.CHECKSUMS))


def test_a_rule_may_have_each_field_of_a_rule_but_where_it_comes_from() -> None:
    assert set(lint._FIELDS) == set(Rule._fields) - {"vendor", "place", "longest", "trigger_longest"}


@pytest.mark.parametrize(
    ("pattern", "length"), [("abc", 3), ("a{2,5}b?", 6), ("(?:ab|c)(?=d)", 2), ("a*", 32_769), ("(a)\\1", 2)]
)
def test_the_longest_match_is_told_from_the_pattern(pattern: str, length: int) -> None:
    assert longest(pattern) == length


@pytest.mark.parametrize(
    "pattern", ["(", "a{2", "(?P<x>a)(?P<x>b)", "\\", "[z-a]", "(" * 3000 + ")" * 3000, "a{99999999999999}"]
)
def test_any_pattern_is_parsed_or_complained_of(pattern: str) -> None:
    # A brace that opens no repeat stands for itself.
    assert (pattern_problems(pattern) == []) == (pattern == "a{2")


@pytest.mark.parametrize("pattern", ["^a$", "a$"])
def test_anchors_are_fine_for_single_values(pattern: str) -> None:
    assert pattern_problems(pattern, anchors=True) == []


@pytest.mark.parametrize("page", ["http://example.org", "example.org", "https://example.org/a b", "https://x", ""])
def test_the_page_to_revoke_on_is_an_address(page: str) -> None:
    problems = lint.rule_problems(Rule("a", "A", "abcdef", revoke=page))
    assert [field for field, _ in problems] == (["revoke"] if page else [])


def test_the_most_common_vendors_have_a_page_to_revoke_on() -> None:
    with_page = {rule.vendor for rule in load_rules().rules if rule.revoke}
    assert with_page >= {"github", "gitlab", "aws", "gcp", "stripe", "slack", "npm", "pypi", "openai", "docker"}
    assert len(with_page) >= 40
