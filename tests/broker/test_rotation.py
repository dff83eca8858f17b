"""What is done about changes, and when."""

from __future__ import annotations

import math
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.broker.rotation import Pending, Rotation, Rule, noted, read_rotation, read_rule
from secrets_guard.errors import ManifestError

from .conftest import ROOT, manifest_of

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


def test_what_rotation_asks_for_is_read_and_all_that_is_wrong_told() -> None:
    given = {"refresh": "24h", "on_change": "signal:USR1", "debounce": "0s", "settle": "500ms", "renew": False}
    assert read_rotation(given) == Rotation(86400.0, USR1, 0.0, 0.5, False)
    assert read_rotation(None) == Rotation(0.0, Rule(), 5.0, 10.0, True)
    wrong = {"refresh": "25h", "on_change": "x", "debounce": "2h", "settle": 5, "renew": "yes", "setle": "5s"}
    with pytest.raises(ManifestError) as caught:
        read_rotation(wrong)
    assert [line.partition(":")[0] for line in caught.value.problems] == [f"rotation.{name}" for name in wrong]
    assert "did you mean 'settle'?" in caught.value.problems[-1]
    with pytest.raises(ManifestError, match="must be a mapping"):
        read_rotation([])


def test_an_entry_may_have_its_own_and_what_is_wrong_has_its_place(tmp_path: Path) -> None:
    env = {"A": {"ref": "memory:a", "refresh": "0s"}, "B": "memory:b", "C": {"ref": "memory:c", "on_change": "ignore"}}
    manifest = manifest_of(tmp_path, {}, env=env, rotation={"refresh": "60s"})
    assert [manifest.refresh_of(entry) for entry in manifest.entries] == [0.0, 60.0, 60.0]
    assert [entry.on_change for entry in manifest.entries] == [None, None, Rule(False)]
    for entry in ({"refresh": "often"}, {"refresh": None}, {"on_change": "later"}):
        with pytest.raises(ManifestError, match=r"s\.yaml:\d+: A: (refresh|on_change): "):
            manifest_of(tmp_path, {}, env={"A": {"ref": "memory:a", **entry}})


def test_every_key_is_documented_and_in_the_example() -> None:
    example = (ROOT / "config" / "broker.example.yaml").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "broker.md").read_text(encoding="utf-8")
    for key in Rotation._fields:
        assert f"\n  {key}: " in example
        assert f"| `{key}: " in guide


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
