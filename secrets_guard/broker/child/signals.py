"""The signals of this process -> a descriptor to wait for, and which of them are the child's."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from secrets_guard.broker.launch import restore_ignored
from secrets_guard.errors import ConfigError

# Raised by the process's own doing; blocking them would only hide a crash.
_OWN_FAULTS = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT", "SIGSYS"}
# What a terminal sends to all of its foreground job.
_BY_TERMINAL = frozenset((signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP, signal.SIGWINCH))
_ABOUT_US = frozenset((signal.SIGTTIN, signal.SIGTTOU))


class Signals:
    """Holds all signals back from their usual action, from when it is made on; ``fileno`` can be waited for."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise ConfigError("run: supervising needs Linux; without --supervise and --redact the command is exec'ed")
        from secrets_guard.broker.kernel import read_signals, signal_descriptor

        numbers = {number for number in signal.valid_signals() if _name(number) not in _OWN_FAULTS}
        # Where it is ignored the kernel reaps children by itself, and their exit codes are lost.
        self._child_ignored = signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        self._descriptor = signal_descriptor(numbers - {signal.SIGKILL, signal.SIGSTOP})
        self._read = read_signals

    def fileno(self) -> int:
        """Return the descriptor that is readable when a signal has come."""
        return self._descriptor

    def forwarded(self, terminal_reached_child: Callable[[], bool]) -> tuple[list[int], bool]:
        """Return the signals that have come and are for the child, in order, and whether a child has changed.

        ``terminal_reached_child`` tells whether the child is in the job that a terminal's own signals go to.
        """
        passed: list[int] = []
        changed = False
        for number, code, sender in self._read(self._descriptor):
            by_kernel = code > 0
            if number == signal.SIGCHLD:
                changed = True
            elif sender == os.getpid() and number == signal.SIGPIPE:
                pass  # our own write that nobody reads
            elif by_kernel and (number in _ABOUT_US or (number in _BY_TERMINAL and terminal_reached_child())):
                pass
            else:
                passed.append(number)
        return passed, changed

    def restore(self) -> None:
        """Give the child, in which this is called, the dispositions and mask that we were started with."""
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        restore_ignored()
        if self._child_ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
