"""What is new in the contents of a history -> which of them may hold a candidate: the others need not be swept whole.

A content that was made from another repeats most of it. What lies wholly in a repeated run was seen where it is from,
so only what is new, and NEAR bytes around it, is looked at; whoever repeats a suspect is a suspect, too. A rule's match
that is no longer than NEAR is confirmed there. A longer one is noticed by its trigger, which is bounded
(rules/trigger.py). An encoded run may be longer than what is seen of it, so noticing one is enough, but for the two
kinds of escapes that end with their line: they are decoded here. Neither keywords nor judges are asked: they look at
more than a region.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard import workers
from secrets_guard.canary import RULE
from secrets_guard.decode import DECODERS, around, percent, unicode_escape
from secrets_guard.detect.matcher import Hit, Matcher
from secrets_guard.model.protocols import HistorySource, Walk
from secrets_guard.model.result import Stats
from secrets_guard.model.span import Span
from secrets_guard.pattern import NEAR

if TYPE_CHECKING:
    import hyperscan

MARGIN = NEAR + 8
"""Bytes around what is new: the longest match that is confirmed, and what its borders ask about."""
_STEP_BYTES = 2 << 20
_LONGEST_LINE = percent.BACK
"""From this length on a line may go on outside of its region, which keeps twice as much of it (native/src/delta.rs)."""
_LINE_BOUND = (percent.NAME, unicode_escape.NAME)


def can_glance(matcher: Matcher) -> bool:
    """Tell whether every rule can be noticed within MARGIN bytes of what is new."""
    return all(rule is RULE or _near(rule.longest) or _near(rule.trigger_longest) for rule in matcher.rules)


def _near(length: int) -> bool:
    return 0 < length <= NEAR


def glance(source: HistorySource, matcher: Matcher, jobs: int, stats: Stats, tick: Callable[[], None] | None) -> None:
    """Look at what is new in a history's contents, where the source can tell, and tell it which are suspects."""
    first = source.glance(MARGIN, stats) if can_glance(matcher) else None
    if first is None:
        return
    suspects: set[int] = set()
    turns = _Turns([first.walk() for _ in range(jobs)])

    def worker() -> Callable[[Walk], None]:
        look = _Look(matcher, suspects, matcher.scratch())

        def work(walk: Walk) -> None:
            if look.step(walk):
                turns.waiting.append(walk)

        return work

    try:
        workers.run(turns, worker, jobs, tick)
    finally:
        # After ^C, too: what was seen so far can still be told.
        first.settle(suspects)


class _Turns:
    """Walks that wait for a worker. Unlike a generator it may end for one worker and go on for another."""

    def __init__(self, walks: list[Walk]) -> None:
        self.waiting = deque(walks)

    def __iter__(self) -> _Turns:
        return self

    def __next__(self) -> Walk:
        try:
            return self.waiting.popleft()
        except IndexError:
            raise StopIteration from None


class _Look(NamedTuple):
    """One worker's eye; ``suspects`` are shared."""

    matcher: Matcher
    suspects: set[int]
    scratch: hyperscan.Scratch

    def step(self, walk: Walk) -> bool:
        """Look at the next piece of a walk; tell whether there was one."""
        text = walk.next(_STEP_BYTES)
        if text is None:
            return False
        hits, encoded = self.matcher.scan(text.buffer, self.scratch)
        if hits or encoded:
            starts, owners = memoryview(text.starts).cast("I"), memoryview(text.owners).cast("I")
            _Regions(self, text.buffer, starts, owners).sort(hits, encoded)
        return True

    def any_hit(self, texts: list[bytes]) -> bool:
        """Tell whether stage one sees anything in texts."""
        hits, encoded = self.matcher.scan(b"\n".join([b"", *texts, b""]), self.scratch)
        return bool(hits or encoded)


class _Regions(NamedTuple):
    """The regions of one buffer."""

    look: _Look
    buffer: bytes
    starts: memoryview[int]
    owners: memoryview[int]

    def sort(self, hits: list[Hit], encoded: list[Hit]) -> None:
        """Note the owners of regions in which a hit is more than a hit."""
        suspects = self.look.suspects
        for index, end in hits:
            owner, low, high = self._region(end)
            if owner not in suspects and self._confirmed(index, end, low, high):
                suspects.add(owner)
        decoded: dict[int, dict[Span, bytes]] = {}
        for index, end in encoded:
            owner, low, high = self._region(end)
            if owner in suspects:
                continue
            run = self._line_bound(index, end, low, high)
            if run is None:
                suspects.add(owner)
            elif run not in (texts := decoded.setdefault(owner, {})):
                texts[run] = self._decoded(index, run, low, high)
        for owner, texts in decoded.items():
            if owner not in suspects and self.look.any_hit(list(texts.values())):
                suspects.add(owner)

    def _region(self, end: int) -> tuple[int, int, int]:
        """Return whose region a hit is in, and where that begins and ends."""
        row = max(bisect_right(self.starts, end - 1) - 1, 0)
        following = self.starts[row + 1] if row + 1 < len(self.starts) else len(self.buffer)
        return self.owners[row], self.starts[row], following - 1

    def _confirmed(self, index: int, end: int, low: int, high: int) -> bool:
        matcher = self.look.matcher
        rule = matcher.rules[index]
        if rule is RULE:
            return False
        if not _near(rule.longest):
            return True
        window = max(low, end - rule.max_length - 1), min(high, end + rule.max_length)
        return matcher.expression(index).search(self.buffer, *window) is not None

    def _line_bound(self, index: int, end: int, low: int, high: int) -> Span | None:
        """Return the run of escapes around a hit; None where it is not known to end in this region."""
        decoder = DECODERS[index]
        run = decoder.run(self.buffer, end, low, high) if decoder.name in _LINE_BOUND else None
        return None if run is None or run.length >= _LONGEST_LINE else run

    def _decoded(self, index: int, run: Span, low: int, high: int) -> bytes:
        """Return a run decoded, with what stays of its line."""
        result = DECODERS[index].decode(self.buffer[run.start : run.end])
        before, after = around(self.buffer, run, low, high)
        return before + result[0] + after if result is not None else b""
