"""An RPM package -> its header (with the scripts in it) and its payload, a compressed cpio archive.

Format: rpm.org, "RPM V4 package format" (lead, signature, header, payload).
"""

from __future__ import annotations

from collections.abc import Iterator

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.entry import Entry, Read
from secrets_guard.sources.archive.feed import Body, Feed

MAGIC = b"\xed\xab\xee\xdb"
_LEAD, _INTRO = 96, 16
_HEADER_MAGIC = b"\x8e\xad\xe8\x01"
PAYLOAD = "payload"
"""Kind of the entry that is an archive of its own only to the format, not to whoever looks at a package."""


def entries(read: Read, where: str, begun: bytes = b"") -> Iterator[Entry | Problem]:
    """Yield the header and the payload (of kind PAYLOAD) as entries, and a Problem where one is not there."""
    feed = Feed(read, begun)
    feed.skip(_LEAD)
    for name, aligned in (("", 8), ("<header>", 1)):
        intro = feed.peek(_INTRO)
        if len(intro) < _INTRO or not intro.startswith(_HEADER_MAGIC):
            yield Problem("damaged", where, f"rpm: no header at byte {feed.offset:,}; what follows is swept as it is")
            break
        count, data = int.from_bytes(intro[8:12], "big"), int.from_bytes(intro[12:16], "big")
        body = Body(feed, _INTRO + 16 * count + data)
        padding = -body.left % aligned
        if name:
            yield Entry(name, name.encode(), body.left, "other", "", body.read)
        feed.skip(body.left)
        feed.skip(padding)
    yield Entry("", b"", -1, PAYLOAD, "", feed.some)
