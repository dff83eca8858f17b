"""A tar stream -> its entries, in one pass without seeking: ustar, GNU, PAX, sparse files of every kind.

The standard ``tarfile`` takes ten times as long and holds headers of any size in memory (docs/house.md). Formats:
POSIX.1-2024 (ustar and pax), GNU tar's manual ("Basic Tar Format", "Sparse Formats"), libarchive's tar(5).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from zlib import adler32

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive import pax, sparse
from secrets_guard.sources.archive.entry import NO_XATTRS, Entry, Read, nothing, shown_path
from secrets_guard.sources.archive.feed import Body, Feed

__all__ = ["Entry", "entries", "is_header", "number"]

BLOCK = 512
_ZEROS = bytes(BLOCK)
_KINDS = {
    b"0": "file", b"\0": "file", b"7": "file", b"S": "file", b"1": "hardlink", b"2": "symlink", b"3": "device",
    b"4": "device", b"5": "dir", b"6": "device",
}  # fmt: skip
_LINKS = ("hardlink", "symlink")
_NO_DATA = ("symlink", "device", "dir")
_NAMES = {b"L": b"path", b"K": b"linkpath"}
"""GNU's headers for one long name each, and the record that says the same."""
_PAX, _SHARED = (b"x", b"X", b"g"), b"g"


def entries(read: Read, where: str, begun: bytes = b"", *, marked: bool = True) -> Iterator[Entry | Problem]:
    """Yield the entries of a tar stream, and a Problem for what is damaged; what comes before and behind is kept.

    ``where`` names the archive in Problems; ``begun`` is what was already read of the stream. An entry's ``read``
    serves until the next entry is asked for. ``marked``: whether it must have an end mark; where a digest tells that it
    is whole it need not (umoci writes layers without). Nothing is ever written or opened by an entry's name.
    """
    feed = Feed(read, begun)
    told, shared, ended = dict[bytes, bytes](), pax.NOTHING, False
    while block := feed.take(BLOCK):
        flag = block[156:157]
        if block == _ZEROS:
            ended = True
        elif not is_header(block):
            # The rest of a last block that is not whole: there need be none behind the end mark.
            if not ended or block.strip(b"\0"):
                yield from _damaged(feed, block, where)
                ended = True
            told = {}
        elif flag in _NAMES or flag in _PAX:
            own, problem = _extension(feed, block, where)
            if problem is not None:
                yield problem
            if flag == _SHARED:
                shared = {**shared, **own}
            else:
                told |= own
            ended = False
        else:
            whole = yield from _entry(feed, block, {**shared, **told} if shared else told, where)
            if not whole:
                return
            told, ended = {}, False
    if marked and not ended:
        yield Problem("damaged", where, "tar: it has no end mark, so it may be cut short; what is there is swept")


def is_header(block: bytes) -> bool:
    """Tell whether a block is a header: 512 bytes with the right checksum."""
    try:
        stored = int(block[148:156].strip(b" \0"), 8)
    except ValueError:
        return False
    if len(block) != BLOCK:
        return False
    # Adler-32 from 0 is in its lower half the sum of the bytes modulo 65,521: much faster than sum().
    summed = block[:148] + b"        " + block[156:]
    if stored % 65_521 == adler32(summed, 0) & 0xFFFF:
        return True
    # Some old writers added up signed bytes.
    return stored == sum(byte - 256 if byte > 127 else byte for byte in summed)


def number(field: bytes) -> int:
    """Return a number of a header, octal or (GNU) binary; -1 for what is none, or below 0."""
    if field[0] & 0x80:
        return -1 if field[0] & 0x40 else int.from_bytes(field, "big") - (0x80 << 8 * (len(field) - 1))
    text = field.strip(b" \0")
    try:
        return max(-1, int(text, 8)) if text else 0
    except ValueError:
        return -1


