"""A bench's work -> its exit code: errors on one line, ^C, and a folder that is gone afterwards."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable

from bench.measure import BenchError


def ended(script: str, work: Callable[[], None]) -> int:
    """Do the work and return 0; 2 for a BenchError, which is told on standard error, 130 for ^C."""
    try:
        work()
    except BenchError as error:
        print(f"{script}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def in_a_folder(script: str, work: Callable[[str], None]) -> int:
    """Do the work with a folder of its own, which is removed whatever happens; see ended()."""
    folder = tempfile.mkdtemp(prefix="secrets-guard-bench-")
    try:
        return ended(script, lambda: work(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def at_least_one(runs: int) -> None:
    """Raise BenchError for fewer runs than one."""
    if runs < 1:
        raise BenchError("--runs: at least 1")
