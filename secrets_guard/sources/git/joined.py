"""The first looks at several repositories -> one: what is a content's number in its own becomes one among all."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from typing import NamedTuple

from secrets_guard.model.protocols import NewText, Walk
from secrets_guard.sources.git.native import NativeGlance


class _Shifted(NamedTuple):
    """A piece of one repository, its owners numbered among all."""

    buffer: bytes
    starts: bytes
    owners: bytes


class JoinedGlance:
    """Goes through the glances one after the other; each thread has a share of all."""

    def __init__(self, glances: Sequence[NativeGlance]) -> None:
        self._firsts: list[tuple[int, NativeGlance]] = []
        total = 0
        for glance in glances:
            self._firsts.append((total, glance))
            total += glance.size

    def walk(self) -> Walk:
        """Return one thread's share."""
        return _JoinedWalk([(first, glance.walk()) for first, glance in self._firsts])

    def settle(self, suspects: Collection[int]) -> None:
        """Hand each repository the suspects among its contents."""
        for first, glance in self._firsts:
            glance.settle([number - first for number in suspects if first <= number < first + glance.size])


class _JoinedWalk:
    def __init__(self, walks: list[tuple[int, Walk]]) -> None:
        self._walks = walks

    def next(self, size: int) -> NewText | None:
        """Return about ``size`` bytes more, None at the end of all."""
        while self._walks:
            first, walk = self._walks[0]
            text = walk.next(size)
            if text is not None and not first:
                return text
            if text is not None:
                owners = array("I", [owner + first for owner in memoryview(text.owners).cast("I")])
                return _Shifted(text.buffer, text.starts, owners.tobytes())
            self._walks.pop(0)
        return None
