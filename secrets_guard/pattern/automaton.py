"""A repeated group of a parsed pattern -> whether it can read one text in two ways (a position automaton)."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
"""The items of ``re``'s tree that repeat: (least, most, body)."""

UNROLL = 64
"""An exact repeat is written out as at most this many copies."""

FEW = 4
"""A group repeated at most this often is judged as that many copies in a row: polynomial, not exponential."""

_MOST_POSITIONS = 600
_MOST_IN_CHAIN = 5_000
_MOST_PAIRS = 100_000
_ALL = (1 << 256) - 1
_NEWLINE = 1 << 10


def parts_of(name: str, argument: Any, flags: int) -> list[tuple[Any, int]]:
    """Return the (sub-pattern, flags) inside an item of the tree."""
    if name in REPEATS:
        return [(argument[2], flags)]
    if name == "SUBPATTERN":
        return [(argument[3], (flags | argument[1]) & ~argument[2])]
    if name == "ATOMIC_GROUP":
        return [(argument, flags)]
    if name in ("ASSERT", "ASSERT_NOT"):
        return [(argument[1], flags)]
    if name == "BRANCH":
        return [(sub, flags) for sub in argument[1]]
    if name == "GROUPREF_EXISTS":
        return [(sub if sub is not None else [], flags) for sub in argument[1:]]
    return []


def mask_of(name: str, argument: Any, flags: int) -> int:
    """Return the bytes that a one-byte item matches, one bit each; 0 for any other item."""
    if name == "ANY":
        return _ALL if flags & re.DOTALL else _ALL & ~_NEWLINE
    if name == "LITERAL":
        return _folded(1 << argument, flags)
    if name == "NOT_LITERAL":
        return _ALL & ~_folded(1 << argument, flags)
    if name != "IN":
        return 0
    found = 0
    for op, value in argument:
        if str(op) == "LITERAL":
            found |= 1 << value
        elif str(op) == "RANGE":
            found |= (1 << (value[1] + 1)) - (1 << value[0])
        elif str(op) == "CATEGORY":
            found |= _category(str(value))
    found = _folded(found, flags)
    return _ALL & ~found if str(argument[0][0]) == "NEGATE" else found


@cache
def _category(name: str) -> int:
    letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.rpartition("_")[2]]
    matches = re.compile(f"\\{letter.upper() if '_NOT_' in name else letter}".encode()).match
    return sum(1 << byte for byte in range(256) if matches(bytes([byte])))


def _folded(mask: int, flags: int) -> int:
    if not flags & re.IGNORECASE:
        return mask
    letters = ((1 << 26) - 1) << 97
    return mask | (mask & letters) >> 32 | (mask & letters >> 32) << 32


def is_single(body: Any, flags: int) -> bool:
    """Tell whether a sub-pattern takes one byte, always."""
    return len(body) == 1 and mask_of(str(body[0][0]), body[0][1], flags) > 0


class Part(NamedTuple):
    """A piece of the automaton: in how many ways it can be empty, begin and end at a position."""

    empty: int
    first: Counter[int]
    last: Counter[int]


class TooLargeError(Exception):
    """The automaton outgrows what is worth checking."""


