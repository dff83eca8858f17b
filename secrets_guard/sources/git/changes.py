"""The commits of a history -> which of them brought a guilty blob to a path, or took it away: one pass of diff-tree."""

from __future__ import annotations

import os
from collections.abc import Collection, Container, Sequence
from typing import NamedTuple

from secrets_guard.model.result import Problem
from secrets_guard.sources.git.command import Git, Running

_CHUNK = 1 << 20
_MOST_RESTARTS = 50
_FEWEST = 2000
"""Commits that are worth a process or thread of their own."""
_DIFF = (
    "diff-tree", "--stdin", "--always", "-r", "--root", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff",
    "--no-textconv", "--ignore-submodules=none", "-O/dev/null",
)  # fmt: skip
# The modes of an absent file, and of a link to a submodule's commit, which is no object of this repository.
_NO_BLOB = (b"000000", b"160000")


class Change(NamedTuple):
    """A commit put the blob ``new`` in place of ``old`` at ``path``; an absent one is all zeros."""

    commit: bytes
    path: bytes
    old: bytes
    new: bytes


class Changes:
    """What the pass gathers: changes to or from ``guilty`` blobs, blobs that the history names and ``known`` lacks."""

    def __init__(self, guilty: Collection[bytes], known: Container[bytes] | None) -> None:
        self.guilty, self.known = guilty, known
        self.found: list[Change] = []
        self.missing: set[bytes] = set()
        self.problems: list[Problem] = []


def read_changes(git: Git, commits: Sequence[bytes], into: Changes, processes: int) -> None:
    """Compare each of ``commits`` (``commit parent``) with that parent, spread over ``processes`` gits."""
    import threading

    readers = [_Reader(git, part, into) for part in shares(commits, processes)]
    errors: list[Exception] = []

    def run(reader: _Reader) -> None:
        try:
            reader.read()
        except Exception as error:  # noqa: BLE001 - carried over to the caller's thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(reader,), name="git-changes", daemon=True) for reader in readers]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for reader in readers:
            reader.close()
    if errors:
        raise errors[0]


def shares(commits: Sequence[bytes], number: int) -> list[Sequence[bytes]]:
    """Split commits into at most ``number`` shares, each worth a process or thread of its own."""
    size = max(_FEWEST, -(-len(commits) // max(1, number)))
    return [commits[start : start + size] for start in range(0, len(commits), size)]


class _Reader:
    """One git over a part of the commits."""

    def __init__(self, git: Git, commits: Sequence[bytes], into: Changes) -> None:
        self._git, self._commits, self._into = git, commits, into
        self._running: Running | None = None
        self._stopped = False
        self._next, self._last, self._entry = 0, b"", b""

    def read(self) -> None:
        """Read all; where git ends at a tree that it can't read, that commit is a Problem and the next goes on."""
        restarts = 0
        while self._next < len(self._commits) and not self._stopped:
            running = self._running = self._git.start(*_DIFF, talks=True)
            running.feed(memoryview(b"\n".join([*self._commits[self._next :], b""])))
            try:
                self._stream(running)
                done = running.close()
            except (OSError, ValueError):
                if not self._stopped:
                    raise
                return
            if not done.code or self._stopped:
                return
            self._skip_to_bad()
            if self._next >= len(self._commits):
                return
            restarts += 1
            self._report(restarts, done.reason)

    def close(self) -> None:
        self._stopped = True
        if self._running is not None:
            self._running.kill()

    def _skip_to_bad(self) -> None:
        """Go to the commit behind the last one that git printed: a commit's name comes with the first of its diff."""
        for number in range(self._next, len(self._commits)):
            if self._commits[number].partition(b" ")[0] == self._last:
                self._next = number + 1
                return

    def _report(self, restarts: int, reason: str) -> None:
        bad = self._commits[self._next].partition(b" ")[0].decode()
        message = f"what this commit changed can't be read, so origins may be missing: {reason}"
        self._into.problems.append(Problem("corrupt", bad, message))
        self._next += 1
        left = len(self._commits) - self._next
        if restarts == _MOST_RESTARTS and left:
            self._next += left
            message = f"too many unreadable commits; what {left:,} more changed was not looked at"
            self._into.problems.append(Problem("corrupt", self._git.folder, message))

    def _stream(self, running: Running) -> None:
        rest, self._entry = b"", b""
        while data := os.read(running.output, _CHUNK):
            tokens = (rest + data).split(b"\0")
            rest = tokens.pop()
            self._take(tokens)

    def _take(self, tokens: list[bytes]) -> None:
        """Read a piece of ``commit NUL (:mode mode old new X NUL path NUL)…``; an entry's path may come next time."""
        if self._entry:
            tokens.insert(0, self._entry)
            self._entry = b""
        guilty, known, found, missing = self._into.guilty, self._into.known, self._into.found, self._into.missing
        following = iter(tokens)
        commit = self._last
        for token in following:
            if token[:1] != b":":
                commit = token
                continue
            path = next(following, None)
            if path is None:
                self._entry = token
                break
            # ``:100644 100644 `` is 15 bytes; what follows are two ids of the same length, 40 or 64.
            width = len(commit)
            old, new = token[15 : 15 + width], token[16 + width : 16 + 2 * width]
            if new in guilty or old in guilty:
                found.append(Change(commit, path, old, new))
            elif known is not None and new not in known and token[8:14] not in _NO_BLOB:
                missing.add(new)
        self._last = commit
