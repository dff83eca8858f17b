"""A zip of which any part can be read -> its entries, by the directory at its end, and whatever lies outside of it.

``zipfile`` holds the whole directory in memory and reads only what it lists (docs/house.md). Format: APPNOTE 6.3.10.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive import zipstream
from secrets_guard.sources.archive.entry import Entry, Read
from secrets_guard.sources.archive.feed import Feed
from secrets_guard.sources.archive.limits import Budget
from secrets_guard.sources.archive.zipmember import (
    CENTRAL,
    CENTRAL_MAGIC,
    LOCAL,
    LOCAL_MAGIC,
    Member,
    content_of,
    entry_of,
    with_extra,
)

At = Callable[[int, int], bytes]
"""(offset, size) -> the bytes there, fewer at the end."""

END_MAGIC, END = b"PK\5\6", 22
_LONGEST_COMMENT = 65_535
_LOCATOR64, _LOCATOR64_SIZE = b"PK\6\7", 20
_END64, _END64_SIZE = b"PK\6\6", 56
_DESCRIPTOR = 24
_SMALLEST_GAP = 16
_PART = 1 << 20
_FAR = 1 << 62


class Directory(NamedTuple):
    """Where the list of members stands: offsets in the file; ``shift`` is what was put before the zip."""

    start: int
    end: int
    members: int
    shift: int
    tail: int
    """Where the record at the end ends: a comment may follow."""


def entries(at: At, size: int, where: str, budget: Budget) -> Iterator[Entry | Problem]:
    """Yield the entries of a zip of ``size`` bytes, and the Problems met.

    Members that the directory does not list, and what else lies between or around them, come last; what stands before
    the first (the script of a self-extracting archive) is an entry without a path.
    """
    directory = find_directory(at, size)
    if directory is None:
        yield from zipstream.entries(reader(at, 0, size), where, budget)
        return
    covered = array("Q"), array("Q")
    count, comments = 0, False
    feed = Feed(reader(at, directory.start, directory.end))
    while (head := feed.take(CENTRAL.size)).startswith(CENTRAL_MAGIC) and len(head) == CENTRAL.size:
        fields = CENTRAL.unpack(head)
        name, extra = feed.take(fields[10]), feed.take(fields[11])
        comments = bool(feed.skip(fields[12])) or comments
        member = with_extra(Member(name, fields[3], fields[4], fields[7], fields[8], fields[9], fields[16]), extra)
        yield from _member(at, member._replace(offset=member.offset + directory.shift), where, budget, covered)
        count += 1
    if count & 0xFFFF != directory.members & 0xFFFF:
        yield Problem("damaged", where, f"zip: its directory holds {count:,} of {directory.members:,} members")
    if comments or size > directory.tail:
        yield _part(at, directory.start, size, "<directory>")._replace(kind="raw")
    yield from _outside(at, directory.start, where, budget, covered)


def find_directory(at: At, size: int) -> Directory | None:
    """Return where the directory is, by the record at the end; None where there is none that makes sense."""
    start = max(0, size - END - _LONGEST_COMMENT)
    tail = at(start, size - start)
    found = len(tail)
    while (found := tail.rfind(END_MAGIC, 0, found)) >= 0:
        record = tail[found : found + END]
        if len(record) == END:
            made = _directory(at, start + found, record)
            if made is not None:
                return made
    return None


def _directory(at: At, end: int, record: bytes) -> Directory | None:
    count, length, offset = (int.from_bytes(record[a:b], "little") for a, b in ((10, 12), (12, 16), (16, 20)))
    tail = end + END
    locator = at(max(0, end - _LOCATOR64_SIZE), _LOCATOR64_SIZE)
    if locator.startswith(_LOCATOR64):
        # Its offset is wrong where something was put before the zip; the record usually stands right before it.
        for place in (int.from_bytes(locator[8:16], "little"), end - _LOCATOR64_SIZE - _END64_SIZE):
            found = at(place, _END64_SIZE) if 0 <= place < end else b""
            if found.startswith(_END64) and len(found) == _END64_SIZE:
                count, length, offset = (int.from_bytes(found[a : a + 8], "little") for a in (32, 40, 48))
                end = place
                break
    for start in (end - length, offset):
        if 0 <= start <= end and (at(start, 4) == CENTRAL_MAGIC or (start == end and not count)):
            return Directory(start, end, count, start - offset, tail)
    return None


def _member(
    at: At, member: Member, where: str, budget: Budget, covered: tuple[array[int], array[int]]
) -> Iterator[Entry | Problem]:
    head = at(member.offset, LOCAL.size) if member.offset >= 0 else b""
    if not head.startswith(LOCAL_MAGIC) or len(head) < LOCAL.size:
        yield Problem("damaged", f"{where}!/{member.path}", "zip: its content is not where the directory says")
        return
    fields = LOCAL.unpack(head)
    start = member.offset + LOCAL.size + fields[9] + fields[10]
    end = start + member.packed
    covered[0].append(member.offset)
    covered[1].append(min(end + (_DESCRIPTOR if member.described_behind else 0), _FAR))
    content = content_of(member, reader(at, start, end), where, budget)
    if isinstance(content, Problem):
        yield content
    else:
        yield entry_of(member, content)
        content.finish()
        problem = content.problem(member.crc, member.size)
        if problem is not None:
            yield problem
    name = at(member.offset + LOCAL.size, fields[9])
    local = Member(name, fields[2], fields[3], *fields[6:9])
    if not _agree(local, member):
        message = "zip: its own header says something else than the directory; swept both ways"
        yield Problem("damaged", f"{where}!/{member.path}", message)
        tail = reader(at, member.offset, end + _DESCRIPTOR)
        yield from (one for one in zipstream.entries(tail, where, budget) if isinstance(one, Entry))


def _agree(local: Member, member: Member) -> bool:
    """Tell whether a member's own header says the same of its content as the directory."""
    if local.name != member.name or local.method != member.method:
        return False
    if local.described_behind or local.packed == 0xFFFFFFFF:
        return True
    return (local.crc, local.packed, local.size) == (member.crc, member.packed, member.size)