class Automaton:
    """The position automaton (Glushkov) of a pattern, each edge with the number of ways that lead along it.

    With a ``window`` (bytes) it is built for the chains of repeats instead of for one repeated group: see ``spans``.
    """

    def __init__(self, window: int = 0) -> None:
        self.window = window
        self.masks: list[int] = []
        self.spans: dict[int, int] = {}
        """In chain mode: of a position that repeats, how many lengths its repeat can take."""
        self.edges: Counter[tuple[int, int]] = Counter()
        self.doubtful = False

    def sequence(self, items: Any, flags: int) -> Part:
        """Add the items one after the other; raises TooLargeError."""
        made = Part(1, Counter(), Counter())
        for op, argument in items:
            made = self._join(made, self._item(str(op), argument, flags))
        return made

    def _join(self, one: Part, two: Part) -> Part:
        self.link(one.last, two.first)
        first, last = Counter(one.first), Counter(two.last)
        if one.empty:
            first.update({place: ways * one.empty for place, ways in two.first.items()})
        if two.empty:
            last.update({place: ways * two.empty for place, ways in one.last.items()})
        return Part(min(2, one.empty * two.empty), first, last)

    def link(self, last: Counter[int], first: Counter[int]) -> None:
        """Add an edge from each of ``last`` to each of ``first``."""
        for source, ways in last.items():
            for place, more in first.items():
                self.edges[source, place] += ways * more

    def _item(self, name: str, argument: Any, flags: int) -> Part:
        mask = mask_of(name, argument, flags)
        if mask:
            return self._position(mask)
        if name in REPEATS:
            return self._repeat(argument[0], argument[1], argument[2], flags)
        if self.window and name == "AT" and str(argument).startswith("AT_END"):
            return self._position(_NEWLINE)
        if name in ("AT", "ASSERT", "ASSERT_NOT"):
            return Part(1, Counter(), Counter())
        # A back-reference repeats whatever its group took, which may be nothing at all.
        self.doubtful |= name == "GROUPREF"
        parts = [self.sequence(sub, inner) for sub, inner in parts_of(name, argument, flags)]
        empty = min(2, sum(part.empty for part in parts))
        none: Counter[int] = Counter()
        return Part(empty, sum((p.first for p in parts), none), sum((p.last for p in parts), none))

    def _position(self, mask: int) -> Part:
        place = len(self.masks)
        if place > (_MOST_IN_CHAIN if self.window else _MOST_POSITIONS):
            raise TooLargeError
        self.masks.append(mask)
        return Part(0, Counter([place]), Counter([place]))

    def _repeat(self, least: int, most: int, body: Any, flags: int) -> Part:
        single = is_single(body, flags)
        most_copies = (2 if single else FEW) if self.window else UNROLL
        copies = min(most, most_copies) if least == most else 0
        if self.window and least < most:
            # Few copies are written out, so that a group that reads one text in two ways counts as polynomial.
            copies = min(least, 2) if single else most if 1 < most <= FEW else 0
        made = Part(1, Counter(), Counter())
        for number in range(copies):
            part = self.sequence(body, flags)
            optional = number >= least and least < most
            made = self._join(made, part._replace(empty=min(2, part.empty + 1)) if optional else part)
        if least == most or (self.window and not single and copies):
            return made
        begin = len(self.masks)
        part = self.sequence(body, flags)
        if most > 1 or self.window:
            self._loop(part, begin, least, most, body)
        return self._join(made, part._replace(empty=min(2, part.empty + (least == 0 or copies > 0))))

    def _loop(self, part: Part, begin: int, least: int, most: int, body: Any) -> None:
        if self.window:
            low, high = body.getwidth()
            lengths = min(high * most, self.window) - min(low * least, self.window) + 1
            if most == 1 and len(self.masks) - begin > 1:
                return
            for place in range(begin, len(self.masks)):
                self.spans[place] = max(lengths, self.spans.get(place, 1))
        self.link(part.last, part.first)
        self.doubtful |= part.empty > 0

    def following(self) -> list[list[int]]:
        """Return the positions that can come next, for each position."""
        following: list[list[int]] = [[] for _ in self.masks]
        for source, place in self.edges:
            following[source].append(place)
        return following

    def two_ways(self) -> bool:
        """Tell whether two different runs over one text meet again (every position is inside the one loop)."""
        if self.doubtful or any(ways > 1 for ways in self.edges.values()):
            return True
        following = self.following()
        waiting = [(one, two) for places in following for one, two in combinations(sorted(places), 2)]
        seen: set[tuple[int, int]] = set()
        while waiting:
            one, two = pair = waiting.pop()
            if pair in seen or not self.masks[one] & self.masks[two]:
                continue
            seen.add(pair)
            for left in following[one]:
                for right in following[two]:
                    if left == right:
                        return True
                    waiting.append((min(left, right), max(left, right)))
            if len(seen) > _MOST_PAIRS:
                raise TooLargeError
        return False


def ambiguous(body: Any, flags: int) -> bool:
    """Tell whether ``body``, repeated, can read one text in two ways; True as well when it is too large to tell."""
    automaton = Automaton()
    try:
        made = automaton.sequence(body, flags)
        automaton.link(made.last, made.first)
        return made.empty > 0 or automaton.two_ways()
    except TooLargeError:
        return True
