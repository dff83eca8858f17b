"""A text to match on: a blob as it is, or what is left of a piece of it when an encoding is undone."""

from __future__ import annotations

from collections.abc import Callable

from secrets_guard.model.blob import Blob
from secrets_guard.model.span import Span

BackMap = Callable[[int, int], Span]
"""(start, end) in a decoded text -> the range of the text it was decoded from."""


class View:
    """``data`` to match on, and the way back to the text of the blob.

    ``fresh`` is the part that was not visible in the parent: a match must reach into it to count. A view without a
    parent is the blob itself as text (a UTF-16 file as UTF-8): lines and columns are counted in it.
    """

    __slots__ = ("back", "binary", "blob", "blob_index", "chain", "data", "fresh", "lower", "parent", "raw")

    def __init__(self, blob: Blob, blob_index: int) -> None:
        self.blob = blob
        self.blob_index = blob_index
        self.data = blob.data
        self.chain: tuple[str, ...] = ()
        self.parent: View | None = None
        self.back: BackMap | None = None
        self.raw: BackMap | None = None
        self.fresh = Span(0, len(blob.data))
        self.binary = False
        self.lower: bytes | None = None

    def lowered(self) -> bytes:
        """Return the text in lower case, made once."""
        if self.lower is None:
            self.lower = self.data.lower()
        return self.lower

    def as_text(self, encoding: str, text: bytes, raw: BackMap) -> None:
        """Let this view show the blob as ``text``; ``raw`` maps back to its bytes."""
        self.data, self.chain, self.raw, self.fresh = text, (encoding,), raw, Span(0, len(text))

    def decoded(self, encoding: str, data: bytes, fresh: Span, back: BackMap) -> View:
        """Return a view of ``data``, decoded from a part of this one."""
        view = View(self.blob, self.blob_index)
        view.data, view.chain, view.parent, view.back = data, (*self.chain, encoding), self, back
        view.fresh, view.binary = fresh, self.binary
        return view

    def root(self) -> View:
        """Return the view of the blob itself."""
        view = self
        while view.parent is not None:
            view = view.parent
        return view

    def original(self, start: int, end: int) -> Span:
        """Map a range of this view to the range of the root's text that it stands for."""
        view: View | None = self
        while view is not None and view.back is not None:
            start, end = view.back(start, end)
            view = view.parent
        return Span(start, end)

    def owns(self, span: Span) -> bool:
        """Tell whether a match at ``span`` of the root's text belongs to this piece of the content."""
        blob = self.blob
        if blob.owned_to < 0 and not blob.owned_from:
            return True
        raw = self.root().raw
        end = raw(span.start, span.end).end if raw else span.end
        return blob.owned_from < end and (blob.owned_to < 0 or end <= blob.owned_to)
