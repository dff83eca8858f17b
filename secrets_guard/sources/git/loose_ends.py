"""Guilty blobs that no commit holds -> where else they are: an index, a tag on a tree or blob, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Set

from secrets_guard.model.origin import CommitOrigin, Origin, StagedOrigin
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.refs import Refs
from secrets_guard.sources.git.repository import Repository


def other_origins(repository: Repository, refs: Refs, blobs: Set[str]) -> dict[str, Origin]:
    """Return an origin for each of ``blobs`` that an index or a ref leads to; the others are unreachable."""
    found: dict[str, Origin] = {}
    if not blobs:
        return found
    for folder in repository.worktrees() or [repository.folder]:
        listed = Git(folder, repository.git.extra).run("ls-files", "--stage", "-z", "--full-name", ":/").output
        for name, path in _entries(listed):
            if name in blobs:
                found.setdefault(name, StagedOrigin(path))
    for ref in refs.refs:
        if ref.kind == "blob" and ref.peeled in blobs:
            found.setdefault(ref.peeled, CommitOrigin(f"<{ref.name}>", ref.points_at))
        elif ref.kind == "tree":
            for name, path in _entries(repository.git.run("ls-tree", "-r", "-z", "--full-tree", ref.peeled).output):
                if name in blobs:
                    found.setdefault(name, CommitOrigin(path, ref.points_at))
    return found


def _entries(listed: bytes) -> Iterator[tuple[str, str]]:
    """Read ``mode [type] id [stage] TAB path NUL …``."""
    for entry in listed.split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        for word in facts.split(b" ")[1:]:
            if len(word) >= 40:
                yield word.decode(), path.decode("utf-8", "surrogateescape")
