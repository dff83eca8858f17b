"""A match in a blob -> where it is, in lines and columns, and what stands around it, redacted."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from secrets_guard.model.blob import Place
from secrets_guard.model.finding import Location
from secrets_guard.model.match import Context, Match
from secrets_guard.model.span import Span

if TYPE_CHECKING:
    from secrets_guard.decode.view import View

_JUDGED_AROUND = 400
_SHOWN_AROUND = 80
_SHORTEST_HIDDEN = 4
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def context_of(match: Match, hint: str) -> Context:
    """Return what a judge may look at: the line around the secret in the text that was matched on."""
    data, at = match.view.data, match.at
    line_start = data.rfind(b"\n", max(0, at.start - _JUDGED_AROUND), at.start) + 1
    before = data[max(line_start, at.start - _JUDGED_AROUND) : at.start]
    after = data[at.end : at.end + _JUDGED_AROUND].partition(b"\n")[0]
    above = data[max(0, line_start - 1 - _JUDGED_AROUND) : line_start - 1] if line_start else b""
    return Context(before, after, above, hint)


class Places:
    """Turns offsets of one text into lines and columns; asked in rising order, each byte is counted once."""

    def __init__(self, root: View) -> None:
        self._data = root.data
        self._blob = root.blob
        line, column = root.blob.place
        if root.raw is not None:
            # Pieces are cut from raw bytes, of which UTF-16 has two for a character.
            column = 1 + (column - 1) // 2
        # A byte order mark takes no column.
        marked = not root.blob.start and root.data.startswith(_BYTE_ORDER_MARK)
        self._first = len(_BYTE_ORDER_MARK) if marked else 0, Place(line, column)
        self._at, self._place = self._first

    def location(self, span: Span) -> Location:
        """Return the place of a range. Columns count characters (Unicode code points), the last one is included."""
        start = self._move(span.start)
        end = start.after(self._data[span.start : max(span.start, span.end - 1)])
        return Location(self._blob.hint, start.line, end.line, start.column, end.column)

    def _move(self, offset: int) -> Place:
        if offset < self._at:
            self._at, self._place = self._first
        self._place = self._place.after(self._data[self._at : offset])
        self._at = offset
        return self._place


def outermost(matches: list[Match]) -> list[Match]:
    """Return the matches whose secrets lie within no other's, so that starts and ends both rise."""
    kept: list[Match] = []
    for match in sorted(matches, key=lambda one: (one.secret_span.start, -one.secret_span.end)):
        if not kept or match.secret_span.end > kept[-1].secret_span.end:
            kept.append(match)
    return kept


def line_context(root: View, match: Match, hidden: list[Match], show: bool) -> str:
    """Return the secret's line, cut to 80 bytes on either side of it, every secret on it redacted.

    ``hidden`` are the ``outermost`` matches of the blob whose values must not show. A secret of several lines is given
    by its first.
    """
    data, span = root.data, match.secret_span
    low = max(data.rfind(b"\n", max(0, span.start - _SHOWN_AROUND), span.start) + 1, span.start - _SHOWN_AROUND)
    end = span.end + _SHOWN_AROUND
    stop = data.find(b"\n", span.end, end)
    high = min(end if stop < 0 else stop, len(data))
    pieces: list[bytes] = []
    on_line = [match]
    position = low
    first = bisect_left(hidden, low, key=lambda one: one.secret_span.end)
    for other in hidden[first:]:
        start, finish = other.secret_span
        if start >= high:
            break
        if finish <= position:
            continue
        pieces.append(data[position : max(position, start)])
        pieces.append(_shown(other, show))
        on_line.append(other)
        position = finish
    pieces.append(data[position:high])
    if not show:
        pieces = [_without(piece, on_line) for piece in pieces]
    return b"".join(pieces).strip(b"\r\n").decode("utf-8", "replace").strip()


def _without(piece: bytes, matches: list[Match]) -> bytes:
    # The same value may stand on the line once more, where no rule looks.
    for match in matches:
        value = match.secret.reveal()
        if len(value) >= _SHORTEST_HIDDEN:
            piece = piece.replace(value, _shown(match, False))
    return piece


def _shown(match: Match, show: bool) -> bytes:
    if show:
        return match.secret.reveal()
    return b"****" if match.secret_span.length < 8 else redacted(match).encode()


def redacted(match: Match) -> str:
    """Return the secret's printable stand-in; of a private key only what it is."""
    if match.rule.kind == "private-key":
        # Nothing behind the closing dashes: in JSON the key itself follows on the same line.
        head = match.secret.reveal()[:80].decode("ascii", "replace")
        stop = head.find("--", head.find("BEGIN"))
        return f"{head[:stop]}-----…" if head.startswith("--") and "BEGIN" in head[:stop] else "****"
    return match.secret.redacted()
