"""One time limit that logins, retries and fetches share, and the time line of what used it up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple

from secrets_guard.broker.audit import Audit
from secrets_guard.errors import BrokerError, ProviderUnavailable

# One answer that does not come leaves time for another try.
_LONGEST_WAIT = 10.0
_SHORTEST_WAIT = 0.05


class Phase(NamedTuple):
    """Something that took time: when it began and how long it took, in seconds, and ``ok`` or an error's name.

    ``of`` are the paths of the secrets that it was for, where it was for some only.
    """

    name: str
    since: float
    took: float
    outcome: str
    of: tuple[str, ...] = ()


class Deadline:
    """A total in seconds, counted from when it is made; ``phases`` fill as work is done, from any thread.

    ``audit`` is where providers tell of what no outcome shows: that they logged in.
    """

    def __init__(self, seconds: float, audit: Audit | None = None) -> None:
        self.seconds = seconds
        self.audit = audit or Audit()
        self._start = time.monotonic()
        self._phases: list[Phase] = []
        self._lock = Lock()

    def left(self) -> float:
        """Return the seconds that are left, 0 when none are."""
        return max(0.0, self._start + self.seconds - time.monotonic())

    def wait(self) -> float:
        """Return how many seconds one request may take. Raises ProviderUnavailable when the time is up."""
        left = self.left()
        if left <= 0:
            raise ProviderUnavailable(f"the deadline of {self.seconds:g} s is over")
        return max(_SHORTEST_WAIT, min(left, _LONGEST_WAIT))

    @contextmanager
    def phase(self, name: str, of: tuple[str, ...] = ()) -> Iterator[None]:
        """Note how long what is inside takes; ``name`` must hold no value."""
        since = time.monotonic() - self._start
        outcome = "ok"
        try:
            yield
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            self._note(Phase(name, since, time.monotonic() - self._start - since, outcome, of))

    def _note(self, phase: Phase) -> None:
        with self._lock:
            self._phases.append(phase)

    def spent(self, provider: str, path: str) -> float | None:
        """Return the seconds from when a provider first asked for a path until its last answer; None if never."""
        mine = [one for one in self.phases() if one.name.startswith(f"{provider}: ") and (not one.of or path in one.of)]
        named = [one for one in mine if one.of] or mine
        return max(one.since + one.took for one in named) - min(one.since for one in named) if named else None

    def phases(self) -> list[Phase]:
        """Return what took time, in the order in which it began."""
        with self._lock:
            return sorted(self._phases, key=lambda phase: phase.since)


def out_of_time(deadline: Deadline) -> BrokerError:
    """Return the outcome of what was not answered in time."""
    return ProviderUnavailable(f"no answer within the deadline of {deadline.seconds:g} s")
