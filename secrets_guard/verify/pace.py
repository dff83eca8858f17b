"""Questions to a host -> spread over time, and none once the time for all of them is over."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

from secrets_guard.verify.outcome import Unanswered


class Limits(NamedTuple):
    """Seconds, but ``workers``: for one exchange, for all of them, and between two to one host."""

    timeout: float = 10.0
    deadline: float = 120.0
    interval: float = 0.25
    workers: int = 8


class Pace:
    """Lets threads through, for each host one an interval."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}
        self._end = time.monotonic() + limits.deadline

    def wait(self, host: str) -> None:
        """Sleep until it is this thread's turn. Raises Unanswered where that would be after the deadline."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, now))
            if turn >= self._end:
                raise Unanswered("no time was left to ask")
            self._next[host] = turn + self._limits.interval
        time.sleep(turn - now)

    def left(self) -> float:
        """Return the seconds left for all."""
        return max(0.0, self._end - time.monotonic())
