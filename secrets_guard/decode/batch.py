"""Many views -> one buffer for one scan, and the way from an offset back to its view."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from secrets_guard.decode.view import View


class Batch:
    """Views joined by newlines; ``starts[i]`` is the offset of view ``i`` in ``buffer``."""

    __slots__ = ("buffer", "starts", "views")

    def __init__(self, views: list[View]) -> None:
        self.views = views
        # A newline before, between and after: a rule's \b and a decoder's "not in my alphabet" hold at the borders.
        self.buffer = b"\n".join([b"", *(view.data for view in views), b""])
        self.starts = list(accumulate((len(view.data) + 1 for view in views[:-1]), initial=1))

    def index_of(self, end: int) -> int:
        """Return which view holds the byte before offset ``end``."""
        return max(bisect_right(self.starts, end - 1) - 1, 0)

    def bounds(self, index: int) -> tuple[int, int]:
        """Return the offsets at which view ``index`` begins and ends in the buffer."""
        start = self.starts[index]
        return start, start + len(self.views[index].data)
