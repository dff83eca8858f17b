"""Where secrets stood, kept between sweeps of a repository: while nothing in it changes, it is not asked again.

An entry holds ids, paths and what commits say of themselves, never a value. The state of a repository is what its
history is read from: refs, reflogs, indexes, packs and loose objects, by what changes whenever they do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from secrets_guard.cache import Cache, state_of
from secrets_guard.digest import blake2b
from secrets_guard.model.origin import CommitOrigin, Exposure, MessageOrigin, Origin, StagedOrigin, UnreachableOrigin
from secrets_guard.model.protocols import Standing
from secrets_guard.sources.git.repository import Repository
from secrets_guard.version import __version__

_KINDS: Mapping[str, type[Any]] = {
    one.__name__: one for one in (CommitOrigin, MessageOrigin, StagedOrigin, UnreachableOrigin)
}
_FOLDERS = ("logs", "refs", "reftable", "worktrees")
_FILES = ("HEAD", "index", "packed-refs", "shallow", "config")


class RememberedStandings:
    """The standings of the sweep before, under ``key``: a name (hex digits) for rules and what was asked for."""

    def __init__(self, cache: Cache, key: str, repository: Repository) -> None:
        common = repository.git.ask("rev-parse", "--path-format=absolute", "--git-common-dir")
        self._folder = os.fsdecode(common.rstrip(b"\n"))
        self._cache = cache
        self._name = f"standings-{_digest([key, self._folder])}.json"
        self._state = ""

    def read(self, secrets: Mapping[str, frozenset[str]]) -> dict[str, list[Standing]] | None:
        """Return where all of ``secrets`` stood; None when the repository or a secret's contents have changed."""
        self._state = _digest(_facts(self._folder))
        try:
            kept = json.loads(self._cache.read(self._name) or b"null")
            if kept is None or kept["state"] != self._state:
                return None
            places = kept["places"]
            return {key: [_standing(row) for row in places[_digest(sorted(ids))]] for key, ids in secrets.items()}
        except (ValueError, KeyError, TypeError):  # torn, or of another version
            return None

    def write(self, secrets: Mapping[str, frozenset[str]], standings: Mapping[str, list[Standing]]) -> None:
        """Keep them for the state that ``read`` saw."""
        places = {_digest(sorted(ids)): [_row(one) for one in standings[key]] for key, ids in secrets.items()}
        content = json.dumps({"state": self._state, "places": places}, ensure_ascii=True)
        self._cache.write(self._name, content.encode())


def _row(standing: Standing) -> list[object]:
    return [standing.blob_id, type(standing.origin).__name__, standing.origin, standing.exposure]


def _standing(row: list[Any]) -> Standing:
    blob_id, kind, fields, exposure = row
    origin: Origin = _KINDS[kind](*fields)
    if exposure is None:
        return Standing(blob_id, origin, None)
    told = Exposure(*exposure)
    return Standing(blob_id, origin, told._replace(branches=tuple(told.branches), tags=tuple(told.tags)))


def _facts(folder: str) -> Iterator[str]:
    """Yield what tells one state of a repository from another."""
    yield __version__
    for name in _FILES:
        yield _fact(os.path.join(folder, name))
    for name in _FOLDERS:
        yield from _files(os.path.join(folder, name))
    yield from _objects(os.path.join(folder, "objects"), set())


def _objects(folder: str, seen: set[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    yield from _files(folder)
    try:
        with open(os.path.join(folder, "info", "alternates"), encoding="utf-8", errors="surrogateescape") as stream:
            others = [line.rstrip("\n") for line in stream]
    except OSError:
        return
    for other in others:
        yield from _objects(os.path.join(folder, other), seen)


def _files(folder: str) -> Iterator[str]:
    for inner, folders, names in os.walk(folder):
        folders.sort()
        yield inner
        for name in sorted(names):
            yield _fact(os.path.join(inner, name))


def _fact(path: str) -> str:
    try:
        return f"{path} {state_of(os.stat(path))}"
    except OSError:
        return path


def _digest(parts: Iterable[str]) -> str:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()
