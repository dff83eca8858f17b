"""Commits that are about to leave, or to be received -> blobs: what each changes, and the messages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import CommitOrigin, MessageOrigin, Origin
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.changes import (
    LIST_TREE,
    NO_OBJECT,
    Change,
    Contents,
    CutShort,
    Entry,
    entries,
    has_content,
    listed,
    whole,
    words_of,
)
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.reader import COMMIT_MESSAGE
from secrets_guard.sources.plumbing import answer
from secrets_guard.sources.versions import Novelty, blobs_of, unreadable

_CHANGES = ("diff-tree", "--stdin", "--root", "-r", "-c", "--raw", "-z", "--no-abbrev", "--no-renames")


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

    def __init__(self, git: Git, updates: Sequence[Update], known: Sequence[str], target: str) -> None:
        self.target = target
        self.limits: Limits | None = None
        self.skip_path: Callable[[str], bool] | None = None
        self._updates = updates
        self._known = tuple(known)
        self._git = git
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
                found = answer(self._git, *order, feed=feed)
                self._commits = dict.fromkeys(found.decode("ascii").split())
                self._learn_changes(found)
        return bool(self._changes or self._commits or self._tags)

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield the messages, then each content once, by its object id."""
        self.start()
        stats.skipped.update(self._skipped)
        changes = self._changes or {}
        for oid, kind, size, read, trouble in Contents(self._git, [*self._tags, *self._commits, *changes]):
            if kind in ("commit", "tag"):
                name = COMMIT_MESSAGE if kind == "commit" else f"<tag {self._tags.get(oid, oid)}>"
                try:
                    message = whole(size, read).partition(b"\n\n")[2]
                except CutShort as error:
                    yield unreadable(oid, name, str(error))
                    continue
                if message:
                    yield Blob(oid, message, name)
                continue
            path = self._shown(changes.get(oid, ()), stats)
            if kind != "blob":
                yield unreadable(oid, path or oid, trouble)
            elif path:
                yield from blobs_of(oid, path, size, read, self.limits or Limits(), stats)

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Return the commits and paths that bring each content, oldest first; reads the guilty commits for that."""
        from secrets_guard.sources.git.metadata import read_metadata

        ids = dict.fromkeys(ids)
        changes = self._changes or {}
        commits = {change.commit for oid in ids for change in changes.get(oid, ())}
        facts = read_metadata(self._git, (oid for oid in {*commits, *ids} if oid in self._commits or oid in self._tags))
        # The first line of a guilty message may be where the secret stands.
        told = {oid: (one._replace(summary="") if oid in ids else one).told for oid, one in facts.items()}
        made: dict[str, list[Origin]] = {}
        for oid in ids:
            if oid in self._commits or oid in self._tags:
                name = f"<tag {self._tags[oid]}>" if oid in self._tags else COMMIT_MESSAGE
                made[oid] = [MessageOrigin(name, oid, *told.get(oid, ()))]
            else:
                made[oid] = [
                    CommitOrigin(change.path, change.commit, *told.get(change.commit, ())) for change in changes[oid]
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
        return Novelty(self._git).only_new(
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
        said = answer(self._git, "cat-file", check, feed=feed).decode("ascii", "replace")
        answers = (line.split(" ") for line in said.splitlines())
        return [answer[0] for answer in answers if len(answer) == 2 and answer[1] == "commit"]

    def _peeled(self, ends: Mapping[str, str]) -> list[str]:
        """Return the commits that the updates lead to, noting tags on the way, and contents that a ref points at."""
        commits: list[str] = []
        wanted = dict(ends)
        while wanted:
            following: dict[str, str] = {}
            for oid, kind, size, read, trouble in Contents(self._git, wanted):
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
                    raise SourceError(f"{ref}: object {oid}: {trouble}; see 'git fsck'")
            wanted = following
        return commits

    def _learn_tree(self, tree: str) -> None:
        for entry in listed(words_of(self._git, *LIST_TREE, tree)):
            if has_content(entry, self._skipped):
                self._add(Change(entry.path, entry.after))

    def _learn_changes(self, commits: bytes) -> None:
        commit, own = "", list[Entry]()
        for entry in entries(words_of(self._git, *_CHANGES, feed=commits)):
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
        for entry in entries(words_of(self._git, *order, feed=feed)):
            if isinstance(entry, str):
                commit = entry
            elif entry.to:
                made[commit, entry.to] = entry.before
        return made

    def _add(self, change: Change) -> None:
        if self._changes is not None:
            self._changes.setdefault(change.blob, []).append(change)
