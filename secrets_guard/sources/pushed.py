"""Commits that are about to leave, or to be received -> blobs: what each changes, and the messages."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import CommitOrigin, MessageOrigin, Origin
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.changes import (
    NO_OBJECT,
    Change,
    Contents,
    Entry,
    command_output,
    entries,
    has_content,
    whole,
)
from secrets_guard.sources.plumbing import git
from secrets_guard.sources.versions import Novelty, blobs_of, missing

_CHANGES = ("diff-tree", "--stdin", "--root", "-r", "-c", "--raw", "-z", "--no-abbrev", "--no-renames")
_MESSAGE = "<commit message>"


class Update(NamedTuple):
    """One ref that is to change: the object it is to point at, and the one that the other side has now."""

    ref: str
    new: str
    old: str


class PushedSource:
    """Sweeps what commits change that are reachable from the updates' new objects and that nobody else has yet.

    ``known``: arguments of ``git rev-list`` for what the receiving side has, besides the updates' old objects. Of each
    commit the contents that differ from all its parents, and its message; of annotated tags the message too.
    """

    kind = "git"

    def __init__(
        self, updates: Sequence[Update], known: Sequence[str], environment: Mapping[str, str], target: str
    ) -> None:
        self.target = target
        self.limits: Limits | None = None
        self.skip_path: Callable[[str], bool] | None = None
        self._updates = updates
        self._known = tuple(known)
        self._environment = environment
        self._changes: dict[str, list[Change]] | None = None
        self._tags: dict[str, str] = {}
        self._commits: dict[str, None] = {}
        self._removing: set[str] = set()
        self._skipped: dict[str, int] = {}

    def start(self) -> bool:
        """Learn which commits go, and what they change; False when there is nothing to sweep.

        Raises SourceError where git can't tell.
        """
        if self._changes is None:
            self._changes = {}
            ends = {update.new: update.ref for update in self._updates if update.new not in NO_OBJECT}
            starts = self._present({update.old for update in self._updates if update.old not in NO_OBJECT})
            commits = self._peeled(ends)
            if commits:
                feed = "".join([f"{oid}\n" for oid in commits] + [f"^{oid}\n" for oid in starts]).encode()
                order = ("rev-list", "--stdin", "--topo-order", "--reverse", *self._known)
                listed = git(*order, environment=self._environment, feed=feed)
                self._commits = dict.fromkeys(listed.decode("ascii").split())
                self._learn_changes(listed)
        return bool(self._changes or self._commits or self._tags)

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield the messages, then each content once, by its object id."""
        self.start()
        stats.skipped.update(self._skipped)
        changes = self._changes or {}
        for oid, kind, size, read in Contents([*self._tags, *self._commits, *changes], self._environment):
            if kind in ("commit", "tag"):
                name = _MESSAGE if kind == "commit" else f"<tag {self._tags.get(oid, oid)}>"
                message = whole(size, read).partition(b"\n\n")[2]
                if message:
                    yield Blob(oid, message, name)
                continue
            path = self._shown(changes.get(oid, ()), stats)
            if kind != "blob":
                yield missing(oid, path or oid)
            elif path:
                yield from blobs_of(oid, path, size, read, self.limits or Limits(), stats)

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Return the commits and paths that bring each content, oldest first; reads the guilty commits for that."""
        ids = list(ids)
        changes = self._changes or {}
        commits = {change.commit for oid in ids for change in changes.get(oid, ())}
        facts = self._facts(oid for oid in {*commits, *ids} if oid in self._commits or oid in self._tags)
        made: dict[str, list[Origin]] = {}
        for oid in ids:
            if oid in self._commits:
                made[oid] = [MessageOrigin(_MESSAGE, oid, *facts.get(oid, ()))]
            elif oid in self._tags:
                made[oid] = [MessageOrigin(f"<tag {self._tags[oid]}>", oid, *facts.get(oid, ()))]
            else:
                made[oid] = [
                    CommitOrigin(change.path, change.commit, *facts.get(change.commit, ())) for change in changes[oid]
                ]
        return made

    def only_new(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings on lines that their commit added; asks git for the versions before of those only."""
        pairs = []
        for finding in findings:
            origin = finding.origin
            commit = origin.commit if isinstance(origin, CommitOrigin | MessageOrigin) else ""
            own = [one for one in (self._changes or {}).get(finding.blob_id, ()) if one.commit == commit]
            known = next((one for one in own if one.path == origin.path), Change(origin.path, finding.blob_id))
            pairs.append((finding, known))
        renamed = self._renamed({change.commit for _, change in pairs if not change.before})
        return Novelty(self._environment).only_new(
            (finding, change._replace(before=change.before or renamed.get((change.commit, change.path), ())))
            for finding, change in pairs
        )

    def _shown(self, changes: Iterable[Change], stats: Stats) -> str:
        for change in changes:
            if self.skip_path is None or not self.skip_path(change.path):
                return change.path
            count(stats.skipped, "path")
        return ""

    def _present(self, ids: Iterable[str]) -> list[str]:
        """Return those that are commits here: what the other side has need not be."""
        feed = "".join(f"{oid}^{{commit}}\n" for oid in sorted(ids)).encode()
        if not feed:
            return []
        check = "--batch-check=%(objectname) %(objecttype)"
        said = git("cat-file", check, environment=self._environment, feed=feed).decode("ascii", "replace")
        answers = (line.split(" ") for line in said.splitlines())
        return [answer[0] for answer in answers if len(answer) == 2 and answer[1] == "commit"]

    def _peeled(self, ends: Mapping[str, str]) -> list[str]:
        """Return the commits that the updates lead to, noting tags on the way, and contents that a ref points at."""
        commits: list[str] = []
        wanted = dict(ends)
        while wanted:
            following: dict[str, str] = {}
            for oid, kind, size, read in Contents(wanted, self._environment):
                ref = wanted[oid]
                if kind == "commit":
                    commits.append(oid)
                elif kind == "tag":
                    head = whole(size, read)
                    self._tags[oid] = ref.removeprefix("refs/tags/")
                    following[head.partition(b"\n")[0].partition(b" ")[2].decode("ascii", "replace")] = ref
                elif kind == "tree":
                    self._learn_tree(oid)
                elif kind == "blob":
                    self._add(Change(ref, oid))
                else:
                    raise SourceError(f"{ref}: its object {oid} is missing; see 'git fsck'")
            wanted = following
        return commits

    def _learn_tree(self, tree: str) -> None:
        for line in command_output("ls-tree", "-r", "-z", "--full-tree", tree, environment=self._environment):
            if line:
                fields, path = line.split("\t", 1)
                mode, _kind, oid = fields.split(" ")
                if has_content(Entry(mode, (), oid, "A", path), self._skipped):
                    self._add(Change(path, oid))

    def _learn_changes(self, commits: bytes) -> None:
        listed = entries(command_output(*_CHANGES, environment=self._environment, feed=commits))
        commit, own = "", list[Entry]()
        for entry in listed:
            if isinstance(entry, Entry):
                own.append(entry)
                continue
            self._learn_commit(commit, own)
            commit, own = entry, []
        self._learn_commit(commit, own)

    def _learn_commit(self, commit: str, own: list[Entry]) -> None:
        removed = {oid for entry in own if entry.status == "D" for oid in entry.before}
        if removed:
            self._removing.add(commit)
        for entry in own:
            # What a rename only moved is removed elsewhere with the very same content.
            if has_content(entry, self._skipped) and (entry.before or entry.after not in removed):
                self._add(Change(entry.path, entry.after, entry.before, commit))

    def _renamed(self, commits: set[str]) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return (commit, path) -> the version before, of files that were renamed and changed at once."""
        feed = "".join(f"{oid}\n" for oid in sorted(commits & self._removing)).encode()
        if not feed:
            return {}
        order = ("diff-tree", "--stdin", "-r", "--raw", "-z", "--no-abbrev", "-M", "-l5000")
        made, commit = {}, ""
        for entry in entries(command_output(*order, environment=self._environment, feed=feed)):
            if isinstance(entry, str):
                commit = entry
            elif entry.to:
                made[commit, entry.to] = entry.before
        return made

    def _add(self, change: Change) -> None:
        if self._changes is not None:
            self._changes.setdefault(change.blob, []).append(change)

    def _facts(self, ids: Iterable[str]) -> dict[str, tuple[str, str, str, str]]:
        wanted = sorted(ids)
        if not wanted:
            return {}
        contents = Contents(wanted, self._environment)
        return {oid: _author(whole(size, read)) for oid, kind, size, read in contents if kind}


def _author(raw: bytes) -> tuple[str, str, str, str]:
    """Return name, e-mail, date (ISO 8601 with offset) and summary of a raw commit or tag."""
    head, _, message = raw.partition(b"\n\n")
    line = next((one for one in head.split(b"\n") if one.startswith((b"author ", b"tagger "))), b"")
    person, _, when = os.fsdecode(line.partition(b" ")[2]).rpartition("> ")
    name, _, email = person.partition(" <")
    return name, email, _date(when), os.fsdecode(message.lstrip(b"\n").partition(b"\n")[0])


def _date(when: str) -> str:
    seconds, _, zone = when.partition(" ")
    try:
        away = int(zone[:3]) * 3600 + int(zone[0] + zone[3:]) * 60
        return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(int(seconds) + away))}{zone[:3]}:{zone[3:]}"
    except (ValueError, IndexError, OverflowError, OSError):
        return ""
