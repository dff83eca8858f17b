"""What a child writes -> the same, filtered, into a stream of ours; a thread that holds nothing longer than it must."""

from __future__ import annotations

import errno
import os
import select
import time
from threading import Thread

from secrets_guard.broker.redact.redactor import Patterns, Redactor

_CHUNK = 1 << 18
IDLE = 0.02
"""Seconds without output after which a beginning too short to tell anything is shown."""
LINGER = 1.0
"""Seconds for which what a child's own children write is passed on after it has ended, where they keep its stream."""


class Relay:
    """Copies one descriptor, which it closes in the end, to another."""

    def __init__(self, source: int, sink: int, redactor: Redactor) -> None:
        self._source, self._sink, self._redactor = source, sink, redactor
        self._stop = os.eventfd(0, os.EFD_CLOEXEC)
        self._over = os.eventfd(0, os.EFD_CLOEXEC)
        self._until: float | None = None
        self._closed = False
        self._next: Patterns | None = None

    def hide(self, patterns: Patterns) -> None:
        """Look for these, the present ones among them, in what is read from now on."""
        self._next = patterns

    def begin(self) -> None:
        """Start copying."""
        Thread(target=self._run, daemon=True).start()

    def finish(self) -> None:
        """The child has ended: come to an end when nothing writes any more, at the latest after LINGER."""
        if not self._closed:
            os.eventfd_write(self._stop, 1)

    def await_end(self, interrupting: int | None) -> bool:
        """Return whether it ended before ``interrupting`` became readable; without that, wait for a while only."""
        if self._closed:
            return True
        waiting = select.poll()
        waiting.register(self._over, select.POLLIN)
        if interrupting is not None:
            waiting.register(interrupting, select.POLLIN)
        found = dict(waiting.poll(LINGER * 1500 if interrupting is None else None))
        if self._over in found:
            self._closed = True
            os.close(self._over)
            os.close(self._stop)
        return self._closed or interrupting is None

    def _run(self) -> None:
        try:
            while self._copy():
                pass
            self._put(self._redactor.finish())
        except BrokenPipeError:
            pass  # the reader went away; the child will see that its own is gone, too
        except OSError as error:
            if error.errno not in (errno.EIO, errno.ENXIO):
                os.write(2, f"secrets-guard: output could not be written: {error.strerror}\n".encode())
        finally:
            os.close(self._source)
            os.eventfd_write(self._over, 1)

    def _copy(self) -> bool:
        """Pass on what has come; False at the end."""
        if self._redactor.holds and not self._ready(IDLE):
            self._put(self._redactor.idle())
        if not self._ready(None):
            return False
        try:
            chunk = os.read(self._source, _CHUNK)
        except OSError as error:
            if error.errno == errno.EIO:  # how the end of a terminal is told
                return False
            raise
        following, self._next = self._next, None
        if following is not None:
            self._put(self._redactor.change(following))
        self._put(self._redactor.feed(chunk))
        return bool(chunk)

    def _ready(self, seconds: float | None) -> bool:
        """Wait until something can be read; False when the time, if any, or that of a child that has ended is over."""
        waiting = select.poll()
        waiting.register(self._source, select.POLLIN)
        if self._until is None:
            waiting.register(self._stop, select.POLLIN)
        while True:
            if self._until is not None:
                seconds = min(seconds or LINGER, max(0.0, self._until - time.monotonic()))
            found = dict(waiting.poll(None if seconds is None else seconds * 1000))
            if self._source in found or not found:
                return bool(found)
            self._until = time.monotonic() + LINGER
            waiting.unregister(self._stop)

    def _put(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            try:
                rest = rest[os.write(self._sink, rest) :]
            except BlockingIOError:  # somebody has made it so for all who share it
                waiting = select.poll()
                waiting.register(self._sink, select.POLLOUT)
                waiting.poll()


def await_all(relays: list[Relay], interrupting: int | None) -> bool:
    """Return True when all are done or, where nothing may interrupt, have had their time.

    False when ``interrupting`` became readable before.
    """
    for relay in relays:
        relay.finish()
    return all(relay.await_end(interrupting) for relay in relays)
