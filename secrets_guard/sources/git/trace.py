"""Changes of a history -> for each secret and path: which commit brought it, which took it away, which refs hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from secrets_guard.sources.git.changes import Change
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.walk import Walk

_MANY = 300
"""Paths to look for in one commit from which on listing its whole tree is quicker than asking for each."""


class Trace:
    """One secret at one path. Commits are numbers of a Walk: the greater, the older; -1 is none."""

    __slots__ = ("blob", "blobs", "commits", "first", "key", "latest", "path", "refs", "removed", "tip")

    def __init__(self, key: str, path: bytes, blobs: frozenset[str]) -> None:
        self.key, self.path, self.blobs = key, path, blobs
        self.first = self.latest = self.removed = -1
        self.blob = b""
        self.commits: list[int] = []
        self.refs = 0
        self.tip = ""
        """A branch's tip that still has it."""

    def brought(self, number: int, blob: bytes) -> None:
        """Note that a commit put a blob with the secret here."""
        self.commits.append(number)
        if number >= self.first:
            self.first, self.blob = number, blob
        if self.latest < 0 or number < self.latest:
            self.latest = number

    def taken(self, number: int) -> None:
        """Note that a commit left the secret out that its first parent had here."""
        if self.removed < 0 or number < self.removed:
            self.removed = number


def trace_secrets(
    secrets: Mapping[str, frozenset[str]], changes: Iterable[Change], numbers: Mapping[bytes, int]
) -> list[Trace]:
    """Return a trace for each secret and path that a commit brought it to; versions of a file go together."""
    keys: dict[bytes, list[str]] = {}
    for key, blobs in secrets.items():
        for blob in blobs:
            keys.setdefault(blob.encode(), []).append(key)
    traces: dict[tuple[str, bytes], Trace] = {}
    for commit, path, old, new in changes:
        number = numbers[commit]
        after = keys.get(new, ())
        for key in after:
            if (key, path) not in traces:
                traces[key, path] = Trace(key, path, secrets[key])
            traces[key, path].brought(number, new)
        for key in keys.get(old, ()):
            if key not in after:
                if (key, path) not in traces:
                    traces[key, path] = Trace(key, path, secrets[key])
                traces[key, path].taken(number)
    # A path only left but never entered is one whose beginning lies outside of the selection.
    return [trace for trace in traces.values() if trace.first >= 0]


def add_refs(traces: list[Trace], walk: Walk, refs: Mapping[bytes, int]) -> None:
    """Give each trace the set of refs whose history holds one of its commits."""
    names = {number: walk.lines[number].partition(b" ")[0] for trace in traces for number in trace.commits}
    holders = walk.holders(set(names.values()), refs)
    for trace in traces:
        for number in trace.commits:
            trace.refs |= holders.get(names[number], 0)


def find_tips(git: Git, traces: Iterable[Trace], tips: Mapping[int, list[str]]) -> None:
    """Give each trace a tip that still has the secret; ``tips`` are the candidates for a set of refs, best first.

    The first candidates, mostly HEAD, are asked for all, before any second one is asked for the rest.
    """
    pending, turn = [trace for trace in traces if tips.get(trace.refs)], 0
    while pending:
        # One, then eight, then 64 at a time: few questions where it stands, few rounds where it does not.
        upto = min(turn * 9 or 1, turn + 64)
        by_tip: dict[str, list[Trace]] = {}
        for trace in pending:
            for tip in tips[trace.refs][turn:upto]:
                by_tip.setdefault(tip, []).append(trace)
        few = [(trace, tip) for tip, asked in by_tip.items() if len(asked) < _MANY for trace in asked]
        for (trace, tip), blob in zip(few, _look_up(git, few), strict=True):
            if not trace.tip and blob in trace.blobs:
                trace.tip = tip
        for tip, asked in by_tip.items():
            if len(asked) >= _MANY:
                _list_tip(git, tip, asked)
        turn = upto
        pending = [trace for trace in pending if not trace.tip and len(tips[trace.refs]) > turn]


def _list_tip(git: Git, tip: str, traces: Iterable[Trace]) -> None:
    """Look for many paths in one tip by listing all of it."""
    output = git.run("ls-tree", "-r", "-z", "--full-tree", tip, time_limit=None).output
    blobs = {}
    for entry in output.split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        blobs[path] = facts.rpartition(b" ")[2]
    for trace in traces:
        if not trace.tip and blobs.get(trace.path, b"").decode() in trace.blobs:
            trace.tip = tip


def _look_up(git: Git, asked: list[tuple[Trace, str]]) -> list[str]:
    """Return the id of what is at each path in each commit, '' for nothing."""
    easy = [(trace, tip) for trace, tip in asked if b"\n" not in trace.path]
    lines = b"".join(tip.encode() + b":" + trace.path + b"\n" for trace, tip in easy)
    done = (
        git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", given=lines, time_limit=None) if easy else None
    )
    answers = iter(done.output.splitlines() if done else [])
    found = []
    for trace, tip in asked:
        if b"\n" in trace.path:
            found.append(_at_odd_path(git, trace.path, tip))
        else:
            name, _, kind = next(answers, b"").rpartition(b" ")
            found.append(name.decode() if kind == b"blob" else "")
    return found


def _at_odd_path(git: Git, path: bytes, tip: str) -> str:
    # A line break can't be part of a question to cat-file before git 2.38.
    import os

    done = git.run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", tip, "--", os.fsdecode(path))
    words = done.output.partition(b"\t")[0].split(b" ")
    return words[2].decode() if len(words) == 3 else ""
