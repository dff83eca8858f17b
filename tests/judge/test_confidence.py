"""The model: what it says of a candidate, and that what it says is the sum of its weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import exp
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.judge import confidence
from secrets_guard.judge.features import features
from secrets_guard.judge.weights import BIAS, MEDIUM, WEIGHTS
from secrets_guard.judge.words import unpronounceable
from secrets_guard.model.match import Context, Match
from secrets_guard.rules.template import fill

Case = Callable[..., tuple[Match, Context]]
RANDOM = fill("<alnum:24>", "model").encode()


def _likely(case: Case, before: bytes, value: bytes, **more: object) -> float:
    verdict = confidence.judge(*case(before, value, **more))
    assert verdict is not None
    found = re.match(r"(\d\.\d\d) likely", verdict.reason)
    assert found
    return float(found[1])


def test_the_probability_is_the_logistic_of_bias_and_weights(case: Case) -> None:
    match, context = case(b"api_key = '", RANDOM)
    total = BIAS + sum(WEIGHTS[name] * much for name, much in features(match, context).items() if name in WEIGHTS)
    assert _likely(case, b"api_key = '", RANDOM) == pytest.approx(1 / (1 + exp(-total)), abs=0.006)


def test_the_reason_names_what_weighed_most(case: Case) -> None:
    verdict = confidence.judge(*case(b"'password', '", b"blue" + b"berry", hint="app.py"))
    assert verdict is not None
    assert "list item -" in verdict.reason


@pytest.mark.parametrize(
    ("likelier", "less"),
    [
        ((b"api_key = '", RANDOM, {}), (b"api_key = '", b"primary_" + b"colour7", {})),
        ((b"password = '", RANDOM, {}), (b"password = '", RANDOM, {"hint": "locale/fr.json"})),
        ((b"password = '", b"blueberry7", {"previous": b"user = 'joe'"}), (b"password = '", b"blueberry7", {})),
        ((b"password: ", b"blueberry7", {"hint": "a.yml"}), (b"password: '", b"blueberry7", {"hint": "a.py"})),
    ],
)
def test_one_candidate_is_likelier_than_another(
    case: Case, likelier: tuple[bytes, bytes, dict[str, Any]], less: tuple[bytes, bytes, dict[str, Any]]
) -> None:
    assert _likely(case, *likelier[:2], **likelier[2]) > _likely(case, *less[:2], **less[2])


def test_a_rule_that_knows_a_password_stands_there_is_not_doubted_for_words(case: Case) -> None:
    assert confidence.judge(*case(b"-p ", b"blue" + b"berry", rule_id="psexec-password")) is None


def test_no_generic_candidate_is_more_than_medium(case: Case) -> None:
    verdict = confidence.judge(*case(b"api_key = '", RANDOM))
    assert verdict is not None
    assert verdict.confidence == "medium"
    assert _likely(case, b"api_key = '", RANDOM) >= MEDIUM


@given(st.binary(min_size=1, max_size=80))
def test_every_feature_is_from_0_to_1(value: bytes) -> None:
    assert 0.0 <= unpronounceable(value) <= 1.0


@given(st.binary(min_size=1, max_size=60), st.binary(max_size=60))
def test_features_of_any_value_are_from_0_to_1_and_known_to_the_model(value: bytes, before: bytes) -> None:
    from secrets_guard.model.rule import Rule
    from secrets_guard.model.secret import Secret
    from secrets_guard.model.span import Span

    class Text:
        data = before + value
        binary = False

    at = Span(len(before), len(before) + len(value))
    rule = Rule("generic-secret-assignment", "A rule", "x", "assignment")
    match = Match(rule, 0, Span(0, at.end), at, Secret(value), before + value, at, Text())
    found = features(match, Context(before, b"", b"", "a.conf"))
    assert all(0.0 <= much <= 1.0 for much in found.values())
    assert found.keys() <= WEIGHTS.keys()
