"""Git objects -> their names, and of trees the names of files that they give to other objects."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
"""Types as packs number them (gitformat-pack(5))."""
_MOST_NAMES = 200_000
_DEEPEST = 64


class GitObject(NamedTuple):
    """``name`` is the object's id, as bytes."""

    name: bytes
    kind: str
    content: bytes


def object_of(kind: str, content: bytes) -> GitObject:
    """Return the object of a content, its name computed."""
    made = hashlib.sha1(f"{kind} {len(content)}\0".encode(), usedforsecurity=False)
    made.update(content)
    return GitObject(made.digest(), kind, content)


def loose_object(inflated: bytes) -> GitObject | None:
    """Return the object of a loose file, inflated; None for what is none."""
    head, nul, content = inflated.partition(b"\0")
    kind, _, size = head.partition(b" ")
    if not nul or kind.decode("ascii", "replace") not in KINDS.values() or not size.isdigit():
        return None
    return object_of(kind.decode(), content)


class TreeNames:
    """Collects what trees call their entries, so that a blob can be told by a path; bounded."""

    def __init__(self) -> None:
        self._names: dict[bytes, tuple[str, bytes]] = {}

    def add(self, tree: GitObject) -> None:
        """Take note of a tree's entries: ``mode SP name NUL id`` each, the id of 20 bytes."""
        content, at = tree.content, 0
        while at < len(content) and len(self._names) < _MOST_NAMES:
            space, nul = content.find(b" ", at), content.find(b"\0", at)
            if space < 0 or nul < space:
                return
            name, child = content[space + 1 : nul], content[nul + 1 : nul + 21]
            self._names.setdefault(child, (name.decode("utf-8", "surrogateescape"), tree.name))
            at = nul + 21

    def path(self, name: bytes) -> str:
        """Return a path that the object had in some version; empty where no tree names it."""
        parts: list[str] = []
        while name in self._names and len(parts) < _DEEPEST:
            part, name = self._names[name]
            parts.append(part)
        return "/".join(reversed(parts))
