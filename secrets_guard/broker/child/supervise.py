"""A command and its environment -> a supervised child: signalled, reaped, ended, started anew, and its exit code."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import Empty, SimpleQueue

from secrets_guard.broker.child.closing import close_all
from secrets_guard.broker.child.job import Job, controlling_terminal
from secrets_guard.broker.child.reap import changes
from secrets_guard.broker.child.signals import Signals
from secrets_guard.broker.child.spawn import spawn
from secrets_guard.broker.child.task import Task, Terms
from secrets_guard.broker.kernel import adopt_orphans
from secrets_guard.broker.supervised import Companion, Ended
from secrets_guard.errors import BrokerError
from secrets_guard.model.secret import Secret

_ENOUGH = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT))


def end_as(code: int) -> int:
    """Return an exit code, or end by SIGINT as the child did: a shell at a terminal then ends its loop, too."""
    if code == 128 + signal.SIGINT and os.getpid() != 1 and controlling_terminal() is not None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    return code


class Supervisor:
    """Runs one command until it ends for good; the ``Supervised`` that companions see."""

    def __init__(self, command: Sequence[str], task: Task, terms: Terms, companions: Sequence[Companion] = ()) -> None:
        self._command, self._task, self._terms, self._companions = command, task, terms, companions
        self._signals = Signals()
        self._adopting = terms.adopting or os.getpid() == 1
        if terms.adopting:
            adopt_orphans()
        self._asked: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._output = terms.output()
        self._job: Job | None = None
        self._since = 0.0
        self._restarts = 0
        self._next: Task | None = None
        self._kill_at: float | None = None
        self._ending: set[int] = set()

    def run(self) -> int:
        """Return the exit code of the last child. Raises CommandNotFound or NotExecutable where none starts."""
        self._start(self._task)
        begun: list[Companion] = []
        try:
            for companion in self._companions:
                begun.append(companion)
                companion.begin(self)
            code: int | None = None
            while code is None:
                code = self._turn()
            self._drain()
        finally:
            self._output.suspend()
            close_all(begun)
        return code

    def restart(
        self, environment: Mapping[str, Secret], *, files: Mapping[str, Secret] = {}, hidden: Iterable[Secret] = ()
    ) -> None:
        """End the child and start the command anew with this environment."""
        task = Task(environment, tuple(hidden), files)
        self._ask(lambda: self._replace(task))

    def rewrite(self, files: Mapping[str, Secret], *, hidden: Iterable[Secret] = ()) -> None:
        """Replace files of the manifest while the child runs."""
        self._ask(lambda: self._rewrite(files, tuple(hidden)))

    def signal(self, number: int) -> None:
        """Send a signal to the child."""
        self._ask(lambda: self._send(number))

    def alive_for(self) -> float:
        """Return how many seconds the current child has lived, 0 where none runs."""
        since = self._since
        return time.monotonic() - since if since else 0.0

    def _ask(self, do: Callable[[], None]) -> None:
        self._asked.put(do)
        os.eventfd_write(self._wake, 1)

    def _turn(self) -> int | None:
        """Wait for something and deal with it; return the exit code when the last child has ended."""
        waiting = select.poll()
        waiting.register(self._signals, select.POLLIN)
        waiting.register(self._wake, select.POLLIN)
        left = None if self._kill_at is None else max(0.0, self._kill_at - time.monotonic()) * 1000
        # Rounded up, or a wait that is a fraction of a millisecond short would go round without one.
        waiting.poll(None if left is None else int(left) + 1)
        passed, changed = self._signals.forwarded(self._terminal_reached_child)
        for number in passed:
            self._forward(number)
        self._do_asked()
        if self._kill_at is not None and time.monotonic() >= self._kill_at and self._job:
            self._kill_at = None
            self._job.kill()
        return self._look() if changed else None

    def _drain(self) -> None:
        """Let out what the child wrote, however slow the reader is, unless a signal says that it is enough."""
        while not self._output.drain(self._signals.fileno()):
            passed, _ = self._signals.forwarded(lambda: False)
            if not _ENOUGH.isdisjoint(passed):
                return

    def _terminal_reached_child(self) -> bool:
        return self._job is not None and self._job.shares_terminal

    def _forward(self, number: int) -> None:
        if number == signal.SIGWINCH and self._output.resize():
            return
        self._ending |= {number}
        if number == signal.SIGTERM:
            self._next = None
            self._end_child()
        else:
            self._send(number)

    def _send(self, number: int) -> None:
        if self._job and number == signal.SIGCONT:
            self._output.resume()
            self._job.proceed()
        elif self._job:
            self._job.send(number)

    def _end_child(self) -> None:
        """Ask the child to end; it is killed when its grace is over."""
        if self._job:
            self._job.send(signal.SIGTERM)
            self._kill_at = self._kill_at or time.monotonic() + self._terms.grace

    def _do_asked(self) -> None:
        try:
            os.eventfd_read(self._wake)
            while True:
                self._asked.get_nowait()()
        except (BlockingIOError, Empty):
            return

    def _replace(self, task: Task) -> None:
        if signal.SIGTERM in self._ending:
            return
        self._next = task
        self._end_child()
        if self._job:
            self._job.proceed()  # one that is stopped could not end

    def _write(self, files: Mapping[str, Secret]) -> None:
        if self._terms.write:
            self._terms.write(files)

    def _rewrite(self, files: Mapping[str, Secret], hidden: tuple[Secret, ...] = ()) -> None:
        """Replace files; one that can't be is told, and the command goes on with what it has."""
        self._output.hide(hidden)
        try:
            self._write(files)
        except BrokerError as error:
            print(f"secrets-guard: {error}", file=sys.stderr)

    def _look(self) -> int | None:
        """Return the exit code when the child has ended and none follows it."""
        for change in changes(self._job.child if self._job else 0, adopting=self._adopting):
            if change.code is None and self._job:
                self._output.suspend()
                self._job.stop_with_child()
            elif change.code is not None:
                return self._ended(change.code)
        return None

    def _ended(self, code: int) -> int | None:
        end = Ended(code, self.alive_for(), self._restarts)
        job, self._job, self._since, self._kill_at = self._job, None, 0.0, None
        if job:
            job.step_back()
        following = self._next or self._asked_companions(end)
        # What they, or others meanwhile, have asked for comes before the next start.
        self._do_asked()
        following, self._next = self._next or following, None
        if following is None:
            return code
        if job:
            job.end_rest()
        self._output.drain(None)
        self._restarts += 1
        self._start(following)
        return None

    def _asked_companions(self, end: Ended) -> Task | None:
        # One that was stopped from outside stays so.
        if signal.SIGTERM in self._ending or end.code - 128 in self._ending:
            return None
        for companion in self._companions:
            environment = companion.ended(end)
            if environment is not None:
                return Task(environment)
        return None

    def _start(self, task: Task) -> None:
        if self._restarts:
            self._rewrite(task.files)
        else:
            self._write(task.files)
        self._output.begin(task.environment, task.hidden)
        job = Job(self._output.place())

        def prepare() -> None:
            job.enter()
            self._output.enter()
            self._terms.privileges.apply()
            self._signals.restore()

        job.child = spawn(self._command, task.environment, prepare)
        self._since = time.monotonic()
        self._job, self._ending = job, set()
        self._output.started(job.child)
