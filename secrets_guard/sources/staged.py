"""What is staged in git's index -> blobs: the contents that the next commit adds, compared with all its parents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from secrets_guard.errors import SourceError
from secrets_guard.sources.changes import (
    LIST_INDEX,
    Change,
    Contents,
    CutShort,
    Entry,
    Object,
    entries,
    has_content,
    listed,
    whole,
    words_of,
)
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.plumbing import LIST_STAGED, Call, GitError, answer

if TYPE_CHECKING:
    from secrets_guard.model.blob import Blob
    from secrets_guard.model.finding import Finding
    from secrets_guard.model.origin import Origin
    from secrets_guard.model.result import Problem, Stats
    from secrets_guard.sources.archive.limits import Limits


class StagedSource:
    """Sweeps what the index adds to HEAD, and in a merge to every parent; a file that was only renamed adds nothing.

    ``every``: sweep all that is in the index instead (a run over the whole repository). ``git`` is run where the index
    is; ``listing`` is LIST_STAGED against HEAD, already running.
    """

    kind = "git"

    def __init__(self, git: Git, listing: Call | None = None, *, every: bool = False, target: str = "staged") -> None:
        self.target = target
        self.notes: list[str] = []
        self.limits: Limits | None = None
        self.skip_path: Callable[[str], bool] | None = None
        self.unborn = False
        self._git = git
        self._listing = listing
        self._every = every
        self._changes: dict[str, list[Change]] | None = None
        self._contents: Contents | None = None
        self._peeked: dict[str, bytes] | None = None
        self._removed: set[str] = set()
        self._unmerged: list[str] = []
        self._skipped: dict[str, int] = {}

    @classmethod
    def at(cls, repo_path: str, target: str = "") -> StagedSource:
        """Return the source for the repository at a path.

        Raises SourceError for what is no repository, or a bare one.
        """
        from secrets_guard.sources.git.repository import open_index

        return cls(open_index(repo_path), target=target or repo_path)

    def start(self) -> bool:
        """Learn what is staged and let git begin to read it; False when there is nothing to sweep.

        Raises SourceError where git can't tell.
        """
        if self._changes is None:
            found = list(self._tracked() if self._every else self._staged())
            self._changes = {}
            for change in found:
                self._changes.setdefault(change.blob, []).append(change)
            if self._changes:
                self._contents = Contents(self._git, self._changes)
            elif not self._unmerged:
                self.notes.append(f"{self.target}: nothing is staged, so nothing was swept")
        return bool(self._changes or self._unmerged)

    def peek(self, most: int) -> list[bytes] | None:
        """Return all that is staged when it is ``most`` bytes or less and readable.

        blobs() does not ask git for that again; else it reads anew.
        """
        self.start()
        contents, self._contents = self._contents, None
        texts: dict[str, bytes] | None = None if self._unmerged else {}
        for oid, kind, size, read, _ in contents or ():
            most -= size
            if kind != "blob" or most < 0 or texts is None:
                texts = None
                continue
            try:
                texts[oid] = whole(size, read)
            except CutShort:
                texts = None
        self._peeked = texts
        return None if texts is None else list(texts.values())

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield each staged content once, by its object id; a path in conflict is a Problem."""
        from secrets_guard.model.result import Problem
        from secrets_guard.sources.archive.limits import Limits
        from secrets_guard.sources.versions import blobs_of, unreadable

        self.start()
        stats.skipped.update(self._skipped)
        yield from (Problem("unmerged", path, "in conflict; resolve it and git add it") for path in self._unmerged)
        if not self._changes:
            return
        for oid, kind, size, read, trouble in self._objects(self._changes):
            path = self._shown(self._changes[oid], stats)
            if not path:
                continue
            if kind != "blob":
                yield unreadable(oid, path, trouble)
            else:
                yield from blobs_of(oid, path, size, read, self.limits or Limits(), stats)
        self._contents = None

    def _objects(self, changes: Iterable[str]) -> Iterable[Object]:
        if self._peeked is None:
            return self._contents or Contents(self._git, changes)
        return (Object(oid, "blob", len(data), BytesIO(data).read) for oid, data in self._peeked.items())

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Return the staged paths of each content."""
        from secrets_guard.model.origin import StagedOrigin

        changes = self._changes or {}
        return {oid: [StagedOrigin(change.path) for change in changes[oid]] for oid in ids}

    def only_new(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings that this commit would add; asks git for the versions before of the guilty files only."""
        findings = list(findings)
        if self._every or not findings:
            return findings
        renamed = self._renamed() if self._removed else {}
        pairs = []
        for finding in findings:
            path = finding.origin.path
            for change in (self._changes or {})[finding.blob_id]:
                if change.path == path:
                    before = change.before or renamed.get(path, ())
                    pairs.append((finding, change._replace(before=before)))
        from secrets_guard.sources.versions import Novelty

        return Novelty(self._git).only_new(pairs)

    def _shown(self, changes: list[Change], stats: Stats) -> str:
        for change in changes:
            if self.skip_path is None or not self.skip_path(change.path):
                return change.path
            stats.skipped["path"] = stats.skipped.get("path", 0) + 1
        return ""

    def _tracked(self) -> Iterator[Change]:
        for entry in listed(words_of(self._git, *LIST_INDEX)):
            if has_content(entry, self._skipped):
                yield Change(entry.path, entry.after)

    def _staged(self) -> Iterator[Change]:
        first, *others = [self._against(parent) for parent in ("HEAD", *self._merge_heads())]
        # A file that a rename only moved is removed elsewhere with the very same content.
        self._removed = {oid for entry in first.values() if entry.status == "D" for oid in entry.before}
        for path, entry in first.items():
            if entry.status == "U":
                self._unmerged.append(path)
            if not has_content(entry, self._skipped):
                continue
            if any(path not in other for other in others):  # as one of the merged sides has it
                continue
            before = (*entry.before, *(oid for other in others for oid in other[path].before))
            if before or entry.after not in self._removed:
                yield Change(path, entry.after, before)

    def _against(self, parent: str) -> dict[str, Entry]:
        head = parent == "HEAD"
        output = self._against_head() if head else answer(self._git, *LIST_STAGED, parent)
        words = iter(os.fsdecode(output).split("\0"))
        return {entry.path: entry for entry in entries(words) if isinstance(entry, Entry)}

    def _against_head(self) -> bytes:
        listing, self._listing = self._listing or Call(self._git, *LIST_STAGED, "HEAD"), None
        try:
            return listing.finish()
        except GitError:
            if answer(self._git, "rev-parse", "--verify", "--quiet", "HEAD", fine=(0, 1)):
                raise
            # No commit yet: everything is compared with nothing. Outside of a repository this fails as well.
            kind = answer(self._git, "rev-parse", "--show-object-format").strip()
            self.unborn = True
            return answer(self._git, *LIST_STAGED, _EMPTY_TREE[kind.decode()])

    def _renamed(self) -> dict[str, tuple[str, ...]]:
        if self.unborn:
            return {}
        words = words_of(self._git, *LIST_STAGED, "-M", "-l5000", "HEAD")
        return {entry.to: entry.before for entry in entries(words) if isinstance(entry, Entry) and entry.to}

    def _merge_heads(self) -> list[str]:
        try:
            with open(os.path.join(self._git_folder(), "MERGE_HEAD"), encoding="ascii") as stream:
                return stream.read().split()
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise SourceError(f"MERGE_HEAD can't be read: {error}") from None

    def _git_folder(self) -> str:
        """Return the repository's own folder: git says it to a hook of a worktree, else it is .git, or asked."""
        folder = dict(self._git.extra).get("GIT_DIR", "")
        if not folder and os.path.isdir(os.path.join(self._git.folder, ".git")):
            folder = ".git"
        folder = folder or os.fsdecode(answer(self._git, "rev-parse", "--git-dir")).rstrip("\n")
        return os.path.join(self._git.folder, folder)


# The id of the tree without entries, in both of git's hash functions.
_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
