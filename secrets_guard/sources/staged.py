"""What is staged in git's index -> blobs: the contents that the next commit adds, compared with all its parents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from secrets_guard.errors import SourceError
from secrets_guard.sources.changes import (
    Change,
    Contents,
    Entry,
    command_output,
    entries,
    has_content,
    whole,
)
from secrets_guard.sources.plumbing import LIST_STAGED, Git, GitError, git

if TYPE_CHECKING:
    from secrets_guard.model.blob import Blob
    from secrets_guard.model.finding import Finding
    from secrets_guard.model.origin import Origin
    from secrets_guard.model.result import Problem, Stats
    from secrets_guard.sources.archive.limits import Limits


class StagedSource:
    """Sweeps what the index adds to HEAD, and in a merge to every parent; a file that was only renamed adds nothing.

    ``every``: sweep all that is in the index instead (a run over the whole repository). Git gets ``environment``;
    ``listing`` is LIST_STAGED against HEAD, already running. ``target`` is ``staged``.
    """

    kind = "git"
    target = "staged"

    def __init__(self, environment: Mapping[str, str], listing: Git | None = None, *, every: bool = False) -> None:
        self.limits: Limits | None = None
        self.skip_path: Callable[[str], bool] | None = None
        self.unborn = False
        self._environment = environment
        self._listing = listing
        self._every = every
        self._changes: dict[str, list[Change]] | None = None
        self._contents: Contents | None = None
        self._removed: set[str] = set()
        self._skipped: dict[str, int] = {}

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
                self._contents = Contents(self._changes, self._environment)
        return bool(self._changes)

    def peek(self, most: int) -> list[bytes] | None:
        """Return all that is staged when it is ``most`` bytes or less and readable; blobs() then reads it anew."""
        self.start()
        contents, self._contents = self._contents, None
        texts: list[bytes] | None = []
        for _, kind, size, read in contents or ():
            most -= size
            if kind != "blob" or most < 0 or texts is None:
                texts = None
                continue
            texts.append(whole(size, read))
        return texts

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield each staged content once, by its object id."""
        from secrets_guard.sources.archive.limits import Limits
        from secrets_guard.sources.versions import blobs_of, missing

        self.start()
        stats.skipped.update(self._skipped)
        if not self._changes:
            return
        for oid, kind, size, read in self._contents or Contents(self._changes, self._environment):
            path = self._shown(self._changes[oid], stats)
            if not path:
                continue
            if kind != "blob":
                yield missing(oid, path)
            else:
                yield from blobs_of(oid, path, size, read, self.limits or Limits(), stats)
        self._contents = None

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

        return Novelty(self._environment).only_new(pairs)

    def _shown(self, changes: list[Change], stats: Stats) -> str:
        for change in changes:
            if self.skip_path is None or not self.skip_path(change.path):
                return change.path
            stats.skipped["path"] = stats.skipped.get("path", 0) + 1
        return ""

    def _tracked(self) -> Iterator[Change]:
        for line in command_output("ls-files", "--stage", "-z", environment=self._environment):
            if line:
                fields, path = line.split("\t", 1)
                mode, oid, _stage = fields.split(" ")
                if has_content(Entry(mode, (), oid, "A", path), self._skipped):
                    yield Change(path, oid)

    def _staged(self) -> Iterator[Change]:
        first, *others = [self._against(parent) for parent in ("HEAD", *self._merge_heads())]
        # A file that a rename only moved is removed elsewhere with the very same content.
        self._removed = {oid for entry in first.values() if entry.status == "D" for oid in entry.before}
        for path, entry in first.items():
            if not has_content(entry, self._skipped):
                continue
            if any(path not in other for other in others):  # as one of the merged sides has it
                continue
            before = (*entry.before, *(oid for other in others for oid in other[path].before))
            if before or entry.after not in self._removed:
                yield Change(path, entry.after, before)

    def _against(self, parent: str) -> dict[str, Entry]:
        head = parent == "HEAD"
        listed = self._against_head() if head else git(*LIST_STAGED, parent, environment=self._environment)
        words = iter(os.fsdecode(listed).split("\0"))
        return {entry.path: entry for entry in entries(words) if isinstance(entry, Entry)}

    def _against_head(self) -> bytes:
        listing, self._listing = self._listing or Git(*LIST_STAGED, "HEAD", environment=self._environment), None
        try:
            return listing.finish()
        except GitError:
            if git("rev-parse", "--verify", "--quiet", "HEAD", environment=self._environment, fine=(0, 1)):
                raise
            # No commit yet: everything is compared with nothing. Outside of a repository this fails as well.
            kind = git("rev-parse", "--show-object-format", environment=self._environment).strip()
            self.unborn = True
            return git(*LIST_STAGED, _EMPTY_TREE[kind.decode()], environment=self._environment)

    def _renamed(self) -> dict[str, tuple[str, ...]]:
        if self.unborn:
            return {}
        words = command_output(*LIST_STAGED, "-M", "-l5000", "HEAD", environment=self._environment)
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
        folder = self._environment.get("GIT_DIR", "")
        if not folder and os.path.isdir(".git"):
            folder = ".git"
        return folder or os.fsdecode(git("rev-parse", "--git-dir", environment=self._environment)).rstrip("\n")


# The id of the tree without entries, in both of git's hash functions.
_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
