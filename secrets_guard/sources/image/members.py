"""The files that an image is stored as (in a folder, in an archive, already read) -> their contents by path."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Protocol

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive import pax, tar
from secrets_guard.sources.archive.entry import Read, shown_path

_MOST = 100_000
_MOST_LINKS = 8
_NO_FOLLOW = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Members(Protocol):
    """Contents by path; ``where`` is what to call the whole."""

    where: str

    def size(self, path: str) -> int:
        """Return a member's size in bytes; -1 where there is no such member."""
        ...

    def key(self, path: str) -> str:
        """Return a name for a member's content, which two names of one member share."""
        ...

    def open(self, path: str) -> AbstractContextManager[Read]:
        """Open a member to read; several at a time may be. Raises SourceError for one that can't be read."""
        ...


def read_whole(members: Members, path: str, most: int) -> bytes:
    """Return a small member. Raises SourceError: not there, can't be read, more than ``most`` bytes."""
    where = f"{members.where}: {path}"
    if members.size(path) < 0:
        raise SourceError(f"{where}: it is not there")
    with members.open(path) as read:
        parts, left = [], most + 1
        while left > 0 and (part := read(left)):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise SourceError(f"{where}: larger than {most:,} bytes, which no such document is")
    return b"".join(parts)


class FolderMembers:
    """Files of a folder; links in it are not followed."""

    def __init__(self, folder: str) -> None:
        self.where = self._folder = folder

    def size(self, path: str) -> int:
        """Return a file's size; -1 where there is none."""
        try:
            found = os.lstat(os.path.join(self._folder, path))
        except OSError:
            return -1
        return found.st_size if stat.S_ISREG(found.st_mode) else -1

    def key(self, path: str) -> str:
        """Return the file's name."""
        return f"{self.where}!/{path}"

    @contextmanager
    def open(self, path: str) -> Iterator[Read]:
        """Open a file."""
        try:
            descriptor = os.open(os.path.join(self._folder, path), _NO_FOLLOW)
        except OSError as error:
            raise SourceError(f"{self.where}: {path}: {error.strerror}") from None
        with open(descriptor, "rb", buffering=0) as stream:
            yield _reading(stream.read, f"{self.where}: {path}")


class TarMembers:
    """Files of an uncompressed tar that can be read from anywhere in it; links to them count as they do."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        """``stream``: an open file, which stays the caller's. Raises SourceError for what is no tar."""
        self.where = where
        self._descriptor = stream.fileno()
        self._end = os.fstat(self._descriptor).st_size
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        self._index()

    def size(self, path: str) -> int:
        """Return a member's size; -1 where there is none."""
        place = self._place(path)
        return -1 if place is None else place[1]

    def key(self, path: str) -> str:
        """Return where the member begins."""
        place = self._place(path)
        return f"{self.where}!/{path if place is None else place[0]}"

    @contextmanager
    def open(self, path: str) -> Iterator[Read]:
        """Open a member."""
        place = self._place(path)
        if place is None:
            raise SourceError(f"{self.where}: {path}: it is not there")
        offset, left = place

        def read(wanted: int) -> bytes:
            nonlocal offset, left
            data = os.pread(self._descriptor, min(wanted, left), offset)
            offset, left = offset + len(data), left - len(data)
            return data

        yield _reading(read, f"{self.where}: {path}")

    def _place(self, path: str) -> tuple[int, int] | None:
        return self._places.get(resolved(path, self._links))

    def _index(self) -> None:
        """Read the headers, and nothing between them."""
        offset, told = 0, dict[bytes, bytes]()
        while offset + tar.BLOCK <= self._end and len(self._places) + len(self._links) < _MOST:
            block = os.pread(self._descriptor, tar.BLOCK, offset)
            offset += tar.BLOCK
            if not tar.is_header(block):
                if block.strip(b"\0"):
                    break
                continue
            size, flag = max(0, tar.number(block[124:136])), block[156:157]
            if flag in b"xLK":
                told |= self._told(flag, offset, size)
            else:
                size = int(told.get(b"size", b"")) if told.get(b"size", b"").isdigit() else size
                self._note(flag, block, told, offset, size)
                told = {}
            offset += size + -size % tar.BLOCK
        if not self._places:
            raise SourceError(f"{self.where}: neither a tar archive nor one of an image: nothing can be read in it")

    def _told(self, flag: bytes, offset: int, size: int) -> dict[bytes, bytes]:
        data = os.pread(self._descriptor, min(size, pax.LARGEST), offset)
        if flag == b"x":
            return dict(pax.records(data)[0])
        return {b"path" if flag == b"L" else b"linkpath": data.partition(b"\0")[0]}

    def _note(self, flag: bytes, block: bytes, told: Mapping[bytes, bytes], offset: int, size: int) -> None:
        raw = told.get(b"path") or block[:100].partition(b"\0")[0]
        if block[257:263] == b"ustar\0" and block[345] and b"path" not in told:
            raw = block[345:500].partition(b"\0")[0] + b"/" + raw
        path = shown_path(raw)
        if flag in (b"0", b"\0"):
            # Of two members of one name readers take the last, so we do.
            self._places[path] = offset, min(size, max(0, self._end - offset))
        elif flag in b"12":
            link = shown_path(told.get(b"linkpath") or block[157:257].partition(b"\0")[0])
            self._links[path] = linked(path, link, symbolic=flag == b"2")


class ReadMembers:
    """Members that were kept while an archive went by; of the others only the first bytes and the size are known."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.contents: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self.links: dict[str, str] = {}

    def size(self, path: str) -> int:
        """Return a member's size; -1 where there was none."""
        return self.sizes.get(resolved(path, self.links), -1)

    def key(self, path: str) -> str:
        """Return the member's own name, whatever link leads to it."""
        return f"{self.where}!/{resolved(path, self.links)}"

    @contextmanager
    def open(self, path: str) -> Iterator[Read]:
        """Open a member; of one that was not kept what comes behind the first bytes can't be read."""
        path = resolved(path, self.links)
        left = self.contents.get(path, b"")
        whole = len(left) == self.sizes.get(path, -1)

        def read(wanted: int) -> bytes:
            nonlocal left
            if not left and not whole:
                raise SourceError(f"{self.where}: {path}: too large for such a document")
            data, left = left[:wanted], left[wanted:]
            return data

        yield read


def linked(path: str, link: str, *, symbolic: bool) -> str:
    """Return the path of the member that a link leads to."""
    return os.path.normpath(os.path.join(os.path.dirname(path) if symbolic else "", link))


def resolved(path: str, links: Mapping[str, str]) -> str:
    """Return the path at the end of a chain of links, which may not be long."""
    for _ in range(_MOST_LINKS):
        if path not in links:
            break
        path = links[path]
    return path


def _reading(read: Read, where: str) -> Read:
    def guarded(wanted: int) -> bytes:
        try:
            return read(wanted)
        except OSError as error:
            raise SourceError(f"{where}: {error.strerror or 'it can not be read'}") from None

    return guarded
