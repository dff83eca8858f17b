"""A parsed pattern -> the reason why matching it could take for ever, or an empty string.

``re`` backtracks. What must be kept out is a repeated group that reads one text in several ways (exponential) and
long chains of repeats that can take the same characters (polynomial); stage two runs only on small windows.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from secrets_guard.pattern.automaton import FEW, REPEATS, Automaton, TooLargeError, ambiguous, is_single, parts_of

WINDOW = 65_536
"""The longest text, in bytes, that stage two ever hands to ``re``; an unbounded repeat counts as this many."""

_MOST_STEPS = 10_000_000
_MOST_STATES = 20_000
_MOST_REPEATS = 300
_ALL = (1 << 256) - 1


def blow_up(parsed: Any, window: int = WINDOW) -> str:
    """Return why ``re.search`` with the pattern could blow up, or ''.

    ``parsed`` is ``re._parser.parse``'s tree of a bytes pattern; ``window`` is the longest text, in bytes, to be met.
    """
    try:
        return _groups(parsed, parsed.state.flags, True) or _chains(parsed, parsed.state.flags, window)
    except RecursionError:
        return "nested too deep to check"
    except TooLargeError:
        return "too large to check: split it into several rules"


def _groups(items: Any, flags: int, ends: bool) -> str:
    """Find a repeated group that reads one text in several ways; ``ends``: nothing of the pattern comes after."""
    for place, (op, argument) in enumerate(items, 1):
        name = str(op)
        last = ends and place == len(items)
        repeat = name in REPEATS and argument[1] > 1
        for sub, inner in parts_of(name, argument, flags):
            reason = _groups(sub, inner, last and not repeat and name not in ("ASSERT", "ASSERT_NOT"))
            if reason:
                return reason
        if not repeat or argument[1] <= FEW or (last and argument[0] <= 1):
            # A last repeat that needs no second round has nothing behind it that could fail.
            continue
        if not is_single(argument[2], flags) and ambiguous(argument[2], flags):
            return "a repeated group can read one text in several ways: end it with something that it can't hold inside"
    return ""


def _chains(items: Any, flags: int, window: int) -> str:
    automaton = Automaton(window)
    ends = automaton.sequence(items, flags).last
    if _Chain(automaton, set(ends)).cost() > _MOST_STEPS:
        return "several long repeats in a row can take the same characters: lower their bounds or separate them"
    return _lookarounds(items, flags, window)


def _lookarounds(items: Any, flags: int, window: int) -> str:
    """Check what each lookaround holds: it is matched on its own, and is no part of the chain around it."""
    for op, argument in items:
        for sub, inner in parts_of(str(op), argument, flags):
            looking = str(op) in ("ASSERT", "ASSERT_NOT")
            reason = _chains(sub, inner, window) if looking else _lookarounds(sub, inner, window)
            if reason:
                return reason
    return ""


class _Chain:
    """The repeats of an automaton, and which of them can hand text to which."""

    def __init__(self, automaton: Automaton, ends: set[int]) -> None:
        if len(automaton.spans) > _MOST_REPEATS:
            raise TooLargeError
        self.masks, self.spans, self.ends = automaton.masks, automaton.spans, ends
        self.window = automaton.window
        self.following = automaton.following()
        self.reached = {place: self._reach(place) for place in self.spans}

    def _reach(self, place: int) -> set[int]:
        seen: set[int] = set()
        waiting = [place]
        while waiting:
            for after in self.following[waiting.pop()]:
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
        return seen

    def cost(self) -> int:
        """Return about how many ways there are to try from one start, at worst."""
        best: dict[int, int] = {}
        worst = 1
        for place in sorted(self.spans):
            ways = 1
            for before, so_far in best.items():
                if place in self.reached[before]:
                    ways = max(ways, so_far * (self._splits(before, place) if so_far <= _MOST_STEPS else 1))
            best[place] = ways
            worst = max(worst, ways * (1 if self._never_fails(place) else self.spans[place]))
            if worst > _MOST_STEPS:
                break
        return worst

    def _never_fails(self, place: int) -> bool:
        behind = 0
        for after in self.following[place]:
            behind |= self.masks[after]
        return place in self.ends or (self.spans[place] >= self.window and self.masks[place] | behind == _ALL)

    def _splits(self, one: int, two: int) -> int:
        """Return in how many ways two repeats can share a text: 1 unless one word keeps both going and leads across."""
        if one in self.reached[two]:
            return 1
        home = self._circle(one), self._circle(two)
        start, goal = (one, one, two), (one, two, two)
        came: dict[tuple[int, int, int], tuple[int, int, int] | None] = {start: None}
        waiting = deque([start])
        while waiting:
            state = waiting.popleft()
            for after in self._moves(state, home):
                if after == goal:
                    return max(1, min(self.spans[one], self.spans[two]) // self._shift(came, state))
                if after not in came:
                    came[after] = state
                    waiting.append(after)
            if len(came) > _MOST_STATES:
                return min(self.spans[one], self.spans[two])
        return 1

    def _circle(self, place: int) -> set[int]:
        return {other for other in self.reached[place] if place in self.reached.get(other, ())} | {place}

    def _moves(self, state: tuple[int, int, int], home: tuple[set[int], set[int]]) -> list[tuple[int, int, int]]:
        return [
            (x, y, z)
            for x in self.following[state[0]]
            if x in home[0]
            for z in self.following[state[2]]
            if z in home[1] and self.masks[x] & self.masks[z]
            for y in self.following[state[1]]
            if self.masks[x] & self.masks[y] & self.masks[z]
        ]

    def _shift(
        self, came: dict[tuple[int, int, int], tuple[int, int, int] | None], state: tuple[int, int, int] | None
    ) -> int:
        """Return the least distance at which the text between two repeats can occur again, overlapping itself."""
        masks: list[int] = []
        while state is not None:
            if state[1] != state[0]:
                masks.append(self.masks[state[1]])
            state = came[state]
        for shift in range(1, len(masks)):
            if all(one & two for one, two in zip(masks, masks[shift:], strict=False)):
                return shift
        return max(1, len(masks))
