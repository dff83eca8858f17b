"""Standard input -> a source that ^C ends like an end of input: what was read until then is swept and reported."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from types import FrameType
from typing import BinaryIO

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.stdin import StreamSource

_POLL_SECONDS = 0.2


class InterruptibleStream(StreamSource):
    """A worker that waits for input can't be interrupted, and would lose what it has: so the waiting is done here."""

    def __init__(self, stream: BinaryIO, name: str, limits: Limits) -> None:
        super().__init__(stream, name, limits)
        self._descriptor = stream.fileno()
        self._interrupted = False

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield the stream in pieces, and a Problem where ^C cut it short."""
        # The second ^C is the usual one.
        signal.signal(signal.SIGINT, self._interrupt)
        yield from super().blobs(stats)
        if self._interrupted:
            yield Problem("interrupted", self.target, "stopped by the user; what was not reached is not covered")

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _read(self, size: int) -> bytes:
        while not self._interrupted:
            ready, _, _ = select.select([self._descriptor], [], [], _POLL_SECONDS)
            if ready and not self._interrupted:
                try:
                    return os.read(self._descriptor, size)
                except BlockingIOError:
                    continue
        return b""
