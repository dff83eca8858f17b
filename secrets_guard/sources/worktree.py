"""A folder of a git work tree -> the names in it that git does not ignore, asked of git itself."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from secrets_guard.model.result import Problem

_TIME_LIMIT_S = 60
# A repository's own config must not start programs; the user's own excludes stay in force.
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false")
_LIST = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
_NOT_OPENED = re.compile(r"warning: could not open directory '(.*)': (.*)")
# Set inside a hook, these would point git at another repository than the folder's.
_FOREIGN = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_TRACE",
    "GIT_LITERAL_PATHSPECS",
)


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
    code, _, _ = _run(folder, "check-ignore", "-q", ".")
    return code == 0


def listing(folder: str, shown: str) -> Listing:
    """Return what git tracks or would track in the folder; ``shown`` is its name (or '') in problems and notes."""
    code, output, complaints = _run(folder, *_LIST)
    if code != 0:
        reason = complaints[0].removeprefix("fatal: ") if complaints else f"exit code {code}"
        return Listing(
            None, [], [f"{shown or folder}: .gitignore not honoured, everything is swept; git says: {reason}"]
        )
    problems, notes = [], []
    for line in complaints:
        found = _NOT_OPENED.match(line)
        if found:
            problems.append(Problem("unreadable", shown + found[1].rstrip("/"), found[2]))
        else:
            notes.append(f"{shown or folder}: git says: {line}")
    names = {name for name in os.fsdecode(output).split("\0") if name}
    return Listing(sorted(names), problems, notes)


def _run(folder: str, *arguments: str) -> tuple[int, bytes, list[str]]:
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            [*_GIT, "-C", folder, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except FileNotFoundError:
        return 127, b"", ["git is not installed"]
    except subprocess.TimeoutExpired:
        return 124, b"", [f"no answer within {_TIME_LIMIT_S} s"]
    except OSError as error:
        return 126, b"", [f"can't be started: {error.strerror}"]
    return done.returncode, done.stdout, os.fsdecode(done.stderr).splitlines()
