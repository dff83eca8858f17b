"""Guilty blobs that no commit holds -> where else they are: an index, a tag on a tree or blob, or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Set

from secrets_guard.model.origin import CommitOrigin, Origin, StagedOrigin
from secrets_guard.sources.changes import LIST_INDEX, LIST_TREE, Entry, listed
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.git.refs import Refs
from secrets_guard.sources.git.repository import Repository


def other_origins(repository: Repository, refs: Refs, blobs: Set[str]) -> dict[str, Origin]:
    """Return an origin for each of ``blobs`` that an index or a ref leads to; the others are unreachable."""
    found: dict[str, Origin] = {}
    if not blobs:
        return found
    for folder in repository.worktrees() or [repository.folder]:
        for entry in _entries(Git(folder, repository.git.extra).run(*LIST_INDEX).output):
            if entry.after in blobs:
                found.setdefault(entry.after, StagedOrigin(entry.path))
    for ref in refs.refs:
        if ref.kind == "blob" and ref.peeled in blobs:
            found.setdefault(ref.peeled, CommitOrigin(f"<{ref.name}>", ref.points_at))
        elif ref.kind == "tree":
            for entry in _entries(repository.git.run(*LIST_TREE, ref.peeled).output):
                if entry.after in blobs:
                    found.setdefault(entry.after, CommitOrigin(entry.path, ref.points_at))
    return found


def _entries(output: bytes) -> Iterator[Entry]:
    return listed(output.decode("utf-8", "surrogateescape").split("\0"))
