"""A repository and those of its submodules -> one history: what is a submodule's lies under its path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import GitOrigin, Origin
from secrets_guard.model.protocols import Glance, Standing
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.git.history import GitHistorySource
from secrets_guard.sources.git.joined import JoinedGlance
from secrets_guard.sources.git.submodules import Submodule, find_submodules

MakeHistory = Callable[[str, str], GitHistorySource]
"""(folder of a submodule's repository, its path in the superproject) -> its history."""


class _Part(NamedTuple):
    """One repository; ``number`` tells its contents from the same ones of others (the superproject's is 0)."""

    number: int
    source: GitHistorySource
    submodule: Submodule | None = None

    def name(self, own: str) -> str:
        """Return what a content is called among those of all."""
        return f"{self.number}:{own}" if self.number else own

    def place(self, path: str) -> str:
        """Return a path of this repository as one of the superproject."""
        return f"{self.submodule.path}/{path}" if self.submodule else path

    def origin(self, own: Origin) -> Origin:
        """Return an origin in this repository as one of the superproject."""
        if self.submodule is None or not isinstance(own, GitOrigin):
            return own
        return own._replace(path=self.place(own.path), repository=self.submodule.repository)

    def problem(self, own: Problem) -> Problem:
        """Return a problem of this repository as one of the superproject."""
        if self.submodule is None or own.where == self.source.target:
            return own
        where = self.source.target if own.where == self.submodule.folder else self.place(own.where)
        return own._replace(where=where)


class SuperprojectSource:
    """Sweeps a repository and its submodules, each repository once, one after the other.

    A submodule that is not here or can't be opened is a Problem; with ``require_all`` it is a SourceError instead,
    raised before anything is swept. ``problems`` and ``notes`` are those of all.
    """

    kind = "git"

    def __init__(self, superproject: GitHistorySource, make: MakeHistory, *, require_all: bool = False) -> None:
        self.target = superproject.target
        self.problems: list[Problem] = []
        self._make, self._require_all = make, require_all
        self._parts = [_Part(0, superproject)]
        self._key = ""
        self._problems: list[Problem] | None = None

    @property
    def notes(self) -> list[str]:
        """Remarks for the user."""
        return [note for part in self._parts for note in part.source.notes]

    def use_rules(self, key: str) -> None:
        """Learn which rules sweep."""
        self._key = key

    def glance(self, margin: int, stats: Stats) -> Glance | None:
        """Return a first look at all that can be looked at. Raises SourceError as ``blobs`` does."""
        self._open()
        glances = [part.source.glance(margin, stats) for part in self._parts]
        return JoinedGlance([one for one in glances if one is not None])

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield the contents of all, each repository's once. Raises SourceError as the superproject's history does."""
        yield from self._open()
        for part in self._parts:
            own = Stats()
            try:
                yield from self._renamed(part, part.source.blobs(own))
            finally:
                stats.add(own)

    def settle(self, suspects: Collection[str]) -> None:
        """Hand each repository the suspects among its contents."""
        for part, own in self._by_part(suspects):
            part.source.settle(own)

    def contents(self, ids: Iterable[str]) -> Iterator[Blob | Problem]:
        """Yield these contents once more."""
        for part, own in self._by_part(ids):
            if own:
                yield from self._renamed(part, part.source.contents(own))

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Tell where each guilty content stood, each path once."""
        found: dict[str, list[Origin]] = {}
        for part, own in self._by_part(ids):
            for name, origins in part.source.origins(own).items():
                found[part.name(name)] = [part.origin(origin) for origin in origins]
        return found

    def standings(self, secrets: Mapping[str, frozenset[str]]) -> Mapping[str, list[Standing]]:
        """Tell where secrets stood, the superproject's places first; each history is passed over once."""
        parted = {key: {part.number: own for part, own in self._by_part(names)} for key, names in secrets.items()}
        found: dict[str, list[Standing]] = {key: [] for key in secrets}
        for part in self._parts:
            own = {key: frozenset(names[part.number]) for key, names in parted.items() if names[part.number]}
            for key, standings in part.source.standings(own).items():
                found[key] += [
                    Standing(part.name(one.blob_id), part.origin(one.origin), one.exposure) for one in standings
                ]
            self.problems += [part.problem(problem) for problem in part.source.problems]
        return found

    def _open(self) -> list[Problem]:
        """Open all repositories, the first time, and return what is not here."""
        if self._problems is not None:
            return self._problems
        found = find_submodules(self._parts[0].source.open())
        problems = self._problems = list(found.problems)
        for number, submodule in enumerate(found.submodules, 1):
            part = _Part(number, self._make(submodule.folder, submodule.path), submodule)
            try:
                part.source.open()
                self._parts.append(part)
            except SourceError as error:
                problems.append(Problem("unreadable", submodule.path, str(error)))
        if problems and self._require_all:
            first = problems[0]
            raise SourceError(f"{first.where}: {first.message}")
        for part in self._parts:
            part.source.use_rules(self._key)
        return problems

    def _renamed(self, part: _Part, items: Iterable[Blob | Problem]) -> Iterator[Blob | Problem]:
        for item in items:
            if isinstance(item, Problem):
                yield part.problem(item)
            elif not part.number:
                yield item
            else:
                yield item._replace(id=part.name(item.id), hint=part.place(item.hint) if item.hint else "")

    def _by_part(self, ids: Iterable[str]) -> list[tuple[_Part, list[str]]]:
        """Return each repository with those of ``ids`` that are its own, by its own names for them."""
        own: dict[int, list[str]] = {part.number: [] for part in self._parts}
        for name in ids:
            number, colon, inner = name.partition(":")
            own[int(number) if colon else 0].append(inner if colon else name)
        return [(part, own[part.number]) for part in self._parts]
