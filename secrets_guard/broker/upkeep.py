"""Beside a running command: what it was given is kept alive, what changed is handed on, or taken back if that fails."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from secrets_guard.broker.audit import Audit, Event
from secrets_guard.broker.holdings import FILE, Given, Holdings, Key
from secrets_guard.broker.rotation import Pending, Rotation, Rule, noted
from secrets_guard.broker.supervised import Ended, Supervised
from secrets_guard.broker.tending import Tending
from secrets_guard.errors import BrokerError
from secrets_guard.model.secret import Secret

# Sleeping does not count the time that the machine was suspended; the clock does.
_LONGEST_SLEEP = 60.0
# Of the time for the end, how much is left to what is still being asked.
_SHARE = 0.4


class Settling(NamedTuple):
    """A new start of the command: when it was asked for, with what, and what is not needed once it has settled."""

    asked: float
    given: Given
    leaving: frozenset[Key]
    again: bool = False


class RolledBack(BrokerError):
    """The command ended right after it was started with new values."""


class Upkeep:
    """The ``Companion`` of a supervised command. One thread of its own does all that takes time."""

    def __init__(
        self,
        holdings: Holdings,
        tending: Tending,
        rotation: Rotation,
        audit: Audit,
        warn: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._all, self._tending, self._rotation = holdings, tending, rotation
        self._audit, self._warn, self._clock = audit, warn, clock
        self._command: Supervised | None = None
        self._good = holdings.given()
        self._settling: Settling | None = None
        self._broken = False
        self._times_broken = 0
        self._pending: Pending | None = None
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def begin(self, command: Supervised) -> None:
        """Start to work beside the first child, in a thread."""
        self.serve(command)
        self._thread.start()

    def serve(self, command: Supervised) -> None:
        """Take the command that ``tick`` is to work for."""
        self._command = command

    def ended(self, end: Ended) -> Mapping[str, Secret] | None:
        """Return the last environment that worked where the child died young with a new one, else None."""
        now = self._clock()
        with self._lock:
            settling, good = self._settling, self._good
            # A child that is older than what was asked for ended before its successor could be started.
            if settling is None or end.lived >= self._rotation.settle or now - end.lived < settling.asked:
                return None
            told = f"the command ended {end.lived:.1f} s after it got new values (exit code {end.code})"
            if not self._all.lives(good, now):
                if settling.again:
                    return None
                self._settling = settling._replace(asked=now, again=True)
                self._warn(f"{told}: the old ones have ended, so it is started again with the new ones")
                return settling.given.composed.environment
            self._settling, self._broken = None, True
        self._warn(f"{told}: it is started again with the old ones")
        self._audit.tell(Event("roll-back", error=RolledBack(told)))
        if self._command:
            self._command.rewrite(good.composed.files)
        self._wake.set()
        return good.composed.environment

    def close(self, seconds: float) -> None:
        """Give back all that was lent, within ``seconds``."""
        self._over = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds * _SHARE)
        self._tending.give_back(self._all.all(self._clock()), seconds * (1 - _SHARE))
        self._audit.tell(Event("end"))

    def tick(self, now: float) -> float:
        """Do what is due and return when there is something to do again."""
        with self._lock:
            broken, self._broken = self._broken, False
        if broken:
            self._times_broken += 1
            self._pending = None
            self._tending.give_back(self._all.restore(self._good, now, 1.0, self._times_broken))
        for change in self._tending.tend(now):
            self._pending = noted(self._pending, change.rules, now, change.by)
        return min(self._tending.due(), self._settle(now) if self._settling else math.inf, self._rotate(now))

    def _settle(self, now: float) -> float:
        """Take new values for good once the command has lived with them for long enough."""
        alive = self._command.alive_for() if self._command else 0.0
        with self._lock:
            settling = self._settling
            if settling is None:
                return now
            # A child that is older than what was asked for is the one that is being ended.
            if not self._rotation.settle <= alive < now - settling.asked:
                return now + max(0.1, self._rotation.settle - alive if alive < now - settling.asked else 0.1)
            self._settling, self._good, self._times_broken = None, settling.given, 0
        self._tending.give_back(self._all.release(settling.leaving, now))
        return now

    def _rotate(self, now: float) -> float:
        """Hand on what changed, when that is ripe."""
        pending = self._pending
        if pending is None:
            return math.inf
        # One thing at a time, unless what the command has is over.
        ripe = max(pending.by, pending.last) if self._settling else pending.ripe(self._rotation.debounce)
        if now < ripe:
            return ripe
        before, given = self._good, self._all.given()
        # What the child is still writing holds the old ones.
        hidden = before.composed.hidden | given.composed.hidden
        self._pending = None
        for name, rule in pending.rules.items():
            variable, file = ("", name.removeprefix(FILE)) if name.startswith(FILE) else (name, "")
            detail = "restart" if pending.restart else _told(rule)
            self._audit.tell(Event("rotate", variable=variable, file=file, detail=detail))
        if pending.restart:
            with self._lock:
                self._settling = Settling(now, given, frozenset(self._all.parked))
            if self._command:
                self._command.restart(given.composed.environment, files=given.composed.files, hidden=hidden)
            return now
        with self._lock:
            self._good = given
        if self._command:
            self._command.rewrite(given.composed.files, hidden=hidden)
            for number in pending.signals:
                self._command.signal(number)
        return now

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - the command goes on; a message may hold a value
            if not self._over:  # else what it works with has been taken away
                self._warn(f"a bug of ours ({type(error).__name__}): nothing is renewed any more")

    def _work(self) -> None:
        if not self._tending.needed:
            self._tending.give_back(self._all.all(self._clock()))
            return
        self._tending.keep_tokens(self._clock())
        while not self._over:
            due = self.tick(self._clock())
            self._wake.wait(min(max(0.0, due - self._clock()), _LONGEST_SLEEP))
            self._wake.clear()


def _told(rule: Rule) -> str:
    return f"signal {signal.Signals(rule.signal).name.removeprefix('SIG')}" if rule.signal else "nothing"
