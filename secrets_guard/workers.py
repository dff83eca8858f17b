"""The only file that knows about threads: many workers over one stream of work.

Threads serve, because what takes the time gives up the interpreter's lock: Vectorscan while it scans, the system
while it reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Tick = Callable[[], None] | None
_TICK_SECONDS = 0.1
_ITEM, _ERROR, _END = "item", "error", "end"


def available_cores() -> int:
    """Return how many cores this process may use: its affinity, cut by a cgroup's CPU quota."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    return max(1, min(cores, _cgroup_cores() or cores))


def _cgroup_cores(root: str = "/sys/fs/cgroup", membership: str = "/proc/self/cgroup") -> int:
    """Return the tightest quota of this process's cgroup and those above it in whole cores, rounded up; 0: none."""
    try:
        with open(membership) as stream:
            own = next((line.rstrip("\n").partition("::")[2] for line in stream if line.startswith("0::")), "")
        parts = [part for part in own.split("/") if part]
        limits = [_cpu_max("/".join([root, *parts[:depth]])) for depth in range(len(parts) + 1)]
        if any(limit is not None for limit in limits):
            return min((limit for limit in limits if limit), default=0)
        with open(f"{root}/cpu/cpu.cfs_quota_us") as one, open(f"{root}/cpu/cpu.cfs_period_us") as two:
            quota, period = int(one.read()), int(two.read())
    except (OSError, ValueError, ZeroDivisionError):
        return 0
    return -(-quota // period) if quota > 0 and period > 0 else 0


def _cpu_max(folder: str) -> int | None:
    """Return the limit that a cgroup (version 2) sets, in whole cores; 0 for none, None where there is no such file."""
    try:
        with open(f"{folder}/cpu.max") as stream:
            quota, period = stream.read().split()
    except OSError:
        return None
    return 0 if quota == "max" else -(-int(quota) // int(period))


def run(
    items: Iterator[Item],
    make_worker: Callable[[], Callable[[Item], None]],
    jobs: int,
    tick: Tick,
    broken_off: Tick = None,
) -> None:
    """Hand every item to one of ``jobs`` workers, each made by ``make_worker`` and used by one thread.

    Items are pulled one at a time under a lock, so at most ``jobs`` of them are in memory. The first error of a worker
    or of the stream stops all and is raised here; so does ^C. ``tick`` is called from this thread ten times a second.
    """
    first = next(items, None)
    if first is None:
        return
    second = next(items, None) if jobs > 1 else None
    if second is None:
        work = make_worker()
        work(first)
        for item in items:
            if tick:
                tick()
            work(item)
        return
    _Crew([first, second], items, make_worker).run(jobs, tick, broken_off)


def each(work: Callable[[Item], bool], items: Sequence[Item]) -> list[bool]:
    """Return what ``work`` says of each item, all at once in threads of their own; raises the first error."""
    done: list[bool] = []
    run(iter(items), lambda: lambda item: done.append(work(item)), len(items), None)
    return done


def side_by_side(streams: Iterable[Callable[[], Iterator[Item]]], width: int, ahead: int = 4) -> Iterator[Item]:
    """Yield what several streams give, as it comes; ``width`` threads take one after the other, in the order given.

    They work ahead by at most ``ahead`` items, so memory is bounded. The first error of a stream is raised here and
    ends all, and so does whoever stops asking.
    """
    import threading

    side = _Side(streams, ahead)
    threads = [threading.Thread(target=side.run, name=f"read-{number}", daemon=True) for number in range(max(1, width))]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            kind, value = side.given.get()
            if kind == _ITEM:
                yield value
            elif kind == _END:
                running -= 1
            else:
                raise value
    finally:
        side.stop.set()


class _Side(Generic[Item]):
    """What the threads of ``side_by_side`` share: the streams that wait, and a queue of (kind, value)."""

    def __init__(self, streams: Iterable[Callable[[], Iterator[Item]]], ahead: int) -> None:
        import queue
        import threading

        self.given: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=ahead)
        self.stop = threading.Event()
        self._full = queue.Full
        self._waiting, self._lock = iter(streams), threading.Lock()

    def run(self) -> None:
        """Take one stream after the other to its end; the last word of each thread is that it ends."""
        try:
            while not self.stop.is_set():
                with self._lock:
                    stream = next(self._waiting, None)
                if stream is None or not all(self._give(_ITEM, item) for item in stream()):
                    break
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread, whatever it is
            self._give(_ERROR, error)
        self._give(_END, None)

    def _give(self, kind: str, value: object) -> bool:
        """Wait for room and give; False when nobody asks any more."""
        while not self.stop.is_set():
            with suppress(self._full):
                self.given.put((kind, value), timeout=_TICK_SECONDS)
                return True
        return False


def in_background(work: Callable[[], Item]) -> Callable[[], Item | None]:
    """Start ``work`` in a thread that does not keep the process alive; what is returned gives its result when there.

    An error in it is dropped: only what the sweep can do without belongs here.
    """
    import threading

    results: list[Item] = []

    def run() -> None:
        with suppress(OSError, RuntimeError):
            results.append(work())

    threading.Thread(target=run, name="background", daemon=True).start()
    return lambda: results[0] if results else None


class _Crew(Generic[Item]):
    """Threads that share one stream of work."""

    def __init__(
        self, ahead: list[Item], items: Iterator[Item], make_worker: Callable[[], Callable[[Item], None]]
    ) -> None:
        import threading

        self._ahead, self._items, self._make_worker = ahead, items, make_worker
        self._thread = threading.Thread
        self._lock, self._ended = threading.Lock(), threading.Semaphore(0)
        self._go, self._stop = threading.Event(), threading.Event()
        self._errors: list[BaseException] = []
        self._over: list[int] = []

    def run(self, jobs: int, tick: Tick, broken_off: Tick) -> None:
        """Work with ``jobs`` threads until all is done, or an error or ^C, which is raised here, ends it."""
        threads = [self._thread(target=self._loop, name=f"sweep-{number}", daemon=True) for number in range(jobs)]
        try:
            for thread in threads:
                thread.start()
            self._go.set()
            self._wait(jobs, tick)
        except KeyboardInterrupt:
            if broken_off:
                broken_off()
            raise
        finally:
            self._stop.set()
            self._go.set()
            started = [thread for thread in threads if thread.ident is not None]
            self._wait(len(started), None)
            # Only now: a join that ^C breaks into leaves a running thread marked as ended (bpo-45274).
            for thread in started:
                thread.join()
        if self._errors:
            raise self._errors[0]

    def _take(self) -> Item | None:
        with self._lock:
            if self._stop.is_set():
                return None
            return self._ahead.pop(0) if self._ahead else next(self._items, None)

    def _loop(self) -> None:
        self._go.wait()
        try:
            work = self._make_worker()
            while (item := self._take()) is not None:
                work(item)
        except BaseException as error:  # noqa: BLE001 - carried over to the caller's thread, whatever it is
            self._errors.append(error)
            self._stop.set()
        finally:
            self._over.append(1)
            self._ended.release()

    def _wait(self, wanted: int, tick: Tick) -> None:
        while len(self._over) < wanted:
            self._ended.acquire(timeout=_TICK_SECONDS)
            if tick:
                tick()
