"""A repository's whole history, or a part of it -> every content once, and where each guilty one stood."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import Origin
from secrets_guard.model.protocols import Standing
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.git.attribution import Attribution
from secrets_guard.sources.git.clean import CleanContents
from secrets_guard.sources.git.native import NativeGlance, Opened, open_store
from secrets_guard.sources.git.reader import ObjectReader
from secrets_guard.sources.git.refs import read_refs
from secrets_guard.sources.git.remembered import RememberedStandings
from secrets_guard.sources.git.repository import Repository, open_repository
from secrets_guard.sources.git.selection import Selection, select
from secrets_guard.sources.git.shared import SharedContents
from secrets_guard.sources.git.wanted import Wanted, asked_objects, every_object, selected_objects


class GitHistorySource:
    """Sweeps a repository: each blob once, and the messages of commits and tags.

    ``range_`` (``A..B``, ``A...B``), ``branch`` and ``since`` cut it to what those commits add; ``unreachable`` keeps
    what no ref, reflog, stash or index leads to. ``require_full`` refuses a clone that lacks a part of its history.
    ``max_file_size`` is in bytes (0: any), ``limits`` are those of opening archives. ``readers`` gits read objects,
    ``jobs`` compare commits. What is ``clean`` or ``shared`` (seen in another repository, to be clean) is not read.
    ``problems`` are those met by ``standings``: read them after it.
    """

    kind = "git"

    def __init__(
        self, repo_path: str, *, range_: str = "", branch: str = "", since: str = "", unreachable: bool = False,
        require_full: bool = False, max_file_size: int = 0, jobs: int = 2, target: str = "",
        clean: CleanContents | None = None, limits: Limits | None = None, shared: SharedContents | None = None,
    ) -> None:  # fmt: skip
        self.target = target or repo_path
        self.notes: list[str] = []
        self.problems: list[Problem] = []
        self._path, self._limit, self._jobs = repo_path, max_file_size, max(1, jobs)
        self._limits = (limits or Limits())._replace(largest=max_file_size)
        self._asked = (range_, branch, since)
        self._unreachable, self._require_full = unreachable, require_full
        self._repository: Repository | None = None
        self._selection = Selection()
        self._known: set[bytes] | None = None
        self._opened: Opened | None = None
        self._glance: NativeGlance | None = None
        self._clean, self._shared = clean, shared
        self._read: list[str] = []
        self._not_whole: set[str] = set()

    def open(self) -> Repository:
        """Return the repository and settle what is selected. Raises SourceError for what can't be swept at all."""
        if self._repository is None:
            repository = open_repository(self._path)
            lacking = "shallow" if repository.shallow else "partial" if repository.partial else ""
            if self._require_full and lacking:
                raise SourceError(f"{self._path!r}: {_LACKING[lacking]}; {_REMEDY[lacking]}, or sweep what is there")
            self._selection = select(repository.git, *self._asked)
            self._repository = repository
        return self._repository

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield each content once, messages too; what can't be read is a Problem.

        A blob swept with the whole history has no hint: its paths are known to ``standings`` only.
        Raises SourceError, before anything is swept, for what is no repository or no revision.
        """
        repository = self.open()
        if repository.shallow:
            yield Problem("shallow", self.target, f"{_LACKING['shallow']}; {_REMEDY['shallow']}")
        if self._glance is not None:
            yield from self._glance.blobs(stats)
            left = [name.encode() for name in self._glance.left()]
            wanted = asked_objects(repository.git, left, self._limit, stats)
            nothing = self._glance.nothing
        else:
            wanted = self._left(self._wanted(repository, stats), stats)
            nothing = not wanted.requests and not stats.skipped.get("cached")
        yield from wanted.problems
        readers = self._readers(repository, wanted, stats)
        try:
            while readers:
                for reader in readers:
                    for item in reader.some():
                        if (self._clean or self._shared) and isinstance(item, Blob):
                            self._read.append(item.id)
                        yield item
                self._not_whole.update(*(reader.not_whole for reader in readers))
                readers = [reader for reader in readers if not reader.finished]
        finally:
            for reader in readers:
                reader.close()
        if nothing:
            yield from self._nothing(repository)

    def glance(self, margin: int, stats: Stats) -> NativeGlance | None:
        """Return a first look at all packs; None where git has to read, or only a part of the history is asked for."""
        self.open()
        if not self._selection.whole:
            stats.reader = "git (a part of the history)"
            return None
        opened = self._native()
        stats.reader = "native" if opened.store is not None else f"git ({opened.reason})"
        if opened.store is not None:
            known = self._clean.known if self._clean is not None else b""
            if self._shared is not None:
                known += self._shared.among(opened.store.names(), opened.store.width)
            self._glance = NativeGlance(opened.store, known, self._limits, margin, stats)
            if self._glance.skipped:
                count(stats.skipped, "cached", self._glance.skipped)
        return self._glance

    def _native(self) -> Opened:
        if self._opened is None:
            self._opened = open_store(self.open())
        return self._opened

    def _wanted(self, repository: Repository, stats: Stats) -> Wanted:
        if self._selection.nothing:
            return Wanted(b"", {}, [], set())
        if not self._selection.whole:
            return selected_objects(repository.git, self._selection, self._limit, stats)
        wanted = every_object(repository.git, self._limit, stats)
        self._known = wanted.known()
        return wanted

    def use_rules(self, key: str) -> None:
        """Learn which rules sweep (a name for them): only what was clean under the same ones is not read again."""
        if self._clean is not None:
            self._clean.open(key)

    def settle(self, suspects: Collection[str]) -> None:
        """Remember, after a whole sweep, what was read and holds nothing.

        A part of a history is swept under paths: what is clean under one may not be so under another.
        """
        if not self._selection.whole or not (self._clean or self._shared):
            return
        ids = b"".join([bytes.fromhex(name) for name in self._read])
        width = len(self._read[0]) // 2 if self._read else 20
        if self._glance is not None:
            ids, width = ids + self._glance.taken, self._glance.width
            self._not_whole |= self._glance.not_whole
        for kept in (self._clean, self._shared):
            if kept is not None:
                kept.add(ids, width, {*suspects, *self._not_whole})

    def contents(self, ids: Iterable[str]) -> Iterator[Blob | Problem]:
        """Yield these contents once more."""
        names = [f"{name}\n".encode() for name in ids]
        if not names:
            return
        reader = ObjectReader(self.open().git, b"".join(names), len(names[0]), {}, Stats(), self._limits)
        try:
            while not reader.finished:
                yield from reader.some()
        finally:
            reader.close()

    def _left(self, wanted: Wanted, stats: Stats) -> Wanted:
        """Leave out what an earlier sweep found clean."""
        every = wanted.requests.split(b"\n")
        known = self._clean.names() if self._clean is not None else frozenset()
        if self._shared is not None and wanted.requests:
            width = wanted.width // 2
            seen = self._shared.among(bytes.fromhex(wanted.requests.decode()), width)
            known |= {seen[at : at + width].hex().encode() for at in range(0, len(seen), width)}
        if not known:
            return wanted
        left = [name for name in every if name and name not in known]
        stats.skipped["cached"] = len(every) - 1 - len(left)
        return wanted._replace(requests=b"".join(name + b"\n" for name in left))

    def _readers(self, repository: Repository, wanted: Wanted, stats: Stats) -> list[ObjectReader]:
        """Split the requests: one git reads about 1 GB/s, which is what four cores scan."""
        number = max(1, self._jobs // 4)
        width = wanted.width
        share = -(-len(wanted.requests) // (number * max(1, width))) * width
        return [
            ObjectReader(
                repository.git, wanted.requests[start : start + share], width, wanted.names, stats, self._limits
            )
            for start in range(0, len(wanted.requests), share or 1)
        ]

    def _nothing(self, repository: Repository) -> Iterator[Problem]:
        """Tell an empty repository, or an empty range, from a sweep that saw nothing where there is something."""
        if not self._selection.whole:
            self.notes.append(f"{self.target}: no commits are selected, so nothing was swept")
        elif read_refs(repository.git).refs:
            if self._require_full:
                raise SourceError(f"{self._path!r}: there are refs, but no object can be read; try git fsck")
            yield Problem("missing", self.target, "there are refs, but no object can be read; try git fsck")
        else:
            self.notes.append(f"{self.target}: no commits yet, so nothing was swept")

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Tell where each guilty content stood, each path once; for callers that don't ask by secret."""
        standings = self.standings({name: frozenset((name,)) for name in ids})
        return {name: [standing.origin for standing in found] for name, found in standings.items()}

    def standings(self, secrets: Mapping[str, frozenset[str]]) -> Mapping[str, list[Standing]]:
        """Tell where secrets stood (key -> ids of all contents that hold it); one pass over the history.

        A key that only unreachable contents hold gets no standing unless they were asked for. Call it even with no
        secrets: it is what notices that the history names objects that are not there (``problems``).
        """
        remembered = self._remembered()
        found = remembered.read(secrets) if remembered is not None else None
        if found is not None:
            return found
        history = Attribution(
            self.open(), self._selection, self._native(), self._jobs, self.target, unreachable=self._unreachable
        )
        told = history.standings(secrets, self._known)
        self.problems += history.problems
        if remembered is not None and not history.problems:
            remembered.write(secrets, told)
        return told

    def _remembered(self) -> RememberedStandings | None:
        if self._clean is None or not self._clean.key or not self._selection.whole:
            return None
        return RememberedStandings(self._clean.cache, f"{self._clean.key} {self._unreachable}", self.open())


_LACKING = {
    "shallow": "a shallow clone: history before its cut is not here, so not swept",
    "partial": "a partial clone: objects that were not fetched are not swept",
}
_REMEDY = {
    "shallow": "git fetch --unshallow (in CI: fetch-depth: 0)",
    "partial": "git fetch --refetch --no-filter",
}
