"""A command and its environment -> this process becomes it: same pid, terminal, signals and exit code."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from secrets_guard.broker.environment import Limits
from secrets_guard.broker.privileges import Privileges
from secrets_guard.errors import CommandNotFound, NotExecutable
from secrets_guard.model.secret import Secret

# Python ignores these from its start on, and what is ignored stays so across exec: `yes | head` would not end.
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")
# Linux, fs/exec.c: a string has 32 pages; all of them a quarter of the stack's limit, at most three quarters of 8 MiB.
_PAGES_A_STRING = 32
_MOST = 6 << 20
_LEAST = 128 << 10
# The kernel puts the file's name, a few values of its own and alignment beside them.
_RESERVE = 4096


def inherited() -> dict[str, str]:
    """Return the variables that this process was given, without the one that Python sets by itself.

    In the C locale it does (https://peps.python.org/pep-0538), and a child would see what nobody has set.
    """
    made = dict(os.environ)
    if made.get("LC_CTYPE") == "C.UTF-8" and os.path.exists("/proc/self/environ"):
        with open("/proc/self/environ", "rb") as stream:
            if not any(line.startswith(b"LC_CTYPE=") for line in stream.read().split(b"\0")):
                del made["LC_CTYPE"]
    return made


def kernel_limits() -> Limits:
    """Return what the kernel takes of this process."""
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    total = _MOST if soft == resource.RLIM_INFINITY else max(_LEAST, min(soft // 4, _MOST))
    return Limits(_PAGES_A_STRING * resource.getpagesize(), total - _RESERVE)


def end_on_signals() -> None:
    """Let TERM and HUP end this process while it fetches, also as PID 1, for which the kernel has no default action.

    A signal that is ignored stays so, for the child as well (nohup).
    """
    if os.getpid() == 1:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, lambda received, _frame: os._exit(128 + received))


def become(command: Sequence[str], environment: Mapping[str, Secret], privileges: Privileges) -> NoReturn:
    """Replace this process by the command, found along the PATH that it will have.

    Signals that Python ignores are restored; descriptors that we opened close by themselves, those we were given stay.
    Raises CommandNotFound or NotExecutable.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    privileges.apply()
    restore_ignored()
    replace(command, environment)


def restore_ignored() -> None:
    """Give signals that Python ignores from its start on their usual action."""
    for name in _IGNORED_BY_PYTHON:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def replace(command: Sequence[str], environment: Mapping[str, Secret]) -> NoReturn:
    """Execute the command in place of this process. Raises CommandNotFound or NotExecutable."""
    revealed = {os.fsencode(name): secret.reveal() for name, secret in environment.items()}
    try:
        os.execvpe(command[0], list(command), revealed)  # noqa: S606 - it is what the user asked for, and no shell
    except (FileNotFoundError, NotADirectoryError):
        raise CommandNotFound(f"{command[0]}: no such command") from None
    except (OSError, ValueError) as error:
        raise NotExecutable(
            f"{command[0]}: can't be executed: {getattr(error, 'strerror', None) or 'bad name'}"
        ) from None
