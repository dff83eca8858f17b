"""Secrets and the contents that hold them -> where each stood in a history: one pass over its commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secrets_guard.model.origin import UnreachableOrigin
from secrets_guard.model.protocols import Standing
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.git.changes import Changes, read_changes
from secrets_guard.sources.git.loose_ends import other_origins
from secrets_guard.sources.git.native import Opened, compare_trees
from secrets_guard.sources.git.refs import read_refs
from secrets_guard.sources.git.repository import Repository
from secrets_guard.sources.git.selection import Selection
from secrets_guard.sources.git.standing import History, stand, stand_in_messages
from secrets_guard.sources.git.trace import trace_secrets
from secrets_guard.sources.git.walk import Walk, walk_history
from secrets_guard.sources.git.wanted import every_object, missing_problem


class Attribution:
    """Tells where secrets stood. ``opened`` reads trees where it can; ``problems`` are to be read afterwards."""

    def __init__(
        self, repository: Repository, selection: Selection, opened: Opened, jobs: int, target: str, *,
        unreachable: bool,
    ) -> None:  # fmt: skip
        self.problems: list[Problem] = []
        self._repository, self._selection, self._store = repository, selection, opened.store
        self._jobs, self._target, self._unreachable = jobs, target, unreachable

    def standings(
        self, secrets: Mapping[str, frozenset[str]], known: set[bytes] | None
    ) -> Mapping[str, list[Standing]]:
        """Return the places of each secret by its key; ``known`` are all objects here, where they have been listed."""
        repository = self._repository
        refs = read_refs(repository.git)
        walk, problems = walk_history(repository.git, self._selection)
        changes = self._changes({name.encode() for names in secrets.values() for name in names}, walk, known)
        # What can't be placed because the history is broken is told without a place, not dropped as unreachable.
        lost_too = self._unreachable or bool(problems or changes.problems)
        self.problems += [*refs.problems, *problems, *changes.problems]
        if changes.missing:
            self.problems.append(missing_problem(self._target, len(changes.missing)))
        included = self._selection.included
        history = History(repository, walk, refs, included[0] if len(included) == 1 else "")
        messages = _messages(repository, secrets)
        found: dict[str, list[Standing]] = {key: [] for key in secrets}
        for key, standing in stand(history, trace_secrets(secrets, changes.found, walk.numbers()), set(messages)):
            found[key].append(standing)
        lost: list[tuple[str, str]] = []
        for key, told in stand_in_messages(history, messages, lost_too):
            if isinstance(told, str):
                lost.append((key, told))
            else:
                found[key].append(told)
        placed = {change.new.decode() for change in changes.found} | set(messages)
        for key, standing in _loose_ends(history, secrets, placed, lost_too):
            found[key].append(standing)
        for key, name in lost:
            found[key].append(Standing(name, UnreachableOrigin(name), None))
        return found

    def _changes(self, guilty: set[bytes], walk: Walk, known: set[bytes] | None) -> Changes:
        """Compare all commits with their first parents, where possible without git."""
        git, commits, whole = self._repository.git, walk.against_first_parents(), self._selection.whole
        if self._store is not None:
            changes = Changes(guilty, None)
            if compare_trees(self._store, commits, changes, self._jobs, whole):
                return changes
        if whole and known is None:
            known = every_object(git, 0, Stats()).known()
        changes = Changes(guilty, known)
        read_changes(git, commits, changes, self._jobs)
        return changes


def _messages(repository: Repository, secrets: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """Return the guilty commits and tags, each with its secrets' keys."""
    keys: dict[str, list[str]] = {}
    for key, names in secrets.items():
        for name in names:
            keys.setdefault(name, []).append(key)
    if not keys:
        return {}
    asked = "".join(f"{name}\n" for name in keys).encode()
    answers = repository.git.run("cat-file", "--batch-check", given=asked, time_limit=None).output.decode()
    kinds = [line.split(" ")[:2] for line in answers.splitlines()]
    return {name: keys[name] for name, kind in kinds if kind in ("commit", "tag")}


def _loose_ends(
    history: History, secrets: Mapping[str, frozenset[str]], placed: set[str], unreachable: bool
) -> Iterator[tuple[str, Standing]]:
    """Yield (key, Standing) for guilty blobs that no commit holds."""
    left = {name for names in secrets.values() for name in names} - placed
    others = other_origins(history.repository, history.refs, left)
    for key, names in secrets.items():
        for name in sorted(names & left):
            origin = others.get(name) or (UnreachableOrigin(name) if unreachable else None)
            if origin is not None:
                yield key, Standing(name, origin, None)
