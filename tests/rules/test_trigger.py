"""What the trigger of a pattern looks like; that it never misses is proved in tests/detect/test_triggers.py."""

from __future__ import annotations

import pytest

from secrets_guard.pattern import parse
from secrets_guard.rules.trigger import derive


@pytest.mark.parametrize(
    ("pattern", "trigger"),
    [
        (r"\bkey_[0-9a-f]{40}\b", r"\bkey\x5f[0-9a-f]{12}"),
        ("(?i)abc", "(?i)abc"),
        ("a{3,500}b", "a{3,}b"),
        ("a{3,5}b", "a{3,5}b"),
        ("ab(?:c{40}|d)?", "ab(?:(?:c{40,40}|d)){0,1}"),
        ("(?<!x)ab(?=c)", "ab"),
        (r"(['\"])a\1b", r"(?:[\x27\x22])a"),
        ("(?s:a.)b", r"(?:a[\s\S])b"),
        ("a(?-i:b)", "a(?-i:b)"),
        ("a$", "a"),
    ],
)
def test_long_tails_bounds_and_what_only_re_knows_are_left_out(pattern: str, trigger: str) -> None:
    assert derive(parse(pattern)) == trigger


def test_a_trigger_of_a_trigger_is_no_coarser() -> None:
    once = derive(parse(r"(?i)\b(?:alpha|beta)[ :=]{1,9}[0-9a-z]{32}"))
    assert derive(parse(once)) == once
