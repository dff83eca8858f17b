"""An ar archive (a Debian package, a static library) -> its entries. Format: ar(5), deb(5)."""

from __future__ import annotations

from collections.abc import Iterator

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.entry import Entry, Read, shown_path
from secrets_guard.sources.archive.feed import Body, Feed

MAGIC = b"!<arch>\n"
_HEADER, _END = 60, b"`\n"
_LONGEST_NAMES = 1 << 20
_PART = 1 << 20


def entries(read: Read, where: str, begun: bytes = b"") -> Iterator[Entry | Problem]:
    """Yield the entries, and a Problem where the archive breaks; what follows a break is an entry of its own."""
    feed = Feed(read, begun)
    feed.skip(len(MAGIC))
    names = b""
    while header := feed.take(_HEADER):
        digits = header[48:58].strip()
        if len(header) < _HEADER or header[58:] != _END or not digits.isdigit():
            yield Problem("damaged", where, f"ar: no header at byte {feed.offset - len(header):,}; swept as it is")
            feed.unread(header)
            yield Entry("<damaged>", b"<damaged>", -1, "other", "", feed.some)
            return
        size = int(digits)
        body = Body(feed, size)
        raw = header[:16].rstrip()
        if raw == b"//" and size <= _LONGEST_NAMES:
            names = feed.take(size)
            body.left = size - len(names)
        else:
            raw = _name(raw, names, body)
            yield Entry(shown_path(raw), raw, body.left, "file", "", body.read)
        missing = body.left - feed.skip(body.left)
        if missing:
            path = f"{where}!/{shown_path(raw)}"
            yield Problem("damaged", path, f"ar: cut short, {missing:,} of {size:,} bytes are missing")
        feed.skip(size % 2)


def _name(raw: bytes, names: bytes, body: Body) -> bytes:
    """Return a member's name: GNU keeps long ones in a table, BSD before the content."""
    if raw[:1] == b"/" and raw[1:].isdigit():
        return names[int(raw[1:]) :].partition(b"\n")[0].rstrip(b"/")
    if raw.startswith(b"#1/") and raw[3:].isdigit() and int(raw[3:]) <= min(body.left, 4096):
        left, name = int(raw[3:]), b""
        while left > 0 and (part := body.read(left)):
            name, left = name + part, left - len(part)
        return name.rstrip(b"\0")
    return raw[:-1] if len(raw) > 1 and raw.endswith(b"/") else raw
