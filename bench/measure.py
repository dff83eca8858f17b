"""A command -> how long a whole process of it took, how much processor time and memory, and with what exit code."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")


class BenchError(Exception):
    """Something the user can put right; the message says how, on one line."""


class Sample(NamedTuple):
    """One run: seconds of wall clock, seconds of user and system time, bytes of peak memory, exit code.

    The times are of the process and the children it waited for; the memory is that of the largest one among them.
    """

    wall: float
    cpu: float
    peak: int
    code: int


def environment(home: str, **extra: str) -> dict[str, str]:
    """Return an environment in which every tool has ``home`` to itself and no setting of the caller's reaches it.

    PYTHONDONTWRITEBYTECODE is among what is left out: with it Python compiles our modules anew at every start.
    """
    return {**{name: os.environ[name] for name in _KEPT if name in os.environ}, "HOME": home, **extra}


def run(command: Sequence[str], env: Mapping[str, str], folder: str, log: str = os.devnull) -> Sample:
    """Run a command to its end in ``folder``, its output and errors in the file ``log``.

    Raises BenchError when it can't be started.
    """
    with open(log, "wb") as stream:
        started = time.perf_counter()
        try:
            process = subprocess.Popen(
                command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
        except OSError as error:
            raise BenchError(f"{command[0]}: can't be started: {error.strerror}; check the path") from None
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, process.returncode)


def middle(samples: Sequence[Sample]) -> Sample:
    """Return the median of each measure; the exit code of the last run."""
    return Sample(
        statistics.median(sample.wall for sample in samples),
        statistics.median(sample.cpu for sample in samples),
        round(statistics.median(sample.peak for sample in samples)),
        samples[-1].code,
    )
