"""A repository -> those of its submodules that are here, nested ones too, each once; what is not here is a Problem.

Nothing that .gitmodules, an index or a ``.git`` file says leads out of the superproject: its work trees and its own
git folder are all that is looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem
from secrets_guard.sources.changes import LIST_INDEX, LIST_TREE, SUBMODULE, listed
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.repository import Repository, open_repository

_MOST, _MOST_FOLDERS, _DEEPEST = 1000, 20_000, 16
"""Bounds: submodules; folders under ``modules`` that are looked into; folders inside one another that a name has."""
_LARGEST_GITMODULES = 4 << 20
_GET = "get it with: git submodule update --init --recursive"
_NO_URL = "and .gitmodules does not say where to get it"


class Submodule(NamedTuple):
    """``path`` is its place in the superproject: its name, where no index has it any more. git reads it in ``folder``.

    ``repository`` is what a user can give to ``git -C`` in the superproject.
    """

    path: str
    folder: str
    repository: str


class Found(NamedTuple):
    """Submodules in the order of their paths, and what can't be looked at."""

    submodules: list[Submodule]
    problems: list[Problem]


def find_submodules(superproject: Repository) -> Found:
    """Return the submodules that have a repository here: checked out, absorbed (``.git/modules``) or embedded.

    They are looked for where the indexes of the work trees say (HEAD's tree, in a bare repository) and among all that
    was absorbed, so one that is gone from the index is found too.
    """
    search = _Search(superproject)
    search.run()
    # Linked work trees have submodules of their own: what one lacks another may have.
    here = {submodule.path for submodule in search.found}
    problems = [one for one in search.problems if one.kind != "missing" or one.where not in here]
    return Found(sorted(search.found), problems)


class _Level(NamedTuple):
    """A repository in which to look: ``prefix`` is its path in the superproject, '' or ending in /."""

    prefix: str
    git_folder: str
    """Real path of what holds objects and refs; it tells repositories apart."""
    indexes: tuple[Git, ...]
    """A git for each work tree's index."""
    bare: Git | None
    """Set where there is no index, so that HEAD tells: a bare repository."""
    work_trees: tuple[str, ...]


class _Search:
    """One search, level by level."""

    def __init__(self, superproject: Repository) -> None:
        self.found: list[Submodule] = []
        self.problems: list[Problem] = []
        top = _level(superproject, "")
        self._root = top.git_folder
        self._base = os.path.realpath(top.work_trees[0] if top.work_trees else superproject.folder)
        self._seen = {top.git_folder}
        self._pending = [top]
        self._folders = 0

    def run(self) -> None:
        while self._pending:
            level = self._pending.pop(0)
            names, links = self._names(level), _links(level)
            here = {path for path in links if self._checked_out(level, path)}
            for name, folder in self._absorbed(level):
                path = names.get(name, name)
                if self._add(level, path, folder):
                    here.add(path)
            for path in sorted(links - here):
                how = _GET if path in names.values() else _NO_URL
                self._tell("missing", level.prefix + path, f"this submodule is not here, so not swept; {how}")

    def _checked_out(self, level: _Level, path: str) -> bool:
        """Take what is at a link's path in the work trees; tell whether that, or why it is not taken, is known."""
        known = False
        for folder in level.work_trees:
            place = os.path.join(folder, path)
            if not _goes_down(path) or os.path.realpath(place) != os.path.join(os.path.realpath(folder), path):
                self._tell("unreadable", level.prefix + path, "its path leads out of its work tree; not followed")
                known = True
            elif os.path.lexists(os.path.join(place, ".git")):
                known = self._add(level, path, place) or known
        return known

    def _add(self, parent: _Level, path: str, folder: str) -> bool:
        """Take a folder for a submodule's repository; False where it is none."""
        shown = parent.prefix + path
        try:
            level = _level(open_repository(folder), f"{shown}/")
        except SourceError as error:
            return self._tell("unreadable", shown, str(error))
        own = level.git_folder
        if own == parent.git_folder:  # there is no repository in the folder, so git looked above it
            return False
        if own in self._seen:
            return True
        inside = (self._root, parent.git_folder, os.path.realpath(folder))
        if not any(own == above or own.startswith(above + os.sep) for above in inside):
            return self._tell("unreadable", shown, "its git folder lies outside of this repository; not followed")
        if len(self.found) >= _MOST:
            return self._tell("limit", "submodules", f"there are more than {_MOST:,}; the rest is not swept")
        self._seen.add(own)
        self.found.append(Submodule(shown, folder, os.path.relpath(folder, self._base).replace(os.sep, "/")))
        self._pending.append(level)
        return True

    def _absorbed(self, level: _Level) -> Iterator[tuple[str, str]]:
        """Yield (name, folder) of the repositories under ``modules`` of a git folder, and of its linked work trees."""
        linked = os.path.join(level.git_folder, "worktrees")
        pending = [("", os.path.join(linked, one, "modules")) for one in _folders_in(linked)]
        pending.append(("", os.path.join(level.git_folder, "modules")))
        while pending:
            name, folder = pending.pop()
            self._folders += 1
            if os.path.realpath(folder) != folder:
                self._tell("unreadable", level.prefix + name, f"a symbolic link at {folder!r}; not followed")
            elif name and os.path.isfile(os.path.join(folder, "HEAD")):
                yield name, folder
            elif name.count("/") >= _DEEPEST or self._folders > _MOST_FOLDERS:
                self._tell("limit", level.prefix + name, "too many folders under 'modules'; the rest is not looked at")
            else:
                inner = reversed(_folders_in(folder))
                pending += [(f"{name}/{one}" if name else one, os.path.join(folder, one)) for one in inner]

    def _names(self, level: _Level) -> dict[str, str]:
        """Return name -> path of the .gitmodules in the indexes (HEAD's, in a bare repository)."""
        shown, made = f"{level.prefix}.gitmodules", dict[str, str]()
        blob = "HEAD:.gitmodules" if level.bare else ":.gitmodules"
        for git in [level.bare] if level.bare else level.indexes:
            size = git.run("cat-file", "-s", blob)
            if size.code:
                continue
            if int(size.output) > _LARGEST_GITMODULES:
                self._tell("config", shown, f"larger than {_LARGEST_GITMODULES:,} bytes; not read")
                continue
            # Without being told git follows what a blob includes.
            asked = ("--null", "--no-includes", f"--blob={blob}", "--get-regexp", r"^submodule\..*\.path$")
            done = git.run("config", *asked)
            if done.code and done.complaints:
                self._tell("config", shown, f"git can't read it: {done.reason}")
            for entry in filter(None, os.fsdecode(done.output).split("\0")):
                key, _, path = entry.partition("\n")
                name = key.removeprefix("submodule.").removesuffix(".path")
                if _goes_down(path) and _goes_down(name):
                    made.setdefault(name, path)
                else:
                    self._tell("config", shown, f"submodule {name!r} at {path!r} leads out of it; not followed")
        return made

    def _tell(self, kind: str, where: str, message: str) -> bool:
        """Note a Problem, of a limit but one. True: what is at this place is known."""
        problem = Problem(kind, where, message)
        if problem not in self.problems and (kind != "limit" or all(one.kind != "limit" for one in self.problems)):
            self.problems.append(problem)
        return True


