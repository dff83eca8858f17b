"""The terminal of this process -> where its child stands beside it: in the same job, or in front of it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from enum import Enum


class Place(Enum):
    """Where a child stands."""

    OWN_GROUP = "a process group of its own; there is no terminal"
    FOREGROUND = "a group of its own that has the terminal"
    SAME_GROUP = "our group: a pipeline, a script or a background job has others in it"
    SESSION = "a session and terminal of its own, which we relay"


def controlling_terminal() -> int | None:
    """Return the standard stream that is this session's terminal, or None."""
    for stream in range(3):
        with suppress(OSError):
            os.tcgetpgrp(stream)
            return stream
    return None


def is_foreground(terminal: int) -> bool:
    """Tell whether our job has the terminal."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False


def choose_place() -> Place:
    """Return where a child has to stand so that a shell, and the others of its job, see what they would without us.

    Only a job that is ours alone and has the terminal can give it away: `run -- cmd | less` needs it for less as well.
    """
    terminal = controlling_terminal()
    if terminal is None:
        return Place.SAME_GROUP if _has_terminal() else Place.OWN_GROUP
    alone = os.getpgrp() == os.getpid() and os.isatty(0) and os.isatty(1)
    return Place.FOREGROUND if alone and is_foreground(terminal) else Place.SAME_GROUP


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


class Job:
    """A child and its place beside us; every signal to it goes through here."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.child = 0
        self._terminal = controlling_terminal()

    @property
    def shares_terminal(self) -> bool:
        """Whether what a terminal sends to our job reaches the child as well."""
        return self.place is Place.SAME_GROUP

    def enter(self) -> None:
        """Take the place; called in the child, with signals blocked so that none stops it."""
        if self.place is Place.SESSION:
            os.setsid()
        if self.place in (Place.OWN_GROUP, Place.FOREGROUND):
            os.setpgid(0, 0)
        if self.place is Place.FOREGROUND and self._terminal is not None:
            os.tcsetpgrp(self._terminal, os.getpid())

    def send(self, number: int) -> None:
        """Send a signal to the child; it has not been reaped yet, so that the pid is its own."""
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.child, number)

    def kill(self) -> None:
        """End the child and what is left of its group."""
        if self.place is not Place.SAME_GROUP:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, signal.SIGKILL)
        self.send(signal.SIGKILL)

    def end_rest(self) -> None:
        """Ask what a child that has ended left in its group to end as well: another is about to take its place."""
        if self.place is not Place.SAME_GROUP:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, signal.SIGTERM)

    def proceed(self) -> None:
        """Let a child that was stopped go on, in front where we are in front."""
        if self.place is Place.FOREGROUND and self._terminal is not None and is_foreground(self._terminal):
            with suppress(OSError):
                os.tcsetpgrp(self._terminal, self.child)
        if self.place is not Place.SAME_GROUP:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, signal.SIGCONT)
        self.send(signal.SIGCONT)

    def stop_with_child(self) -> None:
        """Stop, as our child did, so that the shell sees its job stopped; where there is none, go on."""
        if self._terminal is None or is_orphaned():
            return
        self.step_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def step_back(self) -> None:
        """Take the terminal back from a child that had it."""
        if self.place is Place.FOREGROUND and self._terminal is not None:
            with suppress(OSError):
                if os.tcgetpgrp(self._terminal) == self.child:
                    os.tcsetpgrp(self._terminal, os.getpgrp())


def is_orphaned() -> bool:
    """Tell whether nobody would continue our group if it were stopped: our parent is no shell of this session."""
    parent = os.getppid()
    try:
        return parent == 0 or os.getsid(parent) != os.getsid(0)
    except OSError:
        return True