def _entry(feed: Feed, block: bytes, told: pax.Records, where: str) -> Generator[Entry | Problem, None, bool]:
    """Yield the entry of a header; return whether it was whole, after a Problem where it was not."""
    raw, path, size = _described(block, told)
    flag = block[156:157]
    kind = _KINDS.get(flag, "other")
    if kind == "file" and raw.endswith(b"/"):
        kind = "dir"
    if size < 0:
        yield Problem("damaged", f"{where}!/{path}", "tar: its size can't be read; what follows is looked through")
        size = 0
    # POSIX lets a hard link bring its data along; others give the size of what it links to.
    if kind in _NO_DATA or (kind == "hardlink" and size and is_header(feed.peek(BLOCK))):
        size = 0
    body = Body(feed, size)
    content, shown = body.read if size else nothing, size
    if flag == b"S" or (told and pax.is_sparse(told)):
        map_ = sparse.old_map(block, feed) if flag == b"S" else sparse.pax_map(told, body)
        if map_ is None:
            yield Problem("damaged", f"{where}!/{path}", "tar: its map of holes makes no sense; swept as it is stored")
        else:
            content, shown = sparse.Sparse(map_, body.read).read, sum(map_[-1]) if map_ else 0
    link = told.get(b"linkpath") or block[157:257].partition(b"\0")[0] if kind in _LINKS else b""
    attributes = pax.attributes(told) if told else NO_XATTRS
    yield Entry(path, raw, shown, kind, link.decode("utf-8", "surrogateescape"), content, attributes)
    missing = body.left - feed.skip(body.left)
    if missing:
        yield Problem("damaged", f"{where}!/{path}", f"tar: cut short, {missing:,} of {size:,} bytes are missing")
    feed.skip(-size % BLOCK)
    return not missing


def _described(block: bytes, told: pax.Records) -> tuple[bytes, str, int]:
    """Return the stored name, the path to show, and the size that follows the header (-1: can't be read)."""
    raw = told.get(b"GNU.sparse.name") or told.get(b"path") or b""
    if not raw:
        raw = block[:100].partition(b"\0")[0]
        if block[257:263] == b"ustar\0" and block[345]:
            raw = block[345:500].partition(b"\0")[0] + b"/" + raw
    size = told.get(b"size", b"")
    return raw, shown_path(raw), int(size) if size.isdigit() and len(size) < 20 else number(block[124:136])


def _extension(feed: Feed, block: bytes, where: str) -> tuple[dict[bytes, bytes], Problem | None]:
    """Read a header that tells more of the next entry (or of all): a long name, or PAX records."""
    size = number(block[124:136])
    if size < 0 or size > pax.LARGEST:
        feed.skip(max(0, size + -size % BLOCK))
        return {}, Problem(
            "damaged", where, f"tar: an extended header of {size:,} bytes at {feed.offset:,} was left out"
        )
    data = feed.take(size)
    feed.skip(-size % BLOCK)
    if block[156:157] in _NAMES:
        return {_NAMES[block[156:157]]: data.partition(b"\0")[0]}, None
    own, whole = pax.records(data)
    if whole:
        return own, None
    return own, Problem("damaged", where, f"tar: an extended header that ends at byte {feed.offset:,} can't be read")


def _damaged(feed: Feed, block: bytes, where: str) -> Iterator[Entry | Problem]:
    """Yield as one entry what lies between a block that should be a header and the next that is one."""
    name = f"<damaged at byte {feed.offset - len(block)}>"
    left = [block]

    def read(wanted: int) -> bytes:
        if not left:
            following = feed.peek(BLOCK)
            if not following or is_header(following):
                return b""
            left.append(feed.take(BLOCK))
        data, left[0] = left[0][:wanted], left[0][wanted:]
        if not left[0]:
            left.clear()
        return data

    yield Problem("damaged", f"{where}!/{name}", "tar: no header where one should be; swept up to the next as it is")
    yield Entry(name, name.encode(), -1, "raw", "", read)
    while read(BLOCK):
        pass
