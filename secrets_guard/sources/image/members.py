"""The files that an image is stored as (in a folder, in an archive, already read) -> their contents by path."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Protocol

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive import pax, tar
from secrets_guard.sources.archive.entry import Read, shown_path

_MOST = 100_000
_NO_FOLLOW = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class Members(Protocol):
    """Contents by path; ``where`` is what to call the whole."""

    where: str

    def size(self, path: str) -> int:
        """Return a member's size in bytes; -1 where there is no such member."""
        ...

    @contextmanager
    def open(self, path: str) -> Iterator[Read]:
        """Open a member to read; several at a time may be. Raises SourceError for one that can't be read."""
        ...


def read_whole(members: Members, path: str, most: int) -> bytes:
    """Return a small member. Raises SourceError when it is not there, can't be read, or has more than ``most`` bytes."""
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

    def place(self, path: str) -> tuple[int, int] | None:
        """Return a member's offset and size: the same for two names of one content."""
        return self._place(path)

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
        for _ in range(8):
            if path in self._places or path not in self._links:
                break
            path = self._links[path]
        return self._places.get(path)

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
            base = os.path.dirname(path) if flag == b"2" else ""
            self._links[path] = os.path.normpath(os.path.join(base, link))


class ReadMembers:
    """Members that were kept while an archive went by; of the others only the size is known."""

    def __init__(self, where: str, contents: Mapping[str, bytes], sizes: Mapping[str, int]) -> None:
        self.where = where
        self._contents, self._sizes = contents, sizes

    def size(self, path: str) -> int:
        """Return a member's size; -1 where there was none."""
        return len(self._contents[path]) if path in self._contents else self._sizes.get(path, -1)

    @contextmanager
    def open(self, path: str) -> Iterator[Read]:
        """Open a member that was kept."""
        if path not in self._contents:
            raise SourceError(f"{self.where}: {path}: too large to be kept")
        left = self._contents[path]

        def read(wanted: int) -> bytes:
            nonlocal left
            data, left = left[:wanted], left[wanted:]
            return data

        yield read


def _reading(read: Read, where: str) -> Read:
    def guarded(wanted: int) -> bytes:
        try:
            return read(wanted)
        except OSError as error:
            raise SourceError(f"{where}: {error.strerror or 'it can not be read'}") from None

    return guarded
