"""Git's lists of changes (a content here, its versions before there) and the objects they name, as git tells them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.plumbing import Call, answer

NO_OBJECT = frozenset(("0" * 40, "0" * 64))
_SUBMODULE = "160000"


class Change(NamedTuple):
    """One path of one change: the object id of its content, and of its versions in each parent that has it."""

    path: str
    blob: str
    before: tuple[str, ...] = ()
    commit: str = ""
    """Empty for what is staged."""


class Entry(NamedTuple):
    """One entry of git's raw diff format; several versions before where a merge is shown against all its parents."""

    mode: str
    before: tuple[str, ...]
    after: str
    status: str
    path: str
    to: str = ""
    """Where it was renamed to."""


def entries(words: Iterator[str]) -> Iterator[Entry | str]:
    """Yield the entries of ``--raw -z`` output cut at its NULs, and the lines between them (commit ids) as they are.

    Format: gitdiffformat(7), "Raw output format" and "diff format for merges".
    """
    for word in words:
        if not word.startswith(":"):
            if word:
                yield word
            continue
        parents = len(word) - len(word.lstrip(":"))
        fields = word[parents:].split(" ")
        after, status = fields[-2:]
        renamed = status[0] in "RC" and parents == 1
        path = next(words, "")
        yield Entry(
            fields[parents],
            tuple(one for one in fields[parents + 1 : -2] if one not in NO_OBJECT),
            after,
            status,
            path,
            next(words, "") if renamed else "",
        )


def has_content(entry: Entry, skipped: dict[str, int]) -> bool:
    """Tell whether an entry leaves something to read behind; counts a submodule among what is ``skipped``."""
    if entry.mode == _SUBMODULE:
        skipped["submodule"] = skipped.get("submodule", 0) + 1
    return entry.mode != _SUBMODULE and entry.after not in NO_OBJECT


class Contents:
    """Objects read through one ``git cat-file``, which works ahead as far as a pipe holds."""

    def __init__(self, git: Git, ids: Iterable[str]) -> None:
        """``ids``: the objects wanted, in this order."""
        self._ids = list(ids)
        feed = "".join(f"{one}\n" for one in self._ids).encode()
        self._call = Call(git, "cat-file", "--batch", "--buffer", feed=feed)

    def __iter__(self) -> Iterator[tuple[str, str, int, Callable[[int], bytes]]]:
        """Yield (id, type, size, read); type is empty for an object that is not there. What is not read is passed over.

        Raises GitError where git ends early: a corrupt object.
        """
        for wanted in self._ids:
            head = self._call.line().decode("ascii", "replace").split(" ")
            if len(head) != 3:
                if head[-1] != "missing":
                    self._call.finish()
                    raise SourceError(f"git cat-file said nothing of {wanted}; check the repository with 'git fsck'")
                yield wanted, "", 0, lambda _size: b""
                continue
            left = size = int(head[2])

            def read(most: int) -> bytes:
                nonlocal left
                data = self._call.read(min(most, left))
                left -= len(data)
                if not data and most and left:
                    self._call.finish()
                    raise SourceError(f"object {wanted} is cut short; check the repository with 'git fsck'")  # noqa: B023
                return data

            yield wanted, head[1], size, read
            while left:
                read(1 << 20)
            self._call.exactly(1)
        self._call.finish()


def whole(size: int, read: Callable[[int], bytes]) -> bytes:
    """Return all of an object."""
    parts = []
    while size > 0:
        parts.append(read(size))
        size -= len(parts[-1])
    return parts[0] if len(parts) == 1 else b"".join(parts)


def words_of(git: Git, *arguments: str, feed: bytes = b"") -> Iterator[str]:
    """Yield the words, cut at NULs, that a git command prints; names that are not UTF-8 keep their bytes."""
    yield from os.fsdecode(answer(git, *arguments, feed=feed)).split("\0")
