"""A child's standard output and error -> ours, its secrets hidden; through a terminal where it would have had one."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress

from secrets_guard.broker.account import Account
from secrets_guard.broker.child.job import Place, choose_place, controlling_terminal
from secrets_guard.broker.child.pseudo_terminal import Keyboard, PseudoTerminal
from secrets_guard.broker.child.relay import Relay, await_all
from secrets_guard.broker.redact.forms import patterns
from secrets_guard.broker.redact.redactor import Patterns, Redactor
from secrets_guard.model.secret import Secret

# As much as the kernel gives to anybody; fewer turns for the same bytes.
_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031


class Redacted:
    """An Output that hides values: ``names`` are variables that hold secrets, ``hidden`` other values.

    ``owner`` is who the child runs as, if that is somebody else.
    """

    def __init__(self, names: frozenset[str], hidden: tuple[Secret, ...] = (), owner: Account | None = None) -> None:
        self._names, self._hidden, self._owner = names, hidden, owner
        self._before: frozenset[Secret] = frozenset()
        self._sought: frozenset[Secret] = frozenset()
        self._relays: list[Relay] = []
        self._made: list[tuple[int, int, int, Redactor]] = []
        self._taken: dict[int, int] = {}
        self._terminals: list[PseudoTerminal] = []
        self._keyboard: Keyboard | None = None

    def begin(self, environment: Mapping[str, Secret], hidden: tuple[Secret, ...]) -> None:
        """Make the streams of a child with this environment.

        What the one before had is hidden as well: it may stand in what they have in common.
        """
        held = frozenset(hidden or self._hidden) | {one for name, one in environment.items() if name in self._names}
        self._sought = held | self._before
        compiled = Patterns(patterns(sorted(self._sought, key=len)))
        self._before = held
        self._made, self._taken, self._terminals, self._keyboard = [], {}, [], None
        session = os.isatty(0) and os.isatty(1) and controlling_terminal() is not None
        sources: dict[tuple[int, ...], int] = {}
        for stream in (1, 2):
            kind = _kind(stream)
            if kind is None:
                continue
            if kind not in sources:
                sources[kind] = self._open(stream, compiled, session)
            self._taken[stream] = sources[kind]
        if session:
            self._taken[0] = self._terminals[0].slave
            self._keyboard = Keyboard(self._terminals[0])

    def hide(self, hidden: Iterable[Secret]) -> None:
        """Hide more values in what the child writes from now on."""
        more = frozenset(hidden)
        self._before |= more
        if more <= self._sought:
            return
        self._sought |= more
        compiled = Patterns(patterns(sorted(self._sought, key=len)))
        for relay in self._relays:
            relay.hide(compiled)

    def _open(self, stream: int, compiled: Patterns, session: bool) -> int:
        """Return the child's end of a new pipe or terminal whose other end goes to this stream of ours."""
        if os.isatty(stream):
            terminal = PseudoTerminal(stream)
            if not session:
                terminal.plain()
            self._terminals.append(terminal)
            reading, writing = terminal.master, terminal.slave
        else:
            reading, writing = os.pipe()
            with suppress(OSError):
                fcntl.fcntl(writing, _F_SETPIPE_SZ, _PIPE_BYTES)
        if self._owner:  # or a server that opens /dev/stdout, as many do for their logs, may not
            os.fchown(writing, self._owner.uid, -1)
        self._made.append((reading, writing, stream, Redactor(compiled)))
        return writing

    def place(self) -> Place:
        """Return where the child is to stand."""
        return Place.SESSION if self._keyboard else choose_place()

    def enter(self) -> None:
        """Take the streams; called in the child, in its place."""
        if self._keyboard:
            self._terminals[0].take_control()
        for stream, descriptor in self._taken.items():
            os.dup2(descriptor, stream)

    def started(self, child: int) -> None:
        """Begin to relay."""
        for reading, writing, stream, redactor in self._made:
            os.close(writing)
            self._relays.append(Relay(os.dup(reading), stream, redactor))
            self._relays[-1].begin()
            if not self._terminals or reading not in (one.master for one in self._terminals):
                os.close(reading)
        if self._keyboard:
            self._keyboard.begin(child)

    def drain(self, interrupting: int | None) -> bool:
        """Return True when what the ended child wrote is out, False when ``interrupting`` becomes readable before."""
        if not await_all(self._relays, interrupting):
            return False
        self._relays = []
        if self._keyboard:
            self._keyboard.end()
        for terminal in self._terminals:
            with suppress(OSError):
                os.close(terminal.master)
        self._terminals, self._keyboard = [], None
        return True

    def resize(self) -> bool:
        """Pass the terminal's size on; False where the child sees the terminal itself."""
        for terminal in self._terminals:
            terminal.resize()
        return self._keyboard is not None

    def suspend(self) -> None:
        """Leave the terminal as we found it: we are about to be stopped."""
        if self._keyboard:
            self._keyboard.suspend()

    def resume(self) -> None:
        """Take the terminal again, where our job has it."""
        if self._keyboard:
            self._keyboard.resume()
            self.resize()


def _kind(stream: int) -> tuple[int, ...] | None:
    """Return what two streams have in common if they lead to the same place; None where nothing is to be filtered."""
    try:
        status = os.fstat(stream)
    except OSError:  # closed
        return None
    if stat.S_ISCHR(status.st_mode) and not os.isatty(stream):  # /dev/null
        return None
    return status.st_dev, status.st_ino
