"""Jobs -> their results, a few at a time, none waited for beyond the deadline."""

from __future__ import annotations

import queue
import signal
from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Thread
from typing import TypeVar

from secrets_guard.broker.deadline import Deadline, out_of_time
from secrets_guard.errors import BrokerError

Job = TypeVar("Job", bound=Hashable)
Result = TypeVar("Result")

AT_ONCE = 16
# Those who do the work keep the deadline themselves; this is how long their own word on what was late is waited for.
_GRACE = 0.1


def each(
    jobs: Sequence[Job], do: Callable[[Job], Result], deadline: Deadline, grace: float = _GRACE
) -> Mapping[Job, Result | BrokerError]:
    """Return what ``do`` returned for each job, or the BrokerError that it raised or that stands for no answer in time.

    Threads are daemons: one that hangs in a system call keeps nobody. Any other exception is a bug, raised here.
    """
    todo: queue.SimpleQueue[Job] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[Job, Result | BaseException]] = queue.SimpleQueue()
    for job in jobs:
        todo.put(job)
    for _ in range(min(AT_ONCE, len(jobs))):
        Thread(target=_work, args=(todo, done, do), daemon=True).start()
    results: dict[Job, Result | BrokerError] = {}
    while len(results) < len(jobs):
        try:
            job, result = done.get(timeout=deadline.left() + grace + 0.001)
        except queue.Empty:
            return {job: results.get(job, out_of_time(deadline)) for job in jobs}
        if isinstance(result, BaseException) and not isinstance(result, BrokerError):
            raise result
        results[job] = result
    return results


def _work(
    todo: queue.SimpleQueue[Job],
    done: queue.SimpleQueue[tuple[Job, Result | BaseException]],
    do: Callable[[Job], Result],
) -> None:
    # Signals are for the main thread: here one would interrupt nobody's wait, and a supervisor's would be lost.
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        try:
            job = todo.get_nowait()
        except queue.Empty:
            return
        try:
            done.put((job, do(job)))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            done.put((job, error))
