"""A command, its environment and what to do before it starts -> a child process that runs it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence

from secrets_guard.broker.launch import replace
from secrets_guard.errors import BrokerError, CommandNotFound, NotExecutable
from secrets_guard.model.secret import Secret

_ERRORS: tuple[type[BrokerError], ...] = (CommandNotFound, NotExecutable)


def spawn(command: Sequence[str], environment: Mapping[str, Secret], prepare: Callable[[], None]) -> int:
    """Return the pid of a child that has become the command.

    ``prepare`` is called in the child and has to do without locks: there may be other threads here.
    Raises CommandNotFound or NotExecutable, and then there is no child.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads. Up to its exec this one makes system calls only; posix_spawn and
        # subprocess have no way to a foreground group, a controlling terminal or limits.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _become(command, environment, prepare, writing)
    os.close(writing)
    with open(reading, "rb") as stream:
        told = stream.read().decode("utf-8", "surrogateescape")
    if told:
        os.waitpid(pid, 0)
        kind, _, message = told.partition(" ")
        raise next((one for one in _ERRORS if one.__name__ == kind), NotExecutable)(message)
    return pid


def _addressed(environment: Mapping[str, Secret]) -> Mapping[str, Secret]:
    """Return the environment with sockets that were meant for our process id (systemd's) handed on to this one."""
    # https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
    if environment.get("LISTEN_PID") != Secret(str(os.getppid()).encode()):
        return environment
    return {**environment, "LISTEN_PID": Secret(str(os.getpid()).encode())}


def _become(
    command: Sequence[str], environment: Mapping[str, Secret], prepare: Callable[[], None], writing: int
) -> None:
    try:
        prepare()
        replace(command, _addressed(environment))
    except BrokerError as error:
        told = f"{type(error).__name__} {error}"
    except OSError as error:
        told = f"NotExecutable {command[0]}: can't be started: {error.strerror}"
    except BaseException as error:  # noqa: BLE001 - nothing of ours may go on in a child
        told = f"NotExecutable {command[0]}: can't be started: {type(error).__name__}"
    os.write(writing, told.encode("utf-8", "surrogateescape")[:4096])
    os._exit(127)
