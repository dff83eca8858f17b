"""What opening archives may cost, and the account of it that everything inside one outermost content shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from secrets_guard.model.result import Problem

if TYPE_CHECKING:
    from secrets_guard.config import Settings
    from secrets_guard.sources.archive.entry import Read


class Limits(NamedTuple):
    """Bounds, each for one outermost content with all that is nested in it; sizes in bytes.

    Time has no clock of its own, so that two runs agree: what is expanded bounds it.
    """

    depth: int = 5
    """Archives inside one another that are opened; 0: none."""
    members: int = 1_000_000
    """Members, all levels together."""
    free: int = 256 << 20
    """What any content may expand to, however small it is."""
    ratio: int = 200
    """Beyond that, so many times its own size: the densest text seldom comes to 50, zeros come to 1,000 and more."""
    largest: int = 0
    """``--max-file-size``: a member larger than this is left out; 0: none is."""


def limits_of(settings: Settings) -> Limits:
    """Return the limits that the options of a sweep set."""
    return Limits(depth=0 if settings.no_archives else settings.max_depth, largest=settings.max_file_size)


class Budget:
    """Spent by all archives inside one outermost content. Once ``reached`` says why, every reader comes to its end."""

    __slots__ = ("expanded", "limits", "members", "reached", "read")

    def __init__(self, limits: Limits, size: int = 0) -> None:
        """``size``: of the outermost content, where it is known; else it is counted as it is read (``metered``)."""
        self.limits = limits
        self.read = size
        self.expanded = self.members = 0
        self.reached = ""

    def metered(self, read: Read) -> Read:
        """Return a read of the outermost content that counts what goes by."""

        def counted(wanted: int) -> bytes:
            data = read(wanted)
            self.read += len(data)
            return data

        return counted

    def expand(self, size: int) -> bool:
        """Count bytes that came out of a decompressor; False when they are too many."""
        self.expanded += size
        if self.expanded > self.limits.free and self.expanded > self.limits.free + self.limits.ratio * self.read:
            self.reached = self.reached or (
                f"it expands to more than {self.limits.ratio} times its size "
                f"({self.expanded:,} bytes so far): the rest is not swept"
            )
        return not self.reached

    def member(self) -> bool:
        """Count a member; False when there are too many."""
        self.members += 1
        if self.members > self.limits.members:
            self.reached = self.reached or f"more than {self.limits.members:,} members: the rest is not swept"
        return not self.reached

    def problem(self, where: str) -> Problem:
        """Return the Problem of the outermost content."""
        return Problem("limit", where, self.reached)