def _level(repository: Repository, prefix: str) -> _Level:
    git = repository.git
    bare, own = _facts(git)
    # Of a submodule git tells its git folder for the main work tree, so that is asked by itself.
    top = git.run("rev-parse", "--show-toplevel")
    main = [] if top.code else [os.fsdecode(top.output).rstrip("\n")]
    # What a config or a list of work trees names may be gone, or another repository's.
    work_trees = [one for one in dict.fromkeys([*main, *repository.worktrees()]) if _is_work_tree(git, one, own)]
    indexes = [git._replace(folder=folder) for folder in work_trees if folder not in main]
    if bare and not indexes:
        return _Level(prefix, own, (), git, ())
    return _Level(prefix, own, tuple(indexes if bare else [git, *indexes]), None, tuple(work_trees))


def _facts(git: Git) -> tuple[bool, str]:
    """Return whether a repository is bare, and the real path of its git folder."""
    said = os.fsdecode(git.ask("rev-parse", "--is-bare-repository", "--git-common-dir")).rstrip("\n")
    bare, _, folder = said.partition("\n")
    return bare == "true", os.path.realpath(os.path.join(git.folder, folder))


def _is_work_tree(git: Git, folder: str, git_folder: str) -> bool:
    if not os.path.lexists(os.path.join(folder, ".git")):
        return False
    try:
        return _facts(git._replace(folder=folder, extra=()))[1] == git_folder
    except SourceError:
        return False


def _links(level: _Level) -> set[str]:
    """Return the paths at which the indexes of the work trees (HEAD, of a bare repository) hold a submodule."""
    outputs = [git.run(*LIST_INDEX).output for git in level.indexes]
    if level.bare is not None:
        outputs = [level.bare.run(*LIST_TREE, "HEAD").output]
    links = (word for output in outputs for word in os.fsdecode(output).split("\0") if word.startswith(SUBMODULE))
    return {entry.path for entry in listed(links)}


def _goes_down(path: str) -> bool:
    """Tell whether a relative path goes down only, as git demands of submodules' names and paths."""
    return not any(part in ("", ".", "..") or part.lower() == ".git" for part in path.replace("\\", "/").split("/"))


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted(one.name for one in found if one.is_dir())
    except OSError:
        return []
