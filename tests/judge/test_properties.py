"""What holds for any bytes at all."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secrets_guard.judge import JUDGES, judge
from secrets_guard.judge.entropy import shannon
from secrets_guard.judge.placeholder import repeats
from secrets_guard.judge.words import character_kinds, only_words
from secrets_guard.model.match import Context, Match
from secrets_guard.model.rule import CONFIDENCES, KINDS

Case = Callable[..., tuple[Match, Context]]
LINE = st.binary(max_size=400)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINE, st.binary(min_size=1, max_size=200), LINE, LINE, st.sampled_from(KINDS), st.text(max_size=40))
def test_judges_never_raise_and_always_give_a_reason(
    case: Case, before: bytes, value: bytes, after: bytes, previous: bytes, kind: str, hint: str
) -> None:
    match, context = case(before, value, after, kind=kind, hint=hint, previous=previous)
    rated, verdict = judge(match, context)
    assert rated.confidence in CONFIDENCES
    assert verdict is None or (verdict.keep is False and verdict.reason)
    for opinion in JUDGES:
        assert opinion(match, context) == opinion(match, context)


@given(st.binary(max_size=300))
def test_entropy_is_between_nothing_and_eight_bits(value: bytes) -> None:
    assert 0.0 <= shannon(value) <= 8.0


@given(st.binary(min_size=1, max_size=100))
def test_a_value_has_one_to_four_kinds_of_characters(value: bytes) -> None:
    assert 1 <= character_kinds(value) <= 4


@given(
    st.binary(max_size=30), st.integers(0, 200), st.sampled_from((-1, 0, 1)), st.integers(4, 40), st.binary(max_size=30)
)
def test_a_run_or_a_count_up_or_down_is_noticed_wherever_it_stands(
    before: bytes, first: int, step: int, length: int, after: bytes
) -> None:
    run = bytes((first + step * number) & 0xFF for number in range(length))
    assert repeats(before + run + after, length)
    assert not repeats(before, len(before) + 2)


@pytest.mark.parametrize(
    ("alphabet", "share"),
    [(string.ascii_letters + string.digits, 0.001), (string.ascii_letters, 0.02), ("0123456789abcdef", 0.001)],
)
def test_random_values_hardly_ever_read_as_words(alphabet: str, share: float) -> None:
    rng = random.Random(20)
    values = ["".join(rng.choices(alphabet, k=rng.randint(20, 40))).encode() for _ in range(4000)]
    assert sum(map(only_words, values)) <= share * len(values)


@pytest.mark.parametrize(
    "words", [b"userAccessToken", b"my-secret-name2", b"open_sesame", b"application/config", b"HTTPServerError"]
)
def test_names_read_as_words(words: bytes) -> None:
    assert only_words(words)


HOSTILE = [
    b"a" * 400,
    b"$" * 400,
    b"." * 400,
    b"a.a" * 130,
    b"(" * 400,
    b"\"'" * 200,
    b"=:" * 200,
    b"sha256" * 66,
    b"/a" * 200,
]


@pytest.mark.parametrize("filler", HOSTILE, ids=lambda filler: filler[:6].decode())
def test_a_hostile_line_costs_no_more_than_a_few_milliseconds(case: Case, filler: bytes) -> None:
    import time

    for kind in KINDS:
        match, context = case(filler, filler[:200], filler, kind=kind, previous=filler, hint=(filler * 2).decode())
        began = time.process_time()
        for _ in range(5):
            for opinion in JUDGES:
                opinion(match, context)
        # Patterns that blow up need seconds for these; the bound is far above what a slow machine takes.
        assert time.process_time() - began < 1.0
