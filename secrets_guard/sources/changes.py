"""Git's lists of changes (a content here, its versions before there) and the objects they name, as git tells them."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.plumbing import Call, GitError, answer

LIST_INDEX = ("ls-files", "--stage", "-z", "--full-name", ":/")
LIST_TREE = ("ls-tree", "-r", "-z", "--full-tree")
NO_OBJECT = frozenset(("0" * 40, "0" * 64))
SUBMODULE = "160000"
"""The mode of a link to a submodule's commit, which is no object of this repository."""
_MOST_RESTARTS = 200


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
    if entry.mode == SUBMODULE:
        skipped["submodule"] = skipped.get("submodule", 0) + 1
    return entry.mode != SUBMODULE and entry.after not in NO_OBJECT


def listed(words: Iterable[str]) -> Iterator[Entry]:
    """Yield the entries of ``git ls-files --stage -z`` or ``git ls-tree -r -z``, cut at its NULs, as if all were added.

    ``mode id stage TAB path``, or ``mode type id TAB path``.
    """
    for word in words:
        fields, tab, path = word.partition("\t")
        if tab:
            mode, *others = fields.split(" ")
            yield Entry(mode, (), max(others, key=len), "A", path)


class CutShort(SourceError):
    """git ended in the middle of an object, for the reason that this says."""


class Object(NamedTuple):
    """One object of a repository; ``read(n)`` returns at most n bytes of its content, none at the end only.

    ``kind`` is empty for one that can't be read; ``trouble`` says why. ``read`` raises CutShort where that shows late.
    """

    name: str
    kind: str
    size: int
    read: Callable[[int], bytes]
    trouble: str = ""


class Contents:
    """Objects read through one ``git cat-file``, which works ahead as far as a pipe holds."""

    def __init__(self, git: Git, ids: Iterable[str]) -> None:
        """``ids``: the objects wanted, in this order."""
        self._git, self._ids = git, list(ids)
        self._restarts = 0
        self._call = self._start(0)

    def __iter__(self) -> Iterator[Object]:
        """Yield the objects; what is not read of one is passed over. Raises SourceError where git does not work at all.

        git ends at an object that it can't read: another one goes on behind it.
        """
        for number, wanted in enumerate(self._ids):
            head = self._call.line().decode("ascii", "replace").split(" ")
            if len(head) == 3:
                yield from self._object(number, head[1], int(head[2]))
            elif head[-1] == "missing":
                yield Object(wanted, "", 0, _nothing, "it is missing from the repository")
            else:
                yield Object(wanted, "", 0, _nothing, self._skip(number))
        self._call.finish()

    def _object(self, number: int, kind: str, size: int) -> Iterator[Object]:
        left, cut = size, False

        def read(most: int) -> bytes:
            nonlocal left, cut
            data = self._call.read(min(most, left))
            left -= len(data)
            if not data and most and left:
                left, cut = 0, True
                raise CutShort(self._skip(number))
            return data

        yield Object(self._ids[number], kind, size, read)
        try:
            while left:
                read(1 << 20)
        except CutShort:
            return
        if not cut:
            self._call.exactly(1)

    def _start(self, first: int) -> Call:
        feed = "".join(f"{one}\n" for one in self._ids[first:]).encode()
        return Call(self._git, "cat-file", "--batch", "--buffer", feed=feed)

    def _skip(self, bad: int) -> str:
        """Go on behind an object at which git ended, and return why it did; raise that where it happens too often."""
        try:
            self._call.finish()
        except GitError as error:
            self._restarts += 1
            if self._restarts > _MOST_RESTARTS:
                raise
            self._call = self._start(bad + 1)
            return f"git can't read it: {error.said or error}"
        raise SourceError("git cat-file does not answer; check the repository with 'git fsck'")


def _nothing(_most: int) -> bytes:
    return b""


def whole(size: int, read: Callable[[int], bytes]) -> bytes:
    """Return all of an object. Raises CutShort."""
    parts = []
    while size > 0:
        parts.append(read(size))
        size -= len(parts[-1])
    return parts[0] if len(parts) == 1 else b"".join(parts)


def words_of(git: Git, *arguments: str, feed: bytes = b"") -> Iterator[str]:
    """Yield the words, cut at NULs, that a git command prints; names that are not UTF-8 keep their bytes."""
    yield from os.fsdecode(answer(git, *arguments, feed=feed)).split("\0")
