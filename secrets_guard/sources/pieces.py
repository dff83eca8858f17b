"""A large content -> overlapping blobs, so that memory stays bounded and each match is seen whole exactly once.

A piece owns the matches that end in its owned range; before that range and behind it lie at least MARGIN bytes of
text, twice the longest match. Newlines before a piece are counted as it is cut. Offsets are even (UTF-16).
"""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from secrets_guard.model.blob import Blob, Place


class Sizes(NamedTuple):
    """How content is cut, in bytes: all even, ``margin < overlap < piece``."""

    piece: int
    overlap: int
    margin: int


SIZES = Sizes(piece=4 << 20, overlap=128 << 10, margin=64 << 10)
"""The sizes in use; see rules/lint.py: LONGEST_MATCH is half the margin."""

_AHEAD = 65_536


def stream_pieces(read: Callable[[int], bytes], name: str, hint: str, sizes: Sizes = SIZES) -> Iterator[Blob]:
    """Yield the blobs of a stream; ``read(n)`` returns at most n bytes, none at the end only."""
    piece, overlap, margin = sizes
    step = piece - overlap
    start, place, owned_from = 0, Place(), 0
    data = _gather(read, b"", piece)
    while data:
        # Only what comes behind a full piece tells whether it is the last one.
        ahead = read(min(_AHEAD, step)) if len(data) == piece else b""
        if not ahead:
            yield Blob(name, data, hint, start, place, owned_from)
            return
        yield Blob(name, data, hint, start, place, owned_from, piece - margin)
        start += step
        place = place.after(data[:step])
        kept = data[step:] + ahead
        del data
        data = _gather(read, kept, piece)
        owned_from = overlap - margin


def _gather(read: Callable[[int], bytes], kept: bytes, size: int) -> bytes:
    parts, missing = [kept], size - len(kept)
    while missing > 0:
        part = read(missing)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def file_pieces(descriptor: int, size: int, name: str, hint: str, sizes: Sizes = SIZES) -> Iterator[Blob]:
    """Yield the blobs of an open file of ``size`` bytes, holes left out.

    Raises OSError when it can't be read, after what could be.
    A file that is cut short meanwhile ends the sweep early, with everything that was read owned by some blob.
    """
    piece, overlap, margin = sizes
    place, position = Place(), 0
    for begin, end in _runs(descriptor, size, overlap):
        # A hole is NULs on one line; runs keep some of the hole at either side, and may touch.
        place = place._replace(column=place.column + begin - position)
        start, owned_from, kept = begin, 0, b""
        while True:
            wanted = min(piece, end - start)
            data, failure = _read_at(descriptor, start, wanted)
            cut_short = len(data) < wanted
            if len(data) < len(kept):
                # The tail of the piece before is gone from the file, but was read, and is owned by nobody yet.
                data = kept
            last = cut_short or start + len(data) >= end
            if data:
                yield Blob(name, data, hint, start, place, owned_from, -1 if last else piece - margin)
            if failure:
                raise failure
            if last:
                place, position = place.after(data), start + len(data)
                break
            start += piece - overlap
            place = place.after(data[: piece - overlap])
            kept = data[piece - overlap :]
            owned_from = overlap - margin


def _read_at(descriptor: int, offset: int, size: int) -> tuple[bytes, OSError | None]:
    """Return the bytes there, fewer at the end of the file, and the error that stopped the reading early."""
    parts: list[bytes] = []
    while size > 0:
        try:
            data = os.pread(descriptor, size, offset)
        except OSError as error:
            return b"".join(parts), error
        if not data:
            break
        parts.append(data)
        offset += len(data)
        size -= len(data)
    return (parts[0] if len(parts) == 1 else b"".join(parts)), None


def _runs(descriptor: int, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Yield (begin, end) of what holds data; a hole of more than two overlaps is only NULs, and no match is.

    A run keeps one overlap of the hole at either side: a match may begin or end in NULs.
    """
    position = 0
    while position < size:
        begin, end = _data_run(descriptor, position, size)
        if begin >= size:
            return
        following = end
        while end < size:
            following, behind = _data_run(descriptor, end, size)
            if following - end > 2 * overlap:
                break
            end = behind
        yield max(0, begin - overlap) & ~1, min(size, end + overlap)
        position = following if end < size else size


def _data_run(descriptor: int, position: int, size: int) -> tuple[int, int]:
    """Return (begin, end) of the first data at or after ``position``; both ``size`` when there is none."""
    if not hasattr(os, "SEEK_DATA"):
        return position, size
    import errno

    try:
        begin = os.lseek(descriptor, position, os.SEEK_DATA)
        return begin, min(size, os.lseek(descriptor, begin, os.SEEK_HOLE))
    except OSError as error:
        # ENXIO: nothing but a hole from here on. Anything else: the file system knows no holes.
        return (size, size) if error.errno == errno.ENXIO else (position, size)
