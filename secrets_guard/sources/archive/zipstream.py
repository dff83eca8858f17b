"""A zip that can only be read from front to back -> its entries, by the local headers.

For what comes in a stream, has lost its directory, or stands where the directory does not look.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.entry import Entry, Read
from secrets_guard.sources.archive.feed import Body, Feed
from secrets_guard.sources.archive.limits import Budget
from secrets_guard.sources.archive.zipmember import (
    CENTRAL,
    CENTRAL_MAGIC,
    DESCRIPTOR_MAGIC,
    LOCAL,
    LOCAL_MAGIC,
    Content,
    Member,
    content_of,
    entry_of,
    is_local,
    with_extra,
)

_PART = 64 << 10
_SPANNED = (DESCRIPTOR_MAGIC, b"PK00")
_END, _END64, _LOCATOR64 = b"PK\5\6", b"PK\6\6", b"PK\6\7"
_END_SIZE = 22
_MAGICS = (LOCAL_MAGIC, CENTRAL_MAGIC, _END, _END64, _LOCATOR64)


def entries(read: Read, where: str, budget: Budget, begun: bytes = b"") -> Iterator[Entry | Problem]:
    """Yield the entries of a zip stream and the Problems met; what is between them as entries of its own."""
    feed = Feed(read, begun)
    if feed.peek(4) in _SPANNED:
        feed.skip(4)
    seen, listed, ended = array("Q"), array("Q"), False
    while magic := feed.peek(4):
        if magic == LOCAL_MAGIC and is_local(feed.peek(LOCAL.size)):
            seen.append(feed.offset)
            yield from _member(feed, where, budget)
            ended = False
        elif magic == CENTRAL_MAGIC and len(feed.peek(CENTRAL.size)) == CENTRAL.size:
            listed.append(_listed(feed))
        elif magic == _END and len(feed.peek(_END_SIZE)) == _END_SIZE:
            comment = int.from_bytes(feed.take(_END_SIZE)[20:], "little")
            if comment:
                yield from _other("<comment>", Body(feed, comment).read)
            ended = True
        elif magic == _END64:
            feed.skip(min(12 + int.from_bytes(feed.peek(12)[4:], "little"), _PART))
        elif magic == _LOCATOR64:
            feed.skip(20)
        else:
            name = "<behind the end>" if ended else f"<damaged at byte {feed.offset}>"
            if not ended:
                yield Problem("damaged", f"{where}!/{name}", "zip: no header where one should be; swept as it is")
            yield from _other(name, _until(feed, _MAGICS))
    if not ended:
        yield Problem("damaged", where, "zip: it ends without a directory, so it is cut short; what is there is swept")
    elif len(listed) != len(seen) or sorted(listed) != sorted(seen):
        yield Problem(
            "damaged", where, "zip: its directory lists other members than it holds; swept are those it holds"
        )


def _listed(feed: Feed) -> int:
    """Pass over an entry of the directory and return where it says that its member begins."""
    fields = CENTRAL.unpack(feed.take(CENTRAL.size))
    name, extra, comment = fields[10:13]
    member = Member(b"", 0, 0, 0, fields[8], fields[9], fields[16])
    feed.skip(name)
    member = with_extra(member, feed.take(extra))
    feed.skip(comment)
    return member.offset


def _member(feed: Feed, where: str, budget: Budget) -> Iterator[Entry | Problem]:
    fields = LOCAL.unpack(feed.take(LOCAL.size))
    name, extra = feed.take(fields[9]), feed.take(fields[10])
    member = with_extra(Member(name, fields[2], fields[3], *fields[6:9]), extra)
    sized = member.packed > 0 or not member.described_behind
    body = Body(feed, member.packed)
    stored = body.read if sized else _until_descriptor(feed) if not member.method else feed.some
    content = content_of(member, stored, where, budget)
    if isinstance(content, Problem):
        yield content
        rest = body.read if sized else _until(feed, _MAGICS)
        while rest(_PART):
            pass
        return
    yield entry_of(member, content)
    told = _told(feed, member, content, body) if sized else _told_behind(feed, content)
    if told is not None:
        yield told._replace(where=f"{where}!/{member.path}")


def _told(feed: Feed, member: Member, content: Content, body: Body) -> Problem | None:
    content.finish()
    missing = body.left - feed.skip(body.left)
    crc, size = member.crc, member.size
    if member.described_behind and (told := _descriptor(feed, content.size))[0] >= 0:
        crc, size = told
    if missing:
        return Problem("damaged", "", f"zip: cut short, {missing:,} bytes are missing; what is there is swept")
    return content.problem(crc, size)


def _told_behind(feed: Feed, content: Content) -> Problem | None:
    content.finish()
    feed.unread(content.rest())
    crc, size = _descriptor(feed, content.size)
    if crc < 0:
        return content.problem(0, -1) or Problem("damaged", "", "zip: neither size nor checksum stand behind it")
    return content.problem(crc, size)


def _descriptor(feed: Feed, size: int) -> tuple[int, int]:
    """Read checksum and size behind a content, in any of four ways of writing them; (-1, 0) where none are."""
    head = feed.peek(24)
    start = 4 if head.startswith(DESCRIPTOR_MAGIC) else 0
    for width in (4, 8):
        end = start + 4 + 2 * width
        following = feed.peek(end + 4)[end:]
        if following in _MAGICS or (len(head) >= end and int.from_bytes(head[end - width : end], "little") == size):
            feed.skip(end)
            crc = int.from_bytes(head[start : start + 4], "little")
            return crc, int.from_bytes(head[end - width : end], "little")
    return -1, 0


def _until_descriptor(feed: Feed) -> Read:
    """Return a read of stored bytes up to the descriptor that gives their size."""
    passed, over = 0, False

    def read(wanted: int) -> bytes:
        nonlocal passed, over
        if over:
            return b""
        ahead = feed.peek(max(wanted, 2 * _PART))
        at = -1
        while (at := ahead.find(DESCRIPTOR_MAGIC, at + 1)) >= 0:
            if int.from_bytes(ahead[at + 8 : at + 12], "little") == (passed + at) & 0xFFFFFFFF:
                over = True
                break
        # The last bytes may be the beginning of a descriptor.
        size = at if at >= 0 else len(ahead) - 24 if len(ahead) > 24 and not feed.ended else len(ahead)
        if size > wanted:
            size, over = wanted, False
        passed += size
        return feed.take(size)

    return read


def _until(feed: Feed, magics: tuple[bytes, ...]) -> Read:
    """Return a read of everything up to the next of the magics, one byte at least."""
    over, earliest = False, 1

    def read(wanted: int) -> bytes:
        nonlocal over, earliest
        if over:
            return b""
        ahead = feed.peek(_PART)
        first = min((at for magic in magics if (at := ahead.find(magic, earliest)) >= 0), default=-1)
        earliest = 0
        over = first >= 0
        size = first if over else max(len(ahead) - 3, 0) if not feed.ended else len(ahead)
        if size > wanted:
            size, over = wanted, False
        return feed.take(size)

    return read


def _other(name: str, read: Callable[[int], bytes]) -> Iterator[Entry]:
    yield Entry(name, name.encode(), -1, "raw" if name.startswith("<damaged") else "other", "", read)
    while read(_PART):
        pass
