"""An open file that is not the plain case -> its blobs, or the Problem that it is."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.pieces import file_pieces, stream_pieces

_MAGICS = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x04\x22\x4d\x18",
)
_BZIP2_BLOCK = b"1AY&", b"\x17rE8"
FIRST_BYTES = frozenset(magic[:2] for magic in _MAGICS)
"""What the first two bytes of an archive or compressed file can be: a quick way to tell that a file is neither."""


def is_archive(data: bytes) -> bool:
    """Tell by its first eight bytes whether a content is zip, gz, bz2, xz, zst, 7z, rar or lz4."""
    if data.startswith(b"BZh"):
        return data[4:8] in _BZIP2_BLOCK
    return data.startswith(_MAGICS)


def problem_of(error: OSError, path: str) -> Problem:
    """Return what an operating system's error means for the sweep."""
    if error.errno == errno.ENOENT:
        return Problem("vanished", path, "gone between listing and reading")
    return Problem("unreadable", path, error.strerror or "can't be read")


def too_large(path: str, size: int, limit: int, stats: Stats) -> Problem:
    """Count and return the Problem of a file over the limit; sizes in bytes."""
    count(stats.skipped, "too_large")
    return Problem("too_large", path, f"{size:,} bytes, more than {limit:,}; raise --max-file-size")


def read_open(descriptor: int, info: os.stat_result, path: str, stats: Stats) -> Iterator[Blob | Problem]:
    """Yield the blobs of an open file that is large, shrinks while it is read, is empty, or is no file at all."""
    if not stat.S_ISREG(info.st_mode):
        count(stats.skipped, "special")
        return
    size = info.st_size
    if size:
        pieces = file_pieces(descriptor, size, path, path)
    else:
        # The files of /proc say that they are empty, and are not.
        pieces = stream_pieces(lambda wanted: os.read(descriptor, wanted), path, path)
    first = True
    try:
        for blob in pieces:
            if first and is_archive(blob.data):
                count(stats.skipped, "archive")
            first = False
            yield blob
        if os.fstat(descriptor).st_size < size:
            yield Problem("changed", path, "it shrank while it was read; what was left of it is swept")
        elif first:
            count(stats.skipped, "empty")
    except OSError as error:
        yield problem_of(error, path)
