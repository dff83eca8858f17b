"""A selection -> its commits, children before parents and newest first, and which refs lead to each of some."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from secrets_guard.model.result import Problem
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.selection import Selection


class Walk:
    """The commits of a history; ``lines`` are ``commit parent parent…``, no commit before one of its children."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines

    def numbers(self) -> dict[bytes, int]:
        """Return each commit's number in the order: the greater, the older."""
        return {line.partition(b" ")[0]: number for number, line in enumerate(self.lines)}

    def first_parent(self, number: int) -> bytes:
        """Return a commit's first parent; b'' for a root."""
        return ([*self.lines[number].split(b" ", 2), b""])[1]

    def against_first_parents(self) -> list[bytes]:
        """Return ``commit first-parent``, or ``commit`` of a root, for git diff-tree.

        Against the first parent alone a diff says all that a commit's tree holds, merges and what only they brought in
        included; what came in by another parent is older than the merge, and found there first.
        """
        made = []
        for line in self.lines:
            words = line.split(b" ", 2)
            made.append(words[0] + b" " + words[1] if len(words) > 1 else words[0])
        return made

    def holders(self, wanted: Collection[bytes], refs: Mapping[bytes, int]) -> dict[bytes, int]:
        """Return for each wanted commit the set of refs whose history holds it; ``refs`` are those at each commit."""
        held: dict[bytes, int] = {}
        found = {}
        for line in self.lines:
            commit, *parents = line.split(b" ")
            mask = held.pop(commit, 0) | refs.get(commit, 0)
            if commit in wanted:
                found[commit] = mask
            if mask:
                for parent in parents:
                    held[parent] = held.get(parent, 0) | mask
        return found


class Walked(NamedTuple):
    """A walk, and the Problem that cut it short."""

    walk: Walk
    problems: list[Problem]


def walk_history(git: Git, selection: Selection) -> Walked:
    """Return the commits of a selection; a history that git can't walk to its end is a Problem."""
    if selection.nothing:
        return Walked(Walk([]), [])
    every = ["--all", "--reflog"] if selection.whole else []
    done = git.run(
        "rev-list", "--parents", "--date-order", "--ignore-missing", *every, "--stdin",
        given=selection.stdin() or b"\n", time_limit=None,
    )  # fmt: skip
    lines = [line for line in done.output.split(b"\n") if line]
    if not done.code:
        return Walked(Walk(lines), [])
    why = f"the history can't be walked, so origins may be missing: {done.reason}"
    if selection.whole:
        lines = list(_without_git(git))
    return Walked(Walk(lines), [Problem("corrupt", git.folder, why)])


def _without_git(git: Git) -> Iterator[bytes]:
    """Order all commits of the object database that can be read: what is left when one on the way is broken."""
    listed = git.run("cat-file", "--batch-all-objects", "--unordered", "--batch-check", time_limit=None).output
    names = [line.split(b" ")[0] for line in listed.splitlines() if b" commit " in line]
    parents: dict[bytes, list[bytes]] = {}
    dates: dict[bytes, int] = {}
    for name in names:
        content = git.run("cat-file", "commit", name.decode())
        if content.code:
            continue
        header = content.output.partition(b"\n\n")[0].split(b"\n")
        parents[name] = [line[7:] for line in header if line.startswith(b"parent ")]
        when = next((line for line in header if line.startswith(b"committer ")), b"0 +0000").split(b" ")[-2]
        dates[name] = int(when) if when.isdigit() else 0
    yield from _ordered(parents, dates)


def _ordered(parents: Mapping[bytes, list[bytes]], dates: Mapping[bytes, int]) -> Iterator[bytes]:
    import heapq

    children: dict[bytes, int] = dict.fromkeys(parents, 0)
    for of_one in parents.values():
        for parent in of_one:
            if parent in children:
                children[parent] += 1
    ready = [(-dates[name], name) for name, number in children.items() if not number]
    heapq.heapify(ready)
    while ready:
        _, name = heapq.heappop(ready)
        known = [parent for parent in parents[name] if parent in parents]
        yield b" ".join([name, *known])
        for parent in known:
            children[parent] -= 1
            if not children[parent]:
                heapq.heappush(ready, (-dates[parent], parent))
