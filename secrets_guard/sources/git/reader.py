"""Ids of objects -> blobs, by a long-lived ``git cat-file --batch --buffer``; the hot path of a history sweep."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import expand, inside, suspect
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.git.command import Git, Running
from secrets_guard.sources.pieces import SIZES

COMMIT_MESSAGE = "<commit message>"
_CHUNK = 1 << 20
_MOST_RESTARTS = 200


class ObjectReader:
    """Reads the objects of ``requests`` (ids of ``width`` - 1 characters, a line break behind each) in order.

    git ends at an object that it can't read: that one is a Problem, and another git goes on behind it.
    ``names`` are paths of blobs; the hint of one without a path is empty. ``not_whole`` are ids of contents that could
    not be swept whole: archives that did not open.
    """

    def __init__(
        self, git: Git, requests: bytes, width: int, names: Mapping[str, str], stats: Stats, limits: Limits
    ) -> None:
        self._git, self._names, self._stats, self._limits = git, names, stats, limits
        self.not_whole: set[str] = set()
        self._requests, self._width = memoryview(requests), width
        self._answered, self._restarts = 0, 0
        self._running: Running | None = None
        self._rest = b""
        self.finished = not requests

    def some(self) -> Iterator[Blob | Problem]:
        """Yield what one read from git brings: about a MiB of objects, the last of them whole."""
        running = self._running or self._start()
        data = os.read(running.output, _CHUNK)
        if not data:
            yield from self._ended(running)
            return
        data, position = self._rest + data, 0
        self._rest, find, names = b"", data.find, self._names
        while (line_end := find(b"\n", position)) >= 0:
            name, kind, size = _header(data[position:line_end])
            start, stop = line_end + 1, line_end + 1 + size
            if stop >= len(data) and size >= 0:
                yield from self._rest_of(running, name, kind, size, data[start:])
                return
            position = stop + 1
            self._answered += 1
            if kind == "blob" and size:
                blob = Blob(name, data[start:stop], names.get(name, ""))
                if suspect(blob.data):
                    yield from self._noted(name, inside(blob, self._limits, self._stats))
                else:
                    yield blob
            elif size < 0:
                yield Problem("corrupt", name, "git can't read this object")
            else:
                yield from blobs_of(name, kind, data[start:stop], self._limits, self._stats)
        self._rest = data[position:]

    def close(self) -> None:
        """End git."""
        self.finished = True
        if self._running is not None:
            self._running.kill()
            self._running = None

    def _start(self) -> Running:
        self._running = self._git.start("cat-file", "--batch", "--buffer", talks=True)
        self._running.feed(self._requests[self._answered * self._width :])
        self._rest = b""
        return self._running

    def _rest_of(self, running: Running, name: str, kind: str, size: int, begun: bytes) -> Iterator[Blob | Problem]:
        """Yield the object of which ``begun`` is there; large ones in pieces, so that memory stays bounded."""
        content = _Content(running.output, begun, size)
        hint = self._names.get(name, "")
        if kind == "blob" and size > SIZES.piece:
            yield from self._noted(name, expand(name, hint, content.read, self._limits, self._stats, size=size))
            while content.read(_CHUNK):
                pass
        else:
            blob = content.blob(name, hint)
            if not content.complete:
                yield from self._ended(running)
                return
            if kind == "blob" and size:
                yield from self._noted(name, inside(blob, self._limits, self._stats))
            else:
                yield from blobs_of(name, kind, blob.data, self._limits, self._stats)
        if content.complete:
            self._answered += 1
        else:
            yield from self._ended(running)

    def _noted(self, name: str, found: Iterator[Blob | Problem]) -> Iterator[Blob | Problem]:
        """Pass on what is in a content, and note whether that is all of it."""
        for item in found:
            if isinstance(item, Problem):
                self.not_whole.add(name)
            yield item

    def _ended(self, running: Running) -> Iterator[Problem]:
        """Sort out the end of git's answers: all are there, or it died at the object that comes next."""
        done, self._running = running.close(), None
        total = len(self._requests) // self._width
        if self._answered >= total:
            self.finished = True
            return
        at = self._answered * self._width
        name = bytes(self._requests[at : at + self._width - 1]).decode()
        yield Problem("corrupt", name, f"git can't read this object: {done.reason}")
        self._answered += 1
        self._restarts += 1
        if self._restarts >= _MOST_RESTARTS and self._answered < total:
            left = total - self._answered
            yield Problem("corrupt", self._git.folder, f"too many unreadable objects; {left:,} more were not read")
            self._answered = total
        self.finished = self._answered >= total


class _Content:
    """One object's content as it comes out of git, of which ``begun`` is there, without the line break behind it."""

    def __init__(self, descriptor: int, begun: bytes, size: int) -> None:
        self._descriptor, self._begun, self._left = descriptor, begun, size
        self.complete = False
        if not size:
            self._finish()

    def read(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes, none at the end only; ``complete`` tells whether that came too early."""
        wanted = min(wanted, self._left)
        if not wanted:
            return b""
        if self._begun:
            part, self._begun = self._begun[:wanted], self._begun[wanted:]
        else:
            part = os.read(self._descriptor, wanted)
        self._left -= len(part)
        if not self._left:
            self._finish()
        return part

    def _finish(self) -> None:
        """Read the line break: with it the object is whole."""
        self.complete = os.read(self._descriptor, 1) == b"\n"

    def blob(self, name: str, hint: str) -> Blob:
        """Return all that comes as one blob."""
        parts = []
        while part := self.read(_CHUNK):
            parts.append(part)
        return Blob(name, b"".join(parts), hint)


def blobs_of(name: str, kind: str, content: bytes, limits: Limits, stats: Stats) -> Iterator[Blob | Problem]:
    """Yield what is to be swept of one whole object: a blob's content or what is in it, the message of another."""
    if kind in ("commit", "tag"):
        header, _, message = content.partition(b"\n\n")
        if message:
            yield Blob(name, message, COMMIT_MESSAGE if kind == "commit" else tag_name(header))
    elif kind == "blob" and len(content) > SIZES.piece:
        yield from expand(name, "", io.BytesIO(content).read, limits, stats, size=len(content))
    elif kind == "blob" and content:
        blob = Blob(name, content, "")
        yield from inside(blob, limits, stats) if suspect(content) else iter((blob,))
    elif kind == "blob":
        count(stats.skipped, "empty")


def tag_name(header: bytes) -> str:
    """Return what a tag's message is called, by the tag's header."""
    name = next((line[4:] for line in header.split(b"\n") if line.startswith(b"tag ")), b"")
    return f"<tag {name.decode('utf-8', 'replace')}>"


def _header(line: bytes) -> tuple[str, str, int]:
    """Read ``id type size``; a size of -1 for ``id missing``."""
    words = line.decode().split(" ")
    return (words[0], words[1], int(words[2])) if len(words) == 3 else (words[0], "", -1)
