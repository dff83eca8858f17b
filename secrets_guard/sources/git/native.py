"""A repository's packs, read by our extension: the first look at what is new in them, and whole contents of suspects.

The one place that decides whether it serves or git's own reader does. It only reads; what it can't make sense of is
left to git, which then says what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard import workers
from secrets_guard.decode import PEEK, utf16
from secrets_guard.model.blob import Blob
from secrets_guard.model.protocols import Walk
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive.glance import FIRST_BYTES, ZIP_END
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.contents import too_large
from secrets_guard.sources.git.changes import Change, Changes, shares
from secrets_guard.sources.git.reader import blobs_of
from secrets_guard.sources.git.repository import Repository

if TYPE_CHECKING:
    import secrets_guard._native as _native

READER_VARIABLE = "SECRETS_GUARD_READER"
"""``git`` in the environment leaves the reading to git."""
_STEP_BYTES = 1 << 20
_BLOB = 3
_KINDS = {1: "commit", _BLOB: "blob", 4: "tag"}


class Opened(NamedTuple):
    """The extension's view of a repository; without one, why git has to read it."""

    store: _native.Store | None
    reason: str = ""


def open_store(repository: Repository) -> Opened:
    """Return the repository's objects, or why they have to be read by git."""
    if os.environ.get(READER_VARIABLE) == "git":
        return Opened(None, f"{READER_VARIABLE} says so")
    try:
        import secrets_guard._native as _native
    except ImportError:
        return Opened(None, "the extension is not installed")
    git = repository.git
    where = git.run("rev-parse", "--path-format=absolute", "--git-path", "objects", "--show-object-format")
    listed = git.run("count-objects", "-v")
    words = where.output.split(b"\n")
    alternates = [line[11:] for line in listed.output.split(b"\n") if line.startswith(b"alternate: ")]
    if where.code or listed.code or len(words) < 2 or any(path.startswith(b'"') for path in alternates):
        return Opened(None, "git does not say where its objects are")
    folders = [os.path.join(repository.git.folder, os.fsdecode(path)) for path in (words[0], *alternates)]
    try:
        return Opened(_native.Store(folders, 32 if words[1] == b"sha256" else 20))
    except ValueError as error:
        return Opened(None, str(error))


class NativeGlance:
    """The first look at a whole object store; then the suspects, whole. ``known`` are raw names not to be read."""

    def __init__(self, store: _native.Store, known: bytes, limits: Limits, margin: int, stats: Stats) -> None:
        """Plan it. ``margin`` bytes around what is new are looked at."""
        heads = sorted({*utf16.BYTE_ORDER_MARKS, *FIRST_BYTES})
        self._store, self._limits, self._stats = store, limits, stats
        self._pass = store.novelties(known, limits.largest, margin, heads, PEEK, ZIP_END)
        self.not_whole: set[str] = set()
        """Contents that could not be swept whole: archives that did not open."""
        self._odd: list[int] = []
        self._left: list[int] = list(self._pass.unreached)
        self._refused: list[tuple[int, int]] = []
        self._suspects: list[int] = []
        self._taken: list[bytes] = []
        self.width = store.width
        self.size = len(store)
        """Contents are numbered below it."""
        self.skipped: int = self._pass.skipped

    def walk(self) -> Walk:
        """Return one thread's share."""
        return _NativeWalk(self, self._pass.cursor())

    def note(self, output: _native.Output) -> None:
        """Note what a walk met besides text."""
        blobs, size, empty = output.counts
        self._stats.blobs += blobs
        self._stats.bytes += size
        if empty:
            count(self._stats.skipped, "empty", empty)
        self._odd += output.odd
        self._left += output.left
        self._refused += output.refused
        self._taken.append(output.taken)

    def settle(self, suspects: Collection[int]) -> None:
        """Learn who has to be swept whole."""
        self._suspects = sorted({*suspects, *self._odd})

    @property
    def taken(self) -> bytes:
        """Return the raw names of all that was looked at, or is given by ``blobs``."""
        return b"".join(self._taken)

    @property
    def nothing(self) -> bool:
        """Tell whether there was no object at all."""
        return not (self.taken or self._left or self._refused or self.skipped)

    def left(self) -> list[str]:
        """Return the names of objects that git has to read."""
        return [self._store.name(ordinal).hex() for ordinal in self._left]

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield the suspects, and what repeats a part of them; they are counted anew, as any content that is swept."""
        for ordinal, size in self._refused:
            yield too_large(self._store.name(ordinal).hex(), size, self._limits.largest, stats)
        if not self._suspects:
            return
        cursor = self._store.closure(self._suspects, self._limits.largest).cursor()
        seen: set[str] = set()
        while (output := cursor.next(_STEP_BYTES)) is not None:
            self._left += output.left
            for ordinal, number, content in output.objects:
                name = self._store.name(ordinal).hex()
                if name not in seen:
                    seen.add(name)
                    stats.blobs -= 1
                    stats.bytes -= len(content if number == _BLOB else content.partition(b"\n\n")[2])
                    yield from self._noted(name, blobs_of(name, _KINDS[number], content, self._limits, stats))

    def _noted(self, name: str, items: Iterator[Blob | Problem]) -> Iterator[Blob | Problem]:
        for item in items:
            if isinstance(item, Problem):
                self.not_whole.add(name)
            yield item


class _NativeWalk:
    """One thread's share of a glance."""

    def __init__(self, glance: NativeGlance, cursor: _native.Cursor) -> None:
        self._glance, self._cursor = glance, cursor

    def next(self, size: int) -> _native.Output | None:
        """Return about ``size`` bytes more of what is new, None at the end."""
        output = self._cursor.next(size)
        if output is not None:
            self._glance.note(output)
        return output


def compare_trees(
    store: _native.Store, commits: list[bytes], into: Changes, processors: int, tell_missing: bool
) -> bool:
    """Compare each of ``commits`` (``commit parent``) with that parent; tell whether all could be read.

    What the history names and the store lacks is noted only to ``tell_missing``.
    """
    parts = [b"\n".join(share) for share in shares(commits, processors)]
    guilty = sorted(into.guilty)

    def compare(part: bytes) -> bool:
        try:
            changes, missing = store.changes(part, guilty)
        except ValueError:
            return False
        into.found += [Change(*change) for change in changes]
        if tell_missing:
            into.missing.update(missing)
        return True

    return all(workers.each(compare, parts))
