"""Progress of a long sweep: a bar with rate and remaining time on a terminal, a heartbeat line in a CI log."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from secrets_guard import workers
from secrets_guard.model.result import Stats

if TYPE_CHECKING:
    from types import TracebackType

_QUIET_SECONDS = 0.7
"""A sweep that is done by then shows nothing, and does not pay for importing rich."""
_HEARTBEAT_SECONDS = 15.0


class Progress:
    """A context; ``callback`` is what the engine calls with the counters so far, or None where nothing is shown."""

    def __init__(
        self, stream: IO[str], source: object, *, terminal: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream, self._source, self._terminal, self._clock = stream, source, terminal, clock
        self._started = self._last = clock()
        self._bar: Any = None
        self._task: Any = None
        self._total: Callable[[], int | None] = lambda: None
        self.callback: Callable[[Stats], None] | None = self._update

    @classmethod
    def for_stream(cls, stream: IO[str], source: object, *, off: bool) -> Progress:
        """Return the progress that suits a stream: a bar on a capable terminal, else lines.

        A source that has ``count_blobs`` is asked how much there is to do.
        """
        terminal = stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
        progress = cls(stream, source, terminal=terminal)
        if off:
            progress.callback = None
        return progress

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _update(self, stats: Stats) -> None:
        now = self._clock()
        if now - self._started < _QUIET_SECONDS:
            return
        total = self._total()
        if self._terminal:
            self._show_bar(stats, total)
        elif now - self._last >= _HEARTBEAT_SECONDS:
            self._last = now
            self._stream.write(f"secrets-guard: {_line(stats, total, now - self._started)}\n")
            self._stream.flush()

    def _show_bar(self, stats: Stats, total: int | None) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            count = getattr(self._source, "count_blobs", None)
            if count is not None:
                self._total = workers.in_background(count)
            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(compact=True))
            self._bar = Progress(*columns, console=Console(file=self._stream), transient=True)
            self._task = self._bar.add_task("sweeping", total=total)
            self._bar.start()
        elapsed = self._clock() - self._started
        self._bar.update(
            self._task,
            completed=stats.blobs,
            total=total if total and stats.blobs <= total else None,
            description=_line(stats, total, elapsed),
        )


def _line(stats: Stats, total: int | None, elapsed: float) -> str:
    # What archives hold is counted as it is found: nobody knows its number before.
    of = f" of {total:,}" if total and stats.blobs <= total else ""
    rate = stats.bytes / 1e6 / elapsed if elapsed else 0.0
    return f"{stats.blobs:,}{of} files, {stats.bytes / 1e6:,.0f} MB, {rate:,.0f} MB/s"
