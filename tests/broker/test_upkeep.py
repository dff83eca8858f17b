"""What goes on beside a running command, by a clock that tests set: leases, tokens, new values, and the way back."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.broker.audit import Audit
from secrets_guard.broker.environment import Limits, build
from secrets_guard.broker.holdings import Holdings
from secrets_guard.broker.keeping import composing
from secrets_guard.broker.manifest import Manifest
from secrets_guard.broker.providers.memory import MemoryProvider
from secrets_guard.broker.resolve import Resolved, resolve
from secrets_guard.broker.supervised import Ended
from secrets_guard.broker.tending import Means, Poll, Tending
from secrets_guard.broker.upkeep import Upkeep
from secrets_guard.errors import AccessDenied, BrokerError, ProviderUnavailable
from secrets_guard.model.secret import Secret

from .conftest import manifest_of
from .lending import UNREACHED, Bank, MemoryLender, Still

LIMITS = Limits(131072, 1 << 20)


class Scene:
    """A command with its upkeep, and the time; ``until`` lets it pass, with a tick whenever one was asked for."""

    def __init__(
        self,
        folder: Path,
        bank: Bank,
        env: Mapping[str, object],
        own: bool = True,
        before: Sequence[BrokerError] = (),
        chance: Callable[[], float] = lambda: 0.5,
        **rotation: object,
    ) -> None:
        self.bank = bank
        self.told: list[str] = []
        self.warned: list[str] = []
        self.manifest: Manifest = manifest_of(folder, {}, env=env, rotation=rotation)
        self.audit = Audit(lambda line, _failed: self.told.append(line))
        self.resolved: Resolved = resolve(self.manifest, {}, {"memory": MemoryLender(bank, own)}, self.audit)
        compose = composing(
            self.manifest, frozenset(), lambda one: build({}, one.injected, frozenset(), frozenset(), (), LIMITS)
        )
        means = Means(lambda _name: MemoryLender(bank, own), self.audit, self.warned.append, chance, 5.0)
        self.holdings = Holdings(self.resolved.outcomes, self.resolved.providers, compose, bank.now, 0.5)
        polls = [
            Poll(entry.name, entry.value.refs, every, every)
            for entry in self.manifest.entries
            if (every := self.manifest.refresh_of(entry))
        ]
        self.tending = Tending(self.holdings, polls, means)
        self.upkeep = Upkeep(
            self.holdings, self.tending, self.manifest.rotation, self.audit, self.warned.append, lambda: bank.now
        )
        self.command = Still(bank)
        self.upkeep.serve(self.command)
        bank.faults = list(before)
        self.tending.keep_tokens(bank.now)

    def until(self, now: float) -> None:
        for _ in range(10_000):
            due = self.upkeep.tick(self.bank.now)
            if due > now:
                self.bank.now = now
                return
            self.bank.now = max(due, self.bank.now + 0.01)
        raise AssertionError("it asks to be called for ever")

    def dies(self) -> Mapping[str, Secret] | None:
        """Let the child end by itself, and the supervisor start what it is told to."""
        back = self.upkeep.ended(Ended(1, self.command.alive_for(), len(self.command.started)))
        if back is not None:
            self.command.restart(back)
            self.command.did[-1] = ("back", self.bank.now)
        return back

    def actions(self) -> list[str]:
        return [f"{line['event.action']} {line['event.outcome']}" for line in map(json.loads, self.told)]

    @property
    def first(self) -> str:
        """What the first child has."""
        return next(one.secret.reveal().decode() for one in self.resolved.injected)

    def value(self, name: str = "A") -> str:
        return self.command.started[-1][name].reveal().decode()


Scenes = Callable[..., Scene]


@pytest.fixture
def scene(tmp_path: Path) -> Scenes:
    def made(bank: Bank, env: Mapping[str, object], **options: Any) -> Scene:
        return Scene(tmp_path, bank, env, **options)

    return made


LEASED: dict[str, object] = {"A": "memory:creds/db"}


def test_a_lease_is_renewed_until_its_longest_time_and_then_replaced_and_the_command_told(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=300)
    one = scene(bank, LEASED)
    one.until(200)
    assert one.command.did == []
    assert 4 <= len(bank.renewals) <= 6
    one.until(300)
    (start,) = one.command.did
    assert start[0] == "restart"
    assert 250 < start[1] < 300
    assert one.value() == "value-of-creds/db/3"
    assert bank.lives("creds/db/3")


def test_a_lease_never_ends_while_the_command_has_it(scene: Scenes) -> None:
    bank = Bank(ttl=7, longest=31)
    one = scene(bank, LEASED, debounce="1s", settle="2s")
    running = "value-of-creds/db/2"
    for now in range(1, 400):
        one.until(float(now))
        running = one.value() if one.command.started else running
        assert bank.lives(running.removeprefix("value-of-"))
    assert len(one.command.started) > 10
    assert len([name for name in bank.alive if name.startswith("creds/") and bank.lives(name)]) <= 2


@settings(max_examples=40, deadline=None)
@given(
    ttl=st.integers(5, 40), longest=st.integers(5, 120), token=st.sampled_from([0, 11, 50]), seed=st.integers(0, 99),
    dying=st.integers(0, 5),
)  # fmt: skip
def test_whatever_the_times_the_running_child_has_credentials_that_work(
    tmp_path_factory: pytest.TempPathFactory, ttl: int, longest: int, token: int, seed: int, dying: int
) -> None:
    """Also when one of its starts dies young."""
    bank = Bank(ttl=min(ttl, longest), longest=longest, token_ttl=token)
    folder = tmp_path_factory.mktemp("any")
    one = Scene(folder, bank, LEASED, chance=random.Random(seed).random, debounce="500ms", settle="1s")
    for now in range(1, 200):
        one.until(float(now))
        if dying and len(one.command.started) == dying:
            # Died right at its start; nobody has noticed yet.
            dying, young = 0, one.command.alive_for() < 1
            assert (one.dies() is not None) == young
            if not young:
                return
            one.until(now + 0.01)
        held = one.value() if one.command.started else one.first
        assert bank.lives(held.removeprefix("value-of-")), (now, one.command.did)
    assert one.warned == [line for line in one.warned if "it is started again with the" in line]


@settings(max_examples=40, deadline=None)
@given(
    ttl=st.integers(3, 40), longest=st.integers(5, 120), token=st.sampled_from([0, 11, 50]), seed=st.integers(0, 9999),
    own=st.booleans(), often=st.floats(0, 0.9),
)  # fmt: skip
def test_whatever_goes_wrong_nothing_that_was_lent_is_left_at_the_end(
    tmp_path_factory: pytest.TempPathFactory, ttl: int, longest: int, token: int, seed: int, own: bool, often: float
) -> None:
    chance = random.Random(seed)
    kinds = (UNREACHED, AccessDenied("not now"))
    bank = Bank(ttl=min(ttl, longest), longest=longest, token_ttl=token)
    bank.static = {"app": "one"}
    env = {**LEASED, "B": "memory:creds/mq", "S": {"ref": "memory:app", "refresh": "3s"}}
    folder = tmp_path_factory.mktemp("any")
    one = Scene(folder, bank, env, own=own, chance=chance.random, debounce="500ms", settle="1s")
    for now in range(1, 150):
        bank.trouble = lambda: chance.choice(kinds) if chance.random() < often else None
        bank.static = {"app": chance.choice(["one", "two", ""])}
        one.until(float(now))
        if one.command.started and chance.random() < 0.1 and one.dies() is None:
            break
    one.upkeep.close(1)
    assert [name for name in bank.alive if bank.lives(name) and name != "token-given"] == []


def test_what_was_replaced_is_given_back_once_the_new_child_has_settled(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=60)
    one = scene(bank, LEASED, settle="4s", debounce="1s")
    one.until(55)
    assert (one.command.did[0][0], bank.revoked) == ("restart", [])
    one.until(59)
    assert bank.revoked == ["creds/db/2"]
    assert "revoke success" in one.actions()


def test_one_that_the_server_does_not_reach_is_tried_again_and_survives(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=1000)
    one = scene(bank, LEASED)
    bank.faults = [UNREACHED] * 3
    one.until(59)
    assert bank.faults == []
    assert bank.lives("creds/db/2")
    assert one.actions().count("renew failure") == 3
    assert len(one.warned) == 1
    one.until(300)
    assert one.command.did == []


def test_one_that_was_revoked_by_others_is_replaced_at_once(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=1000)
    one = scene(bank, LEASED)
    del bank.alive["creds/db/2"]
    one.until(45)
    assert [what for what, _ in one.command.did] == ["restart"]
    assert one.value() == "value-of-creds/db/3"


def test_new_credentials_that_do_not_come_are_asked_for_again(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=60)
    one = scene(bank, LEASED)
    one.until(45)
    bank.faults = [ProviderUnavailable("down")] * 12
    one.until(200)
    assert bank.faults == []
    assert one.value().startswith("value-of-creds/db/")
    assert one.warned == ["memory: no new credentials: down; trying again"]


def test_with_a_login_that_ends_all_is_fetched_anew_and_the_old_token_given_back(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=10_000, token_ttl=100)
    bank.longest = 250
    one = scene(bank, {"A": "memory:creds/db", "B": "memory:creds/mq"})
    one.until(249)
    assert len(one.command.did) == 1
    assert bank.lives(one.value("A").removeprefix("value-of-"))
    assert bank.lives(one.value("B").removeprefix("value-of-"))
    assert bank.revoked[-1] == "token-1"
    assert {name for name in bank.alive if name.startswith("token")} == {"token-4"}


def test_a_token_that_was_given_is_renewed_and_never_given_back(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=300, token_ttl=100)
    one = scene(bank, LEASED, own=False)
    one.until(290)
    assert any("the token that was given ends" in line for line in one.warned)
    one.upkeep.close(1)
    assert "token-given" in bank.alive
    assert bank.revoked[-1].startswith("creds/db/")


def test_at_the_end_leases_and_own_tokens_are_given_back(scene: Scenes) -> None:
    bank = Bank(token_ttl=100)
    one = scene(bank, LEASED)
    one.upkeep.close(1)
    assert bank.revoked == ["token-1"]
    assert not bank.lives("creds/db/2")
    assert one.actions()[-1] == "end success"


def test_what_can_not_be_given_back_is_told(scene: Scenes) -> None:
    bank = Bank()
    one = scene(bank, LEASED, own=False)
    bank.faults = [AccessDenied("no right")]
    one.upkeep.close(1)
    assert one.warned == ["not given back: creds/db/1: no right"]
    assert "revoke failure" in one.actions()


STATIC: dict[str, object] = {"A": {"ref": "memory:app", "refresh": "60s"}, "B": "memory:app"}


def static(**values: str) -> Bank:
    bank = Bank()
    bank.static = values
    return bank


def test_a_new_value_is_seen_and_handed_on_after_it_rested(scene: Scenes) -> None:
    bank = static(app="one")
    one = scene(bank, STATIC)
    one.until(130)
    assert one.command.did == []
    bank.static["app"] = "two"
    one.until(200)
    ((what, when),) = one.command.did
    assert (what, one.value("A"), one.value("B")) == ("restart", "two", "two")
    assert 180 <= when - 5 <= 200
    assert {Secret(b"one"), Secret(b"two")} <= one.command.hidden


def test_only_what_the_manifest_asks_for_is_looked_at_again(scene: Scenes) -> None:
    bank = static(app="one", other="x")
    one = scene(bank, {"A": {"ref": "memory:app", "refresh": "60s"}, "B": "memory:other"})
    bank.static = {"app": "one", "other": "y"}
    one.until(600)
    assert one.command.did == []
    assert bank.fetched <= 2 + 11
    assert one.manifest.polled
    assert not one.manifest._replace(entries=one.manifest.entries[1:]).polled


def test_many_changes_are_one_restart(scene: Scenes) -> None:
    bank = static(a="1", b="1")
    one = scene(bank, {"A": "memory:a", "B": "memory:b"}, refresh="2s", debounce="5s")
    bank.static = {"a": "2", "b": "1"}
    one.until(4)
    bank.static = {"a": "2", "b": "2"}
    one.until(30)
    assert len(one.command.started) == 1
    assert (one.value("A"), one.value("B")) == ("2", "2")


def test_a_rule_may_ask_for_a_signal_or_nothing(scene: Scenes) -> None:
    bank = static(a="1", b="1")
    env = {"A": {"ref": "memory:a", "on_change": "signal:USR1"}, "B": "memory:b"}
    one = scene(bank, env, refresh="10s", on_change="ignore")
    bank.static["b"] = "2"
    one.until(60)
    assert one.command.did == []
    bank.static["a"] = "2"
    one.until(120)
    assert one.command.did == [("signal", signal.SIGUSR1)]
    assert [line for line in one.actions() if line.startswith("rotate")] == ["rotate success"]


@pytest.mark.parametrize("bad", ["", "changeme", None])
def test_a_value_that_can_not_be_injected_or_is_gone_changes_nothing(scene: Scenes, bad: str | None) -> None:
    bank = static(app="one")
    one = scene(bank, STATIC)
    bank.static = {} if bad is None else {"app": bad}
    one.until(400)
    assert one.command.did == []
    assert len(one.warned) == 1
    assert one.warned[0].startswith("A: the value that it has is kept: ")
    bank.static = {"app": "two"}
    one.until(500)
    assert one.value() == "two"


def test_an_optional_secret_that_comes_to_be_there_is_a_change(scene: Scenes) -> None:
    bank = static()
    one = scene(bank, {"A": {"ref": "memory:app", "refresh": "10s", "optional": True}})
    one.until(30)
    assert (one.command.did, one.warned) == ([], [])
    bank.static["app"] = "here"
    one.until(60)
    assert one.value() == "here"


def test_a_child_that_dies_young_gets_its_old_values_back_and_the_new_ones_are_not_tried_again(scene: Scenes) -> None:
    bank = static(app="one")
    one = scene(bank, STATIC, settle="10s")
    bank.static["app"] = "two"
    one.until(70)
    assert one.value() == "two"
    assert one.dies() is not None
    assert one.value() == "one"
    assert "roll-back failure" in one.actions()
    assert "it is started again with the old ones" in one.warned[0]
    one.until(600)
    assert [what for what, _ in one.command.did] == ["restart", "back"]
    bank.static["app"] = "three"
    one.until(700)
    assert one.value() == "three"


def test_a_child_that_has_settled_or_was_never_given_new_values_ends_it_all(scene: Scenes) -> None:
    bank = static(app="one")
    one = scene(bank, STATIC)
    one.until(1)
    assert one.dies() is None
    bank.static["app"] = "two"
    one.until(85)
    assert one.value() == "two"
    assert one.dies() is None


def test_a_child_that_dies_of_its_old_values_as_well_ends_it_all(scene: Scenes) -> None:
    bank = static(app="one")
    one = scene(bank, STATIC)
    bank.static["app"] = "two"
    one.until(70)
    assert one.dies() is not None
    one.until(71)
    assert one.dies() is None


def test_an_old_child_that_ends_by_itself_before_its_successor_starts_ends_it_all(scene: Scenes) -> None:
    bank = static(app="one")
    one = scene(bank, STATIC, settle="1h")
    bank.static["app"] = "two"
    one.until(70)
    assert one.command.did
    assert one.upkeep.ended(Ended(1, bank.now, 0)) is None


def test_a_field_that_is_gone_is_a_change(scene: Scenes) -> None:
    bank = static(app='{"a": "1", "b": "2"}')
    one = scene(bank, {"A_*": "memory:app#*"}, refresh="5s")
    bank.static["app"] = '{"a": "1"}'
    one.until(30)
    assert set(one.command.started[-1]) == {"A_A"}


def test_a_token_that_can_not_be_looked_up_for_now_is_asked_for_again(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=10_000, token_ttl=100)
    one = scene(bank, LEASED, before=[UNREACHED] * 3)
    one.until(200)
    assert bank.lives("creds/db/2")
    assert len(one.warned) == 1
    assert "its token is not kept alive" in one.warned[0]


def test_leases_of_a_token_that_can_not_be_revoked_are_revoked_themselves(scene: Scenes) -> None:
    bank = Bank(token_ttl=100)
    one = scene(bank, LEASED)
    bank.faults = [AccessDenied("batch tokens cannot be revoked")]
    one.upkeep.close(1)
    assert bank.revoked == ["creds/db/2"]


def test_a_provider_without_leases_that_refuses_is_opened_anew_but_not_at_every_look(tmp_path: Path) -> None:
    """The credentials of a role of AWS end after an hour."""
    opened: list[MemoryProvider] = []
    values: dict[str, object] = {"app": "one"}

    def reopen(_name: str) -> MemoryProvider:
        opened.append(MemoryProvider({"app": "two"} if opened else {"app": AccessDenied("still not")}))
        return opened[-1]

    manifest = manifest_of(tmp_path, {}, env={"A": "memory:app"})
    resolved = resolve(manifest, {}, {"memory": MemoryProvider(values)})
    compose = composing(manifest, frozenset(), lambda one: {item.name: item.secret for item in one.injected})
    holdings = Holdings(resolved.outcomes, resolved.providers, compose, 0, 0.5)
    polls = [Poll("A", manifest.entries[0].value.refs, 10, 10)]
    warned: list[str] = []
    tending = Tending(holdings, polls, Means(reopen, Audit(), warned.append, lambda: 0.5, 5.0))
    values["app"] = AccessDenied("the role's session is over")
    changes = {now: tending.tend(now) for now in range(0, 600, 10)}
    assert len(opened) == 2
    assert [now for now, found in changes.items() if found] == [310]
    assert warned == ["A: the value that it has is kept: still not"]
    assert holdings.composed.environment["A"] == Secret(b"two")


def test_after_a_way_back_the_old_lease_is_kept_the_new_one_given_back_and_it_is_tried_again(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=600)
    one = scene(bank, LEASED, debounce="1s")
    while not one.command.did:
        one.until(bank.now + 1)
    one.until(bank.now + 1)
    back = one.dies()
    assert back is not None
    assert back["A"].reveal() == b"value-of-creds/db/2"
    since = bank.now
    one.until(since + 1)
    assert bank.revoked == ["creds/db/3"]
    assert bank.lives("creds/db/2")
    one.until(since + 45)
    assert [what for what, _ in one.command.did] == ["restart", "back", "restart"]
    one.until(since + 70)
    assert not bank.lives("creds/db/2")
    assert bank.lives(one.value().removeprefix("value-of-"))


def test_a_way_back_keeps_the_token_by_which_the_old_values_live(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=250, token_ttl=100)
    one = scene(bank, LEASED, debounce="1s")
    while not one.command.did:
        one.until(bank.now + 1)
    one.until(bank.now + 1)
    assert one.dies() is not None
    one.until(bank.now + 1)
    assert bank.lives(one.value().removeprefix("value-of-"))
    assert [name for name in bank.alive if name.startswith("token")] == ["token-1"]


def test_a_bad_value_in_an_audit_line_is_never_there(scene: Scenes) -> None:
    bank = Bank(ttl=6, longest=20, token_ttl=30)
    bank.static = {"app": "static-value"}
    one = scene(bank, {**LEASED, "S": {"ref": "memory:app", "refresh": "5s"}}, debounce="1s", settle="1s")
    one.until(40)
    bank.static = {"app": "other-value"}
    one.until(100)
    assert {"renew success", "rotate success", "revoke success", "fetch success"} <= set(one.actions())
    assert [line for line in (*one.told, *one.warned) if "value-of-" in line or "-value" in line] == []


def test_a_server_that_is_down_for_long_is_not_flooded(scene: Scenes) -> None:
    bank = Bank(ttl=60, longest=10_000)
    one = scene(bank, LEASED)
    bank.faults = [UNREACHED] * 10_000
    one.until(3600)
    assert 10_000 - len(bank.faults) < 120
