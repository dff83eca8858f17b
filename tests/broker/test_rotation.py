"""What is done about changes, and when."""

from __future__ import annotations

import math
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.broker.rotation import Pending, Rule, noted, read_rule
from secrets_guard.errors import ManifestError

HUP, USR1 = Rule(False, signal.SIGHUP), Rule(False, signal.SIGUSR1)


def test_a_rule_is_restart_ignore_or_a_signal_that_can_be_caught() -> None:
    assert read_rule("restart") == Rule(True, 0)
    assert read_rule("ignore") == Rule(False, 0)
    assert read_rule("signal:HUP") == read_rule("signal:SIGHUP") == HUP
    for wrong in (
        "signal",
        "signal:",
        "signal:NOPE",
        "signal:KILL",
        "signal:STOP",
        "signal:_DFL",
        "HUP",
        "reload",
        None,
        1,
    ):
        with pytest.raises(ManifestError, match="none of restart, ignore, signal:NAME"):
            read_rule(wrong)


def after(*changes: tuple[float, dict[str, Rule]], by: float = math.inf) -> Pending:
    pending = None
    for now, changed in changes:
        pending = noted(pending, changed, now, by)
    assert pending is not None
    return pending


def test_it_waits_until_changes_rest_but_not_for_ever() -> None:
    assert after((0, {"A": Rule()})).ripe(5) == 5
    assert after((0, {"A": Rule()}), (3, {"B": Rule()})).ripe(5) == 8
    assert after(*((float(now), {"A": Rule()}) for now in range(0, 100, 3))).ripe(5) == 20


def test_it_does_not_wait_beyond_the_end_of_what_is_replaced() -> None:
    assert after((0, {"A": Rule()}), by=2).ripe(5) == 2
    assert after((4, {"A": Rule()}), by=2).ripe(5) == 4


def test_what_is_to_be_ignored_does_nothing() -> None:
    assert noted(None, {"A": Rule(False)}, 0, math.inf) is None
    assert after((0, {"A": HUP}), (9, {"B": Rule(False)})).ripe(5) == 5


@given(st.lists(st.sampled_from([Rule(), HUP, USR1]), min_size=1))
def test_a_restart_tells_of_all_and_each_signal_is_sent_once(rules: list[Rule]) -> None:
    pending = after(*((0.0, {str(number): rule}) for number, rule in enumerate(rules)))
    assert pending.restart == (Rule() in rules)
    assert sorted(pending.signals) == sorted({rule.signal for rule in rules if rule.signal})