def _outside(
    at: At, end: int, where: str, budget: Budget, covered: tuple[array[int], array[int]]
) -> Iterator[Entry | Problem]:
    """Yield what no member covers up to ``end``: hidden members, and other content that is not only NULs."""
    position = 0
    # Where two members share their bytes the order of the ends does not matter.
    for start, stop in [*sorted(zip(*covered, strict=True)), (end, end)]:
        if start - position >= _SMALLEST_GAP or (not position and start):
            head = at(position, min(start - position, _PART))
            if head.startswith(LOCAL_MAGIC):
                yield Problem("damaged", where, f"zip: members at byte {position:,} that its directory leaves out")
                yield from _hidden(at, position, start, where, budget)
            elif head.strip(b"\0") or start - position > _PART:
                name = f"<between members at byte {position}>" if position else ""
                yield _part(at, position, start, name)
        position = max(position, stop)


def _hidden(at: At, start: int, end: int, where: str, budget: Budget) -> Iterator[Entry | Problem]:
    for item in zipstream.entries(reader(at, start, end), where, budget):
        # That there is no directory is why it is hidden.
        if isinstance(item, Entry) or item.where != where:
            yield item


def _part(at: At, start: int, end: int, name: str) -> Entry:
    return Entry(name, name.encode(), end - start, "other", "", reader(at, start, end))


def reader(at: At, start: int, end: int) -> Read:
    """Return a read of what lies between two offsets."""

    def read(wanted: int) -> bytes:
        nonlocal start
        data = at(start, min(wanted, end - start)) if start < end else b""
        start += len(data)
        return data

    return read
