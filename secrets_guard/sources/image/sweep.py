"""A layer as it is stored -> the blobs of all its files, and what it takes away from the layers below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import tar
from secrets_guard.sources.archive.entry import Entry, Read
from secrets_guard.sources.archive.limits import Budget, Limits
from secrets_guard.sources.archive.stream import FORMATS, Format, Stream
from secrets_guard.sources.contents import FIRST_BYTES, is_archive, too_large
from secrets_guard.sources.image.paths import LayerPaths
from secrets_guard.sources.pieces import SIZES, stream_pieces

_HEAD = 512
_BATCH_BYTES, _BATCH_ITEMS = 1 << 20, 512


class Rules(NamedTuple):
    """What is left out, and the bounds of what is opened."""

    limits: Limits = Limits()
    skip_path: Callable[[str], bool] | None = None


class LayerSweep:
    """One layer on its way through. Ids of its blobs begin with ``prefix``; the path follows.

    When it is over ``whole`` says whether everything in it was swept.
    """

    def __init__(self, prefix: str, where: str, rules: Rules) -> None:
        self._prefix, self.where, self._rules = prefix, where, rules
        self.paths, self.stats, self.whole = LayerPaths(), Stats(), True
        self.stopped = False
        """Whether a limit ended it early."""

    def batches(self, read: Read, size: int) -> Iterator[list[Blob | Problem]]:
        """Yield the layer's blobs and problems, many at a time; ``size``: bytes as stored, 0 where it is not known."""
        batch: list[Blob | Problem] = []
        filled = 0
        for item in self._items(read, size):
            batch.append(item)
            if type(item) is Blob:
                filled += len(item.data)
            else:
                self.whole = False
            if filled >= _BATCH_BYTES or len(batch) >= _BATCH_ITEMS:
                yield batch
                batch, filled = [], 0
        if batch:
            yield batch

    def _items(self, read: Read, size: int) -> Iterator[Blob | Problem]:
        budget = Budget(self._rules.limits, size)
        begun = _first(read)
        if not begun:
            return
        format_ = compression_of(begun)
        stream = None
        if format_ is not None:
            try:
                stream = Stream(format_, read, self.where, budget, begun)
            except ImportError:
                yield Problem("unreadable", self.where, f"{format_.name}: pip install {format_.package} to read it")
                return
            read, begun = stream.read, _first(stream.read)
        if tar.is_header(begun[:_HEAD]) or not begun.strip(b"\0"):
            yield from self._entries(tar.entries(read, self.where, begun, marked=False), budget)
        else:
            yield Problem("unknown", self.where, "not a tar archive, compressed or not: swept as one file")
            yield from stream_pieces(_behind(begun, read), f"{self._prefix}", self.where)
        if budget.reached:
            self.stopped = True
            yield budget.problem(self.where)
        if stream is not None and stream.problem is not None:
            yield stream.problem

    def _entries(self, entries: Iterable[Entry | Problem], budget: Budget) -> Iterator[Blob | Problem]:
        paths, skip, prefix, largest = self.paths.add, self._rules.skip_path, self._prefix, self._rules.limits.largest
        most = min(largest or SIZES.piece, SIZES.piece)
        for entry in entries:
            if type(entry) is Problem:
                yield entry
                continue
            path, _, size, kind, link, read, xattrs = entry
            if path[:1] == "/":
                path = path.lstrip("/")
            paths(path, kind, link)
            if not budget.member():
                return
            if xattrs:
                yield from self._attributes(path, xattrs)
            if not size:
                continue
            if skip is not None and skip(path):
                count(self.stats.skipped, "path")
                self.whole = False
                continue
            if 0 < size <= most:
                data = read(size)
                while len(data) < size and (more := read(size - len(data))):
                    data += more
                if data[:2] in FIRST_BYTES and is_archive(data):
                    count(self.stats.skipped, "archive")
                yield Blob(prefix + path, data, path)
            elif largest and size > largest:
                yield too_large(f"{self.where}: {path}", size, largest, self.stats)
            else:
                yield from stream_pieces(read, prefix + path, path)

    def _attributes(self, path: str, xattrs: Iterable[str]) -> Iterator[Blob]:
        for name, value in dict(xattrs).items():
            if value:
                shown = f"{path}!/<xattr {name}>"
                yield Blob(self._prefix + shown, value, shown)


def compression_of(begun: bytes) -> Format | None:
    """Tell by its first bytes how a stream is compressed; None: not, or not as we know it."""
    return next((one for one in FORMATS.values() if one.magics and begun.startswith(one.magics)), None)


def is_layer_like(begun: bytes) -> bool:
    """Tell by its first 512 bytes whether a content can be a layer."""
    return compression_of(begun) is not None or tar.is_header(begun[:_HEAD])


def _first(read: Read) -> bytes:
    """Return the first bytes of a stream, enough to tell what it is."""
    data = b""
    while len(data) < _HEAD and (part := read(1 << 16)):
        data += part
    return data


def _behind(begun: bytes, read: Read) -> Read:
    def joined(wanted: int) -> bytes:
        nonlocal begun
        if begun:
            data, begun = begun[:wanted], begun[wanted:]
            return data
        return read(wanted)

    return joined
