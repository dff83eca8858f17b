"""A terminal with a little shell in it that has one job: stops, continues and reports it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Mapping

_SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    os.tcsetpgrp(0, os.getpgrp())
    if not os.WIFSTOPPED(status):
        print("[ended %d]" % os.waitstatus_to_exitcode(status), flush=True)
        break
    print("[stopped]", flush=True)
    if sys.stdin.readline() == "fg\\n":
        os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
"""


class Terminal:
    """What a user sees and types; ``shell`` False starts the command as the session's leader, as docker does."""

    def __init__(self, command: list[str], env: Mapping[str, str], cwd: str, *, shell: bool = True) -> None:
        self.seen = b""
        self._code: int | None = None
        started = [sys.executable, "-c", _SHELL, *command] if shell else command
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(started[0], started, dict(env))

    def type(self, text: bytes) -> None:
        os.write(self._master, text)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def await_(self, text: bytes, seconds: float = 20) -> None:
        """Read on until the text was seen; what comes up to it is forgotten then."""
        until = time.monotonic() + seconds
        while text not in self.seen:
            assert self._read(until - time.monotonic()), f"{text!r} did not come: {self.seen!r}"
        self.seen = self.seen.partition(text)[2]

    def settle(self, seconds: float = 0.4) -> bytes:
        """Return all that comes until nothing has for some time."""
        while self._read(seconds):
            pass
        return self.seen

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            got = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has it open any more
            return False
        self.seen += got
        return bool(got)

    def raw(self) -> bool:
        """Tell whether input goes to the program letter by letter."""
        return not termios.tcgetattr(self._master)[3] & termios.ICANON

    def close(self) -> int:
        """Hang up, and return the exit code of what was started."""
        if self._code is None:
            os.close(self._master)
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code
