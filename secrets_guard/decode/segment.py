"""The way back: from offsets in a decoded text to the range of the text that it was decoded from."""

from __future__ import annotations

from bisect import bisect_right

from secrets_guard.model.span import Span


class Steps:
    """A map made of runs, each of units of some decoded bytes that stand for some encoded bytes.

    From decoded offset ``outs[i]`` on, ``out_widths[i]`` decoded bytes stand for ``in_widths[i]`` encoded bytes that
    begin at ``ins[i]``; this repeats until the next run begins.
    """

    __slots__ = ("_in_widths", "_ins", "_limit", "_out_widths", "_outs")

    def __init__(self, limit: int) -> None:
        self._outs: list[int] = []
        self._ins: list[int] = []
        self._out_widths: list[int] = []
        self._in_widths: list[int] = []
        self._limit = limit

    def run(self, out: int, into: int, out_width: int = 1, in_width: int = 1) -> None:
        """Add a run; runs come in order of their decoded offset."""
        self._outs.append(out)
        self._ins.append(into)
        self._out_widths.append(out_width)
        self._in_widths.append(in_width)

    def __call__(self, start: int, end: int) -> Span:
        """Return the smallest encoded range that holds the decoded bytes ``start`` to ``end``."""
        first, _ = self._unit(start)
        _, last = self._unit(max(start, end - 1))
        return Span(first, max(first, last))

    def _unit(self, position: int) -> tuple[int, int]:
        index = max(bisect_right(self._outs, position) - 1, 0)
        into, out_width, in_width = self._ins[index], self._out_widths[index], self._in_widths[index]
        offset = max(position - self._outs[index], 0)
        # Of a unit that is wider than a byte (base64: 3 for 4) only the characters that carry bits of this byte count.
        begin = into + offset * in_width // out_width
        stop = into - (-(offset + 1) * in_width // out_width)
        return min(begin, self._limit), min(stop, self._limit)


class Spliced:
    """A decoded run set back into what stood around it: ``before`` + decoded + ``after``, as one map."""

    __slots__ = ("_after", "_before", "_inner", "_length", "_run")

    def __init__(self, before: int, run: Span, length: int, inner: Steps) -> None:
        """``before`` bytes stand in front of ``run``; ``length`` bytes were decoded from it."""
        self._before, self._run, self._length, self._inner = before, run, length, inner

    def __call__(self, start: int, end: int) -> Span:
        """Return the range of the parent text for a range of the spliced text."""
        return Span(self._map(start, end).start, self._map(max(start, end - 1), end).end)

    def _map(self, start: int, end: int) -> Span:
        run, before = self._run, self._before
        if start < before:
            return Span(run.start - before + start, run.start - before + min(end, before))
        if start < before + self._length:
            inner = self._inner(start - before, min(end, before + self._length) - before)
            return Span(run.start + inner.start, run.start + inner.end)
        beyond = run.end - before - self._length
        return Span(start + beyond, end + beyond)
