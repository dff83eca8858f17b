"""A half-open range of byte offsets."""

from typing import NamedTuple


class Span(NamedTuple):
    """``start`` (included) and ``end`` (excluded), in bytes."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.end - self.start

    def overlaps(self, other: "Span") -> bool:
        """Tell whether the two ranges share a byte."""
        return self.start < other.end and other.start < self.end
