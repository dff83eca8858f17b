"""A piece of content to sweep."""

from typing import NamedTuple

_CONTINUATION = bytes(range(0x80, 0xC0))


def characters(part: bytes) -> int:
    """Return how many characters (Unicode code points) UTF-8 text has; a byte that is none of one counts for itself.

    Continuation bytes (RFC 3629, section 3) don't count, so what is cut in the middle of a character adds up right.
    """
    return len(part.translate(None, _CONTINUATION))


class Place(NamedTuple):
    """A line and a column, both 1-based; columns count characters."""

    line: int = 1
    column: int = 1

    def after(self, part: bytes) -> "Place":
        """Return the place behind ``part``, which begins here."""
        breaks = part.count(b"\n")
        if breaks:
            return Place(self.line + breaks, 1 + characters(part[part.rfind(b"\n") + 1 :]))
        return Place(self.line, self.column + characters(part))


class Blob(NamedTuple):
    """Bytes to sweep, and just enough to name them; where they come from is asked later, of the guilty only.

    A large content arrives as several overlapping blobs with one ``id``: ``start`` is the offset of ``data[0]``
    in the whole, ``place`` its line and column, and a match belongs to the piece in which it ends after ``owned_from``
    and not after ``owned_to`` (offsets into ``data``; -1: its end), so each counts once.
    """

    id: str
    data: bytes
    hint: str
    start: int = 0
    place: Place = Place()
    owned_from: int = 0
    owned_to: int = -1
    inside: str = ""
    """Where in the content that ``id`` names this is, if that is an archive: ``!/inner/file``, ``!/b.zip!/c``."""
