"""A repository and a selection -> the ids of all objects to sweep, each once, in the order they lie in the packs."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.contents import too_large
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.selection import Selection

_ENTRY = re.compile(rb"^([0-9a-f]+) (blob|commit|tag) (\d+)$", re.MULTILINE)
_GONE = re.compile(rb"^([0-9a-f]+) missing$", re.MULTILINE)
_CHUNK = 1 << 20
_SHOWN = 20


class Wanted(NamedTuple):
    """``requests`` are ids of one length, each with a line break behind it; ``names`` a path for some of them."""

    requests: bytes
    names: dict[str, str]
    problems: list[Problem]
    refused: set[bytes]
    """Blobs over the size limit: known, not swept."""

    @property
    def width(self) -> int:
        """Return the length of one request in bytes."""
        return self.requests.find(b"\n") + 1

    def known(self) -> set[bytes]:
        """Return the ids of all, those over the size limit included."""
        return {*self.requests.split(b"\n"), *self.refused}


def every_object(git: Git, limit: int, stats: Stats) -> Wanted:
    """Return all blobs, commits and tags in the object database, reachable or not; listing them walks nothing.

    ``limit`` is the largest blob in bytes (0: any).
    """
    wanted = Wanted(b"", {}, [], set())
    running = git.start("cat-file", "--batch-all-objects", "--unordered", "--batch-check")
    parts, rest = [], b""
    try:
        while data := os.read(running.output, _CHUNK):
            data = rest + data
            cut = data.rfind(b"\n") + 1
            rest = data[cut:]
            parts.append(_requests(data[:cut], wanted, limit, stats))
    finally:
        done = running.close()
    complaints = [line for line in done.complaints if not line.startswith("warning: ")]
    for line in complaints[:_SHOWN]:
        wanted.problems.append(Problem("corrupt", git.folder, f"listing objects, git says: {line}"))
    if done.code and not complaints:
        wanted.problems.append(Problem("corrupt", git.folder, f"listing objects broke off: {done.reason}"))
    return wanted._replace(requests=b"".join(parts))


def selected_objects(git: Git, selection: Selection, limit: int, stats: Stats) -> Wanted:
    """Return what is reachable from the selection's included commits and not from its excluded ones, with paths."""
    listed = git.run(
        "rev-list", "--objects", "--missing=print", "--stdin", given=selection.stdin() or b"\n", time_limit=None
    )
    wanted = Wanted(b"", {}, [], set())
    if listed.code:
        wanted.problems.append(Problem("corrupt", git.folder, f"the history can't be walked: {listed.reason}"))
    ids, missing = [], 0
    for line in listed.output.split(b"\n"):
        name, _, path = line.partition(b" ")
        if name.startswith(b"?"):
            missing += 1
        elif name:
            ids.append(name)
            if path:
                wanted.names[name.decode()] = path.decode("utf-8", "surrogateescape")
    if missing:
        wanted.problems.append(missing_problem(git.folder, missing))
    return asked_objects(git, ids, limit, stats, wanted)


def asked_objects(git: Git, ids: list[bytes], limit: int, stats: Stats, wanted: Wanted | None = None) -> Wanted:
    """Return the blobs, commits and tags among ``ids``, added to ``wanted``."""
    wanted = wanted or Wanted(b"", {}, [], set())
    if not ids:
        return wanted
    answers = git.ask("cat-file", "--batch-check", given=b"\n".join(ids) + b"\n", time_limit=None)
    return wanted._replace(requests=_requests(answers, wanted, limit, stats))


def missing_problem(folder: str, missing: int) -> Problem:
    """Return the Problem of objects that the history names and the repository does not have."""
    objects = "1 object" if missing == 1 else f"{missing:,} objects"
    return Problem(
        "missing", folder, f"{objects} of the history not here, so not swept; in a partial clone: git fetch --refetch"
    )


def _requests(lines: bytes, wanted: Wanted, limit: int, stats: Stats) -> bytes:
    """Return the requests for a piece of git's list ``id type size``."""
    for gone in _GONE.findall(lines):
        wanted.problems.append(Problem("corrupt", gone.decode(), "the object is there, but git can't read its header"))
    made = []
    for name, kind, size in _ENTRY.findall(lines):
        if limit and kind == b"blob" and int(size) > limit:
            wanted.refused.add(name)
            shown = name.decode()
            wanted.problems.append(too_large(wanted.names.get(shown, shown), int(size), limit, stats))
        else:
            made.append(name)
    return b"\n".join([*made, b""]) if made else b""
