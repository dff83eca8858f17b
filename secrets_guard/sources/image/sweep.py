"""A layer as it is stored -> the blobs of all its files, and what it takes away from the layers below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import expand, inside, suspect, tar
from secrets_guard.sources.archive.codecs import FORMATS, Format
from secrets_guard.sources.archive.entry import Entry, Read, chained, gather
from secrets_guard.sources.archive.limits import Budget, Limits
from secrets_guard.sources.archive.stream import Stream
from secrets_guard.sources.contents import too_large
from secrets_guard.sources.image.git_folders import GitFolders
from secrets_guard.sources.image.git_pack import LARGEST_PACK, PACK_MAGIC
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
        self._git = GitFolders(prefix, where, rules.limits)
        self.stopped = False
        """Whether a limit ended it early."""

    def shown(self, path: str) -> str:
        """Return the path to report for a blob's: of an object in a git repository the file that it was."""
        return self._git.shown(path)

    def batches(self, read: Read, size: int) -> Iterator[list[Blob | Problem]]:
        """Yield the layer's blobs and problems, many at a time; ``size``: bytes as stored, 0 where it is not known.

        Raises SourceError where reading fails, behind what came before.
        """
        batch: list[Blob | Problem] = []
        filled = 0
        try:
            for item in self._items(read, size):
                batch.append(item)
                if type(item) is Blob:
                    filled += len(item.data)
                else:
                    self.whole = False
                if filled >= _BATCH_BYTES or len(batch) >= _BATCH_ITEMS:
                    yield batch
                    batch, filled = [], 0
        except SourceError:
            # The line dropped: what came before is swept all the same.
            yield batch
            raise
        if batch:
            yield batch

    def _items(self, read: Read, size: int) -> Iterator[Blob | Problem]:
        budget = Budget(self._rules.limits, size)
        begun = gather(read, _HEAD)
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
            read, begun = stream.read, gather(stream.read, _HEAD)
        if tar.is_header(begun[:_HEAD]) or not begun.strip(b"\0"):
            yield from self._entries(tar.entries(read, self.where, begun, marked=False), budget)
        else:
            yield Problem("unknown", self.where, "not a tar archive, compressed or not: swept as one file")
            yield from stream_pieces(chained(begun, read), self._prefix, self.where)
        if budget.reached:
            self.stopped = True
            yield budget.problem(self.where)
        if stream is not None and stream.problem is not None:
            yield stream.problem

    def _entries(self, entries: Iterable[Entry | Problem], budget: Budget) -> Iterator[Blob | Problem]:
        paths, skip, prefix, largest = self.paths.add, self._rules.skip_path, self._prefix, self._rules.limits.largest
        most = SIZES.piece
        for entry in entries:
            if isinstance(entry, Problem):
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
            elif largest and size > largest:
                yield too_large(f"{self.where}: {path}", size, largest, self.stats)
            elif 0 < size <= most:
                data = read(size)
                if len(data) < size:
                    data = gather(chained(data, read), size)
                if suspect(data) or data[:4] == PACK_MAGIC:
                    yield from self._suspect(path, data)
                else:
                    yield Blob(prefix + path, data, path)
            else:
                yield from self._large(path, read, size)

    def _suspect(self, path: str, data: bytes) -> Iterator[Blob | Problem]:
        """Yield what is in a small file that may be an archive, or an object of a git repository."""
        if self._git.holds(path):
            yield from self._git.objects(path, data)
        else:
            yield from self._told(inside(Blob(self._prefix + path, data, path), self._rules.limits, self.stats))

    def _large(self, path: str, read: Read, size: int) -> Iterator[Blob | Problem]:
        if self._git.holds(path):
            data = gather(read, LARGEST_PACK + 1)
            if len(data) <= LARGEST_PACK:
                yield from self._git.objects(path, data)
                return
            message = f"a git pack of more than {LARGEST_PACK:,} bytes: not opened; sweep its repository with scan git"
            yield Problem("limit", f"{self.where}: {path}", message)
            return
        found = expand(self._prefix + path, path, read, self._rules.limits, self.stats, size=size)
        yield from self._told(found)

    def _told(self, items: Iterable[Blob | Problem]) -> Iterator[Blob | Problem]:
        """Name the layer in what went wrong in one of its files."""
        for item in items:
            yield item if isinstance(item, Blob) else item._replace(where=f"{self.where}: {item.where}")

    def _attributes(self, path: str, xattrs: Mapping[str, bytes]) -> Iterator[Blob]:
        for name, value in xattrs.items():
            if value:
                within = f" <xattr {name}>"
                yield Blob(self._prefix + path, value, path + within, inside=within)


def compression_of(begun: bytes) -> Format | None:
    """Tell by its first bytes how a stream is compressed; None: not, or not as we know it."""
    return next((one for one in FORMATS.values() if one.magics and begun.startswith(one.magics)), None)


def is_layer_like(begun: bytes) -> bool:
    """Tell by its first 512 bytes whether a content can be a layer."""
    return compression_of(begun) is not None or tar.is_header(begun[:_HEAD])
