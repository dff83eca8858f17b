"""Repositories -> their reports, swept in this process: side by side, and the large ones by several threads each.

Those that share most of their contents (forks) are one family, swept one behind the other by the same thread, so that
what was clean in one is not swept again in the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

from secrets_guard import workers
from secrets_guard.model.result import ScanResult, Stats
from secrets_guard.organisation.station import Station
from secrets_guard.sources.git.kin import families
from secrets_guard.sources.git.mirrors import Target, size_of
from secrets_guard.sources.git.shared import MOST, SharedContents

Progress = Callable[[Stats], None] | None


def sweep_here(
    station: Station, targets: Sequence[Target], jobs: int, progress: Progress = None
) -> tuple[list[ScanResult], bool]:
    """Return the reports of all that was swept, and whether ^C ended it early; the largest families come first."""
    sizes = {target: size_of(target.path) for target in targets}
    groups = [_Family(group, sum(sizes[target] for target in group)) for group in families(targets)]
    groups.sort(key=lambda family: -family.size)
    run = _Run(station, jobs, sum(sizes.values()), min(jobs, max(1, len(groups))))
    tick = (lambda: progress(run.so_far())) if progress else None
    try:
        workers.run(iter(groups), lambda: run.sweep, run.width, tick, run.stop)
    except KeyboardInterrupt:
        run.stop()
    return run.results, run.stopped


class _Family:
    def __init__(self, members: list[Target], size: int) -> None:
        self.members, self.size = members, size


class _Run:
    """What the threads of one run share."""

    def __init__(self, station: Station, jobs: int, total: int, width: int) -> None:
        self.results: list[ScanResult] = []
        self.stopped = False
        self.width = width
        self._station, self._jobs, self._total = station, jobs, total
        self._lock = threading.Lock()
        self._done, self._running = Stats(), dict[Target, Stats]()

    def sweep(self, family: _Family) -> None:
        """Sweep one family, with as many threads as its share of all bytes is worth."""
        jobs = max(1, round(self._jobs * family.size / self._total)) if self._total else 1
        shared = SharedContents(MOST // self.width) if len(family.members) > 1 else None
        for target in family.members:
            if self.stopped:
                return
            result = self._station.sweep(target, jobs, partial(self._tick, target), shared)
            with self._lock:
                self._running.pop(target, None)
                self._done.add(result.stats)
                self.results.append(result)
            # ^C strikes the sweep itself where it runs in the main thread.
            if any(problem.kind == "interrupted" for problem in result.problems):
                self.stop()

    def stop(self) -> None:
        """Let every sweep end as by ^C, and begin no other."""
        self.stopped = True

    def so_far(self) -> Stats:
        """Return the counters of all."""
        total = Stats()
        with self._lock:
            for stats in (self._done, *self._running.values()):
                total.add(stats)
        return total

    def _tick(self, target: Target, stats: Stats) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        with self._lock:
            self._running[target] = stats
