"""One outermost content -> the blobs of it and of all that is nested in it, and the Problems met."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import ar, cpio, magic, rpm, sevenzip, tar, zipped, zipstream
from secrets_guard.sources.archive.entry import Entry, Read, chained, gather, nothing
from secrets_guard.sources.archive.glance import suspect
from secrets_guard.sources.archive.limits import Budget, Limits
from secrets_guard.sources.archive.stream import FORMATS, Stream
from secrets_guard.sources.pieces import SIZES, stream_pieces

HELD = 32 << 20
"""Bytes of a nested zip or 7z that are held in memory, to be read by its directory; of a longer one see zipstream."""
_SUFFIXES = (".gz", ".bz2", ".xz", ".lzma", ".zst", ".zstd", ".lz4", ".zz", ".zlib", ".z")
_CONTAINERS: dict[str, Callable[[Read, str, bytes], Iterator[Entry | Problem]]] = {
    "tar": tar.entries,
    "ar": ar.entries,
    "cpio": cpio.entries,
    "rpm": rpm.entries,
}
"""Kinds that are read from front to back."""
_EMPTY = ("dir", "symlink", "device")
_DIRECTED = {"zip": zipped.entries, "7z": sevenzip.entries}
"""Kinds whose directory stands at the end."""


class Source(NamedTuple):
    """A content to look into. ``head`` is its beginning, ``read`` gives the rest."""

    head: bytes
    read: Read
    size: int = -1
    """In bytes; -1 where only the end tells."""
    at: zipped.At | None = None
    """Any part of it, where that can be had."""


class Opening:
    """Opens one outermost content. ``id`` and ``hint`` are those of its blob; ``where`` names it in Problems."""

    def __init__(self, id: str, hint: str, limits: Limits, stats: Stats, size: int = 0) -> None:
        self._id, self._hint, self._limits, self._stats = id, hint, limits, stats
        self._where = hint or id
        self.budget = Budget(limits, size)

    def whole(self, source: Source, kind: str) -> Iterator[Blob | Problem]:
        """Yield all that is in the outermost content, or itself where it is no archive."""
        yield from self._opened(source, kind, "", 0)
        if self.budget.reached:
            yield self.budget.problem(self._where)

    def _opened(self, source: Source, kind: str, inside: str, depth: int) -> Iterator[Blob | Problem]:
        """Yield what is in a content of this kind; ``inside``: where it is, ``depth``: in how many archives."""
        where = self._where + inside
        if depth >= self._limits.depth:
            yield from self._closed(source, inside)
            if depth:
                message = f"archives inside one another are opened to a depth of {depth} (--max-depth); swept as it is"
                yield Problem("limit", where, message)
        elif kind in FORMATS:
            yield from self._stream(source, kind, inside, depth)
        elif kind in _CONTAINERS:
            yield from self._entries(_CONTAINERS[kind](source.read, where, source.head), inside, depth)
        elif kind in _DIRECTED:
            yield from self._directed(source, kind, inside, depth)
        else:
            yield from self._closed(source, inside)
            yield Problem("unsupported", where, f"{kind} archives can't be opened; swept as it is")

    def _closed(self, source: Source, inside: str) -> Iterator[Blob | Problem]:
        count(self._stats.skipped, "archive")
        yield from self._pieces(chained(source.head, source.read), inside)

    def _pieces(self, read: Read, inside: str) -> Iterator[Blob | Problem]:
        """Yield a content as it is, up to the largest size allowed."""
        hint = self._hint + inside if self._hint else ""
        left = largest = self._limits.largest

        def limited(wanted: int) -> bytes:
            nonlocal left
            data = read(min(wanted, left)) if left else b""
            left -= len(data)
            return data

        for blob in stream_pieces(limited if largest else read, self._id, hint):
            # What holds NULs only holds no match; to look for one there takes a hundred times as long.
            if not blob.start or blob.data[:64].strip(b"\0") or blob.data != bytes(len(blob.data)):
                yield blob._replace(inside=inside) if inside else blob
        if largest and not left and read(1):
            count(self._stats.skipped, "too_large")
            message = f"more than {largest:,} bytes, the first of which are swept; raise --max-file-size"
            yield Problem("too_large", self._where + inside, message)

    def _directed(self, source: Source, kind: str, inside: str, depth: int) -> Iterator[Blob | Problem]:
        """Yield what is in an archive whose directory stands at the end; the archive itself where it can't be read."""
        where = self._where + inside
        if source.at is None and source.size <= HELD:
            data = gather(chained(source.head, source.read), HELD + 1)
            source = source._replace(head=data)
            if len(data) <= HELD:
                source = Source(data, nothing, len(data), held(data))
        if source.at is not None:
            found = _DIRECTED[kind](source.at, source.size, where, self.budget)
        elif kind == "zip":
            found = zipstream.entries(source.read, where, self.budget, source.head)
        else:
            message = (
                f"{kind}: over {HELD >> 20} MiB long in a stream, the list of its files out of reach; swept as it is"
            )
            found = iter([Problem("limit", where, message)])
        opened = yield from self._entries(found, inside, depth)
        if not opened and not self.budget.reached:
            yield from self._closed(source, inside)

    def _stream(self, source: Source, kind: str, inside: str, depth: int) -> Iterator[Blob | Problem]:
        """Yield what a compressed stream holds: a tar's entries as if it were not compressed, or its one content."""
        where = self._where + inside
        try:
            stream = Stream(FORMATS[kind], source.read, where, self.budget, source.head)
        except ImportError:
            yield from self._closed(source, inside)
            package = FORMATS[kind].package
            yield Problem("unsupported", where, f"{kind}: pip install {package} to have it opened; swept as it is")
            return
        head = gather(stream.read, SIZES.piece)
        within = magic.kind_of(head)
        if within in _CONTAINERS:
            found = self._entries(_CONTAINERS[within](stream.read, where, head), inside, depth)
            for item in found:
                # That the archive ends too early follows from the stream's own break.
                if not isinstance(item, Problem) or stream.problem is None:
                    yield item
        else:
            name = inside + "!/" + inner_name(where)
            yield from self._content(Source(head, stream.read), within, name, depth + 1)
        if stream.problem is not None:
            yield stream.problem
        rest = gather(stream.read_rest, SIZES.piece)
        if rest.strip(b"\0"):
            yield from self._pieces(chained(rest, stream.read_rest), inside + "!/<behind the end>")

    def _entries(
        self, found: Iterator[Entry | Problem], inside: str, depth: int
    ) -> Generator[Blob | Problem, None, bool]:
        """Yield the contents of a container's entries; return False where there were Problems only."""
        budget, limits, stats = self.budget, self._limits, self._stats
        opened, failed = False, False
        for entry in found:
            if budget.reached:
                break
            if isinstance(entry, Problem):
                failed = True
                yield entry
                continue
            opened = True
            if not budget.member():
                break
            name = f"{inside}!/{entry.path}" if entry.path else inside
            for attribute, value in entry.xattrs.items():
                yield from self._pieces(chained(value, nothing), f"{name} <xattr {attribute}>")
            if limits.largest and entry.size > limits.largest:
                count(stats.skipped, "too_large")
                message = f"{entry.size:,} bytes, more than {limits.largest:,}; raise --max-file-size"
                yield Problem("too_large", self._where + name, message)
            elif entry.kind == "raw":
                yield from self._pieces(entry.read, name)
            elif entry.kind not in _EMPTY and entry.size:
                yield from self._member(entry, name, inside, depth)
        return opened or not failed

    def _member(self, entry: Entry, name: str, inside: str, depth: int) -> Iterator[Blob | Problem]:
        """Yield the content of one entry, opened where it is an archive itself."""
        most = SIZES.piece if entry.size < 0 else min(entry.size, SIZES.piece)
        head = gather(entry.read, most)
        whole = len(head) < SIZES.piece
        kind = (magic.kind_of_whole if whole else magic.kind_of)(head) if suspect(head) else ""
        if entry.kind == rpm.PAYLOAD:
            yield from self._content(Source(head, entry.read), kind, inside, depth + 1)
        elif kind or not whole:
            yield from self._content(Source(head, entry.read, entry.size), kind, name, depth + 1)
        elif head:
            yield Blob(self._id, head, self._hint + name if self._hint else "", inside=name)

    def _content(self, source: Source, kind: str, inside: str, depth: int) -> Iterator[Blob | Problem]:
        if kind:
            yield from self._opened(source, kind, inside, depth)
        else:
            yield from self._pieces(chained(source.head, source.read), inside)


def inner_name(path: str) -> str:
    """Return what to call the content of a compressed file: its name without the ending that says how."""
    name = path.rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    return stem if stem and f".{ending.lower()}" in _SUFFIXES else name


def held(data: bytes) -> zipped.At:
    """Return the access to any part of a content in memory."""
    return lambda offset, size: data[offset : offset + size]
