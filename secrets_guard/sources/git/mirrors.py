"""A folder, or a list of paths -> the repositories in it, told by their looks: nothing is run, no link followed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem
from secrets_guard.sources.git.remote import is_remote, shown_url

_LARGEST_LIST = 64 << 20
_LARGEST_POINTER = 4096


class Target(NamedTuple):
    """A repository to sweep: ``name`` is what the report calls it, ``path`` a folder or a URL."""

    name: str
    path: str


class Found(NamedTuple):
    """Repositories in the order of their names, and folders that could not be looked into."""

    targets: list[Target]
    problems: list[Problem]


def find_mirrors(folder: str) -> Found:
    """Return every repository in ``folder`` or below it, bare or not; each is called by its path from there.

    Work trees are looked into for further repositories, git folders are not. Raises SourceError for what is no folder.
    """
    if not os.path.isdir(folder):
        raise SourceError(f"--mirrors {folder!r}: no such folder; give the one that the repositories lie in")
    found = Found([], [])
    pending = [folder]
    while pending:
        here = pending.pop()
        name = os.path.relpath(here, folder).replace(os.sep, "/")
        try:
            with os.scandir(here) as entries:
                listed = {one.name: one for one in entries}
        except OSError as error:
            found.problems.append(Problem("unreadable", name, f"can't be looked into: {error.strerror}"))
            continue
        bare = _looks_bare(here)
        if bare or ".git" in listed:
            found.targets.append(Target(os.path.basename(os.path.abspath(folder)) if name == "." else name, here))
        if not bare:
            pending += [one.path for one in listed.values() if one.name != ".git" and one.is_dir(follow_symlinks=False)]
    return Found(sorted(found.targets), sorted(found.problems))


def read_list(lines: Iterable[str], where: str) -> list[Target]:
    """Return the repositories of a list: a path or URL a line, ``#`` begins a comment line. Raises SourceError."""
    made, size = [], 0
    for number, line in enumerate(lines, 1):
        size += len(line)
        path = line.strip()
        if "\0" in path or size > _LARGEST_LIST:
            raise SourceError(f"{where}:{number}: not a list of repositories; write a path or URL a line")
        if path and not path.startswith("#"):
            made.append(named(path))
    return made


def named(path: str) -> Target:
    """Return the repository at a path or URL, called by it; a URL without its user and password."""
    if is_remote(path):
        return Target(shown_url(path), path)
    return Target(os.path.normpath(path).replace(os.sep, "/"), path)


def each_once(targets: Iterable[Target]) -> list[Target]:
    """Return the targets without those that lead to a repository which another leads to already."""
    seen: dict[str, Target] = {}
    for target in targets:
        seen.setdefault(target.path if is_remote(target.path) else git_folder(target.path), target)
    taken: dict[str, int] = {}
    return [_apart(target, taken) for target in seen.values()]


def _apart(target: Target, taken: dict[str, int]) -> Target:
    """Give a second repository of one name (two folders of mirrors) a name of its own."""
    number = taken[target.name] = taken.get(target.name, 0) + 1
    return target if number == 1 else target._replace(name=f"{target.name} ({number})")


def git_folder(path: str) -> str:
    """Return the real path of what holds a repository's objects; of ``path`` itself where that can't be told."""
    real = os.path.realpath(path)
    if _looks_bare(real):
        return _common(real)
    inner = os.path.join(real, ".git")
    if os.path.isdir(inner):
        return _common(os.path.realpath(inner))
    pointer = _pointer(inner)
    if pointer.startswith("gitdir: "):
        return _common(os.path.realpath(os.path.join(real, pointer.removeprefix("gitdir: "))))
    return real


def size_of(path: str) -> int:
    """Return the bytes of a repository's packs, by their sizes alone; 0 where there are none to be seen."""
    return sum(_sizes(os.path.join(git_folder(path), "objects", "pack")))


def _sizes(folder: str) -> Iterator[int]:
    try:
        with os.scandir(folder) as entries:
            for one in entries:
                if one.name.endswith(".pack"):
                    yield one.stat().st_size
    except OSError:
        return


def _common(folder: str) -> str:
    """Return the git folder that a linked work tree's leads to."""
    shared = _pointer(os.path.join(folder, "commondir"))
    return os.path.realpath(os.path.join(folder, shared)) if shared else folder


def _looks_bare(folder: str) -> bool:
    # What git itself asks for (setup.c, is_git_directory).
    inside = (os.path.join(folder, name) for name in ("objects", "refs"))
    return os.path.isfile(os.path.join(folder, "HEAD")) and all(os.path.isdir(one) for one in inside)


def _pointer(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read(_LARGEST_POINTER).rstrip("\n") if os.path.isfile(path) else ""
    except (OSError, ValueError):
        return ""
