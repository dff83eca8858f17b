"""A terminal of ours -> one of the child's own in front of which it stands, with the same size, settings and keys."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import termios
import tty
from contextlib import suppress
from threading import Thread

from secrets_guard.broker.child.job import is_foreground, is_orphaned

_LOCAL, _CONTROL, _OUTPUT = 3, 6, 1
_LOOK_EVERY_MS = 500
# A program that reads nothing may let it hang in a write; nobody waits for that.
_LEFT_BEHIND_AFTER = 0.5


class PseudoTerminal:
    """``master`` is our side, ``slave`` the child's."""

    def __init__(self, like: int) -> None:
        self._like = like
        self.master, self.slave = os.openpty()
        self._settings = termios.tcgetattr(like)
        termios.tcsetattr(self.slave, termios.TCSANOW, self._settings)
        self.resize()

    def plain(self) -> None:
        """Add nothing to line breaks: the real terminal does, since it is left as it is."""
        made = termios.tcgetattr(self.slave)
        made[_OUTPUT] &= ~termios.OPOST
        termios.tcsetattr(self.slave, termios.TCSANOW, made)

    def resize(self) -> None:
        """Take on the real terminal's size; the kernel tells the child."""
        with suppress(OSError):
            size = fcntl.ioctl(self._like, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)

    def take_control(self) -> None:
        """Make it the terminal of this session; called in the child, which leads it."""
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)


class Keyboard:
    """Passes what is typed at the real terminal on, letter by letter, while our job is in front."""

    def __init__(self, terminal: PseudoTerminal) -> None:
        self._terminal = terminal
        self._saved = termios.tcgetattr(0)
        self._raw = False
        self._change = os.eventfd(0, os.EFD_CLOEXEC)
        self._over = False
        self.child = 0
        self._thread = Thread(target=self._run, daemon=True)

    def begin(self, child: int) -> None:
        """Start passing on to the child."""
        self.child = child
        self.resume()
        self._thread.start()

    def resume(self) -> None:
        """Take the terminal, where our job has it; what is typed is echoed and understood by the child's own."""
        if is_foreground(0) and not self._over:
            with suppress(termios.error):  # it was hung up
                self._saved = self._saved if self._raw else termios.tcgetattr(0)
                tty.setraw(0, termios.TCSADRAIN)
                self._raw = True
            os.eventfd_write(self._change, 1)

    def suspend(self) -> None:
        """Leave the terminal as it was found."""
        if self._raw:
            self._raw = False
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSADRAIN, self._saved)

    def end(self) -> None:
        """Stop for good."""
        self._over = True
        self.suspend()
        os.eventfd_write(self._change, 1)
        self._thread.join(_LEFT_BEHIND_AFTER)
        if not self._thread.is_alive():
            os.close(self._change)

    def _run(self) -> None:
        waiting = select.poll()
        waiting.register(self._change, select.POLLIN)
        while not self._over:
            front = self._raw
            if front:
                waiting.register(0, select.POLLIN)
            # A shell that brings a running job to the front tells nobody.
            found = dict(waiting.poll(None if front else _LOOK_EVERY_MS))
            if front:
                waiting.unregister(0)
            if not found:
                self.resume()
            if self._change in found:
                os.eventfd_read(self._change)
            elif 0 in found and not self._pass_on():
                return

    def _pass_on(self) -> bool:
        try:
            typed = os.read(0, 4096)
            if typed and not self._suspends(typed):
                os.write(self._terminal.master, typed)
        except OSError:
            return False
        return bool(typed)

    def _suspends(self, typed: bytes) -> bool:
        """Stop the child where this key would do so, if the kernel did not spare it as the leader of its session."""
        with suppress(OSError, termios.error):
            settings = termios.tcgetattr(self._terminal.master)
            # What was typed beside it is dropped, as a terminal drops what it has not given out yet.
            stops = settings[_LOCAL] & termios.ISIG and settings[_CONTROL][termios.VSUSP] in typed
            if stops and self._is_in_front():
                os.killpg(self.child, signal.SIGSTOP)
                return True
        return False

    def _is_in_front(self) -> bool:
        """Tell whether it is the child that has its terminal, no job that it has started, and somebody could go on."""
        return os.tcgetpgrp(self._terminal.master) == self.child and not is_orphaned()
