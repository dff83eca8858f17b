"""A folder of a git work tree -> the names in it that git does not ignore, asked of git itself."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from secrets_guard.model.result import Problem
from secrets_guard.sources.git.command import Git

_LIST = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
_NOT_OPENED = re.compile(r"warning: could not open directory '(.*)': (.*)")


class Listing(NamedTuple):
    """``names`` relative to the folder, sorted (None: git can't tell, ``notes`` say why)."""

    names: list[str] | None
    problems: list[Problem]
    notes: list[str]


def worktree_root(folder: str) -> str:
    """Return the nearest folder, itself or a parent, that holds a ``.git``; '' when there is none."""
    place = os.path.realpath(folder)
    if ".git" in place.split(os.sep):
        return ""
    while True:
        if os.path.lexists(os.path.join(place, ".git")):
            return place
        parent = os.path.dirname(place)
        if parent == place:
            return ""
        place = parent


def is_ignored(folder: str) -> bool:
    """Tell whether the work tree that the folder is inside of ignores the folder itself."""
    return Git(folder).run("check-ignore", "-q", ".").code == 0


def listing(folder: str, shown: str) -> Listing:
    """Return what git tracks or would track in the folder; ``shown`` is its name (or '') in problems and notes."""
    done = Git(folder).run(*_LIST)
    if done.code != 0:
        return Listing(
            None, [], [f"{shown or folder}: .gitignore not honoured, everything is swept; git says: {done.reason}"]
        )
    problems, notes = [], []
    for line in done.complaints:
        found = _NOT_OPENED.match(line)
        if found:
            problems.append(Problem("unreadable", shown + found[1].rstrip("/"), found[2]))
        else:
            notes.append(f"{shown or folder}: git says: {line}")
    names = {name for name in os.fsdecode(done.output).split("\0") if name}
    return Listing(sorted(names), problems, notes)
