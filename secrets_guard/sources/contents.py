"""An open file that is not the plain case -> its blobs, or the Problem that it is."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import expand, is_archive
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.pieces import file_pieces, stream_pieces


def problem_of(error: OSError, path: str) -> Problem:
    """Return what an operating system's error means for the sweep."""
    if error.errno == errno.ENOENT:
        return Problem("vanished", path, "gone between listing and reading")
    return Problem("unreadable", path, error.strerror or "can't be read")


def too_large(path: str, size: int, limit: int, stats: Stats) -> Problem:
    """Count and return the Problem of a file over the limit; sizes in bytes."""
    count(stats.skipped, "too_large")
    return Problem("too_large", path, f"{size:,} bytes, more than {limit:,}; raise --max-file-size")


def read_open(
    descriptor: int, info: os.stat_result, path: str, limits: Limits, stats: Stats
) -> Iterator[Blob | Problem]:
    """Yield the blobs of an open file that is large, shrinks while it is read, is empty, or is no file at all."""
    if not stat.S_ISREG(info.st_mode):
        count(stats.skipped, "special")
        return
    size = info.st_size

    def read(wanted: int) -> bytes:
        return os.read(descriptor, wanted)

    def at(offset: int, wanted: int) -> bytes:
        return os.pread(descriptor, wanted, offset)

    found: Iterator[Blob | Problem]
    if not size:
        # The files of /proc say that they are empty, and are not.
        found = stream_pieces(read, path, path)
    elif is_archive(at, size):
        found = expand(path, path, read, limits, stats, size=size, at=at)
    else:
        found = file_pieces(descriptor, size, path, path)
    empty = True
    try:
        for item in found:
            empty = False
            yield item
        if os.fstat(descriptor).st_size < size:
            yield Problem("changed", path, "it shrank while it was read; what was left of it is swept")
        elif empty and not size:
            count(stats.skipped, "empty")
    except OSError as error:
        yield problem_of(error, path)
