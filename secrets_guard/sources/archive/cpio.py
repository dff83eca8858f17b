"""A cpio archive (the payload of an RPM, an initramfs) -> its entries. Format: cpio(5), "newc" and "odc"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.entry import Entry, Read, shown_path
from secrets_guard.sources.archive.feed import Body, Feed

MAGICS = (b"070701", b"070702", b"070707")
_NEW_SIZE, _OLD_SIZE = 110, 76
_LONGEST_NAME = 64 << 10
_KINDS = {0o04: "dir", 0o10: "file", 0o12: "symlink"}
_TRAILER = b"TRAILER!!!"
_PART = 1 << 20


class _Header(NamedTuple):
    mode: int
    name: int
    size: int
    align: int


def entries(read: Read, where: str, begun: bytes = b"") -> Iterator[Entry | Problem]:
    """Yield the entries, and a Problem where the archive breaks; what follows its end is an entry of its own."""
    feed = Feed(read, begun)
    ended = False
    while feed.peek(1):
        if ended and feed.peek(6) not in MAGICS:
            # Archives may follow each other, NULs between them; an initramfs has a compressed one behind.
            if feed.peek(1) == b"\0":
                feed.skip(len(some := feed.peek(_PART)) - len(some.lstrip(b"\0")))
                continue
            yield Entry("<behind the end>", b"<behind the end>", -1, "other", "", feed.some)
            return
        start, header = feed.offset, _header(feed)
        if header is None:
            yield Problem("damaged", where, f"cpio: no header at byte {start:,}; swept as it is")
            yield Entry("<damaged>", b"<damaged>", -1, "other", "", feed.some)
            return
        raw = feed.take(header.name).rstrip(b"\0")
        feed.skip(-(feed.offset - start) % header.align)
        ended = raw == _TRAILER
        body = Body(feed, header.size)
        path = shown_path(raw)
        if not ended:
            yield _entry(path, raw, header, body)
        missing = body.left - feed.skip(body.left)
        if missing:
            yield Problem("damaged", f"{where}!/{path}", f"cpio: cut short, {missing:,} bytes are missing")
            return
        feed.skip(-(feed.offset - start) % header.align)
    if not ended:
        yield Problem("damaged", where, "cpio: it has no end mark, so it is cut short; what is there is swept")


def _entry(path: str, raw: bytes, header: _Header, body: Body) -> Entry:
    kind = _KINDS.get(header.mode >> 12, "device")
    link = b""
    if kind == "symlink" and header.size <= _LONGEST_NAME:
        while part := body.read(_LONGEST_NAME):
            link += part
    size = body.left
    return Entry(path, raw, size, kind, link.decode("utf-8", "surrogateescape"), body.read)


def _header(feed: Feed) -> _Header | None:
    """Take a header; None, with nothing taken, where there is none."""
    head = feed.peek(_NEW_SIZE)
    try:
        if head[:6] in MAGICS[:2] and len(head) == _NEW_SIZE:
            fields = [int(head[at : at + 8], 16) for at in range(6, _NEW_SIZE, 8)]
            made, size = _Header(fields[1], fields[11], fields[6], 4), _NEW_SIZE
        elif head[:6] == MAGICS[2] and len(head) >= _OLD_SIZE:
            made = _Header(int(head[18:24], 8), int(head[59:65], 8), int(head[65:76], 8), 1)
            size = _OLD_SIZE
        else:
            return None
    except ValueError:
        return None
    if not 0 < made.name <= _LONGEST_NAME or made.size < 0:
        return None
    feed.skip(size)
    return made
