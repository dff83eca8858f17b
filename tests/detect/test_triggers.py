"""Stage one may say too much, never too little."""

from __future__ import annotations

import re

import hyperscan
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secrets_guard.cache import Cache
from secrets_guard.decode.batch import Batch
from secrets_guard.decode.view import View
from secrets_guard.detect.database import MODE
from secrets_guard.detect.matcher import Matcher
from secrets_guard.model.blob import Blob
from secrets_guard.model.rule import RuleSet
from secrets_guard.pattern import parse
from secrets_guard.rules.active import load_rules
from secrets_guard.rules.template import fill_bytes
from secrets_guard.rules.trigger import derive

MANY = settings(max_examples=400, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def builtin() -> RuleSet:
    return load_rules()


def test_each_example_of_each_rule_is_hit_where_its_window_holds_the_match(builtin: RuleSet) -> None:
    matcher = Matcher(builtin.rules, Cache(None))
    scratch = matcher.scratch()
    missed, seen = [], 0
    for index, rule in enumerate(matcher.rules):
        for number, template in enumerate(rule.examples):
            text = fill_bytes(template, rule.id)
            batch = Batch([View(Blob("", text, ""), 0)])
            ends = [end for hit, end in matcher.scan(batch.buffer, scratch)[0] if hit == index]
            for found in matcher.expression(index).finditer(batch.buffer, 1, len(batch.buffer) - 1):
                seen += 1
                # Triggers of entropy rules are taken as they are given, with the border behind the value.
                last = found.end() + (rule.kind == "entropy")
                if not any(found.start() < end <= last for end in ends):
                    missed.append((rule.id, number, found.span(), ends))
    assert missed == []
    assert seen >= len(matcher.rules)


def test_no_example_is_longer_than_its_rule_says(builtin: RuleSet) -> None:
    for rule in builtin.rules:
        expression = re.compile(rule.pattern.encode())
        for template in rule.examples:
            text = fill_bytes(template, rule.id)
            assert all(len(found.group()) <= rule.max_length for found in expression.finditer(text)), rule.id


ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "B",
        "1",
        " ",
        r"\n",
        "[ab]",
        "[^a]",
        "[^ab1]",
        r"\d",
        r"\D",
        r"\s",
        r"\S",
        r"\w",
        r"[\w-]",
        r"[^\s]",
        ".",
        "[a-c]",
    ]
)
ZERO_WIDTH = st.sampled_from([r"\b", r"\B", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", "(?m:^)", "$", "(?m:$)", "(?:)"])
REPEATS = st.sampled_from(
    ["?", "*", "+", "{2}", "{1,2}", "{0,2}", "{2,}", "{1,20}", "{0,9}", "*?", "+?", "{2,9}?", "?+", "*+", "{3,14}"]
)


def bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: f"({'|'.join([*parts, ''])})"),
        st.tuples(inner, REPEATS).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        st.tuples(st.sampled_from(["i", "s", "m", "-i", "is"]), inner).map(lambda pair: f"(?{pair[0]}:{pair[1]})"),
        inner.map(lambda one: f"(?>{one})"),
    )


PATTERNS = st.builds(
    lambda flags, body: flags + body,
    st.sampled_from(["", "", "(?i)", "(?s)", "(?m)"]),
    st.recursive(st.one_of(ATOMS, ATOMS, ZERO_WIDTH, st.tuples(ATOMS, REPEATS).map("".join)), bigger, max_leaves=8),
)
SUBJECTS = st.text("aabbAB1 \n.-c", min_size=20, max_size=60)


@MANY
@given(pattern=PATTERNS, subject=SUBJECTS)
@example(pattern=r"(a|b)1\1b", subject="a1ab")
@example(pattern=r"a(?:(b)\1)?", subject="a")
@example(pattern=r"(?s:a.)b", subject="a\nb")
@example(pattern=r"a(?:b|$)", subject="1a")
@example(pattern=r"(?i)a(?-i:b)1{20}", subject="Ab" + "1" * 20)
@example(pattern=r"(?:a{2,14}){3}", subject="a" * 9)
def test_wherever_a_pattern_matches_its_trigger_ends_inside(pattern: str, subject: str) -> None:
    expression = re.compile(pattern.encode())
    text = subject.encode()
    spans = {found.span() for at in range(len(text)) if (found := expression.match(text, at)) and found.group()}
    trigger = derive(parse(pattern))
    made = hyperscan.Database(mode=MODE)
    refusal = ""
    try:
        made.compile(expressions=[trigger.encode()], ids=[0], flags=[0])
    except hyperscan.error as error:
        refusal = str(error)
    if refusal:
        # What can match nothing at all, or can't match at all, is refused with a complaint.
        assert any(why in refusal for why in ("empty", "never match", "anchors not supported"))
        return
    ends: set[int] = set()
    made.scan(text, match_event_handler=lambda _id, _start, end, _flags, _context: ends.add(end))
    assert [span for span in spans if not any(span[0] < end <= span[1] for end in ends)] == []


def test_a_back_reference_does_not_make_every_byte_behind_it_a_hit() -> None:
    made = hyperscan.Database(mode=MODE)
    made.compile(expressions=[derive(parse(r"q(['\"])x+\1")).encode()], ids=[0], flags=[0])
    ends: list[int] = []
    made.scan(b"q'x'" + b"x" * 1000, match_event_handler=lambda _id, _start, end, _flags, _context: ends.append(end))
    assert len(ends) == 1
