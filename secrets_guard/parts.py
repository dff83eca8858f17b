"""Judged matches of one content -> the same, those that belong together made one: a key with its id, a secret's parts.

A rule names in ``nearby`` the rules whose matches must, or may, stand near its own. What becomes a part is not reported
once more by itself. Rules that do not stand alone are looked for here only, around the few matches that want them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from secrets_guard import judge
from secrets_guard.attribute import context_of
from secrets_guard.decode.view import View
from secrets_guard.detect.matcher import Matcher
from secrets_guard.judge import overlap
from secrets_guard.judge.overlap import Judged
from secrets_guard.model.match import Match, Verdict
from secrets_guard.model.rule import SEVERITIES, Nearby, Rule
from secrets_guard.model.span import Span

REACH = 8 << 10
"""Bytes between two parts at most, however few lines: well within what pieces of a large content have in common."""
_CONSIDERED = 8
"""Matches of one rule before a match, and behind it, that are looked at: bounds the work on hostile content."""


Parts = tuple[Match | None, ...]
"""A match's part for each of its rule's ``nearby``; None where there is none."""


class _Pair(NamedTuple):
    """A match and what may be its part; the nearest sorts first, of equally near ones that further up."""

    lines: int
    first: int
    gap: int
    main: int
    part: int


def join(judged: list[Judged], views: list[View], matcher: Matcher, stands: Callable[[Match], bool]) -> list[Judged]:
    """Return the owned matches of one content: which says it best, with its parts; what is not to be told by verdict.

    ``views`` are those of the content, its own first; ``stands`` tells whether a match that no judge dropped will
    be reported.
    """
    # A rule that needs a part is so vague without it that its refusal says nothing about what others find.
    field: list[Judged] = []
    aside: list[Judged] = []
    for one in judged:
        (aside if one[1] and any(near.required for near in one[0].rule.nearby) else field).append(one)
    mains = [match for match, verdict in field if verdict is None and match.rule.nearby]
    if mains:
        others = _others(field, mains, views, matcher)
        data = views[0].data
        for match, parts in zip(mains, _picked(mains, lambda near: others[near.rule], data), strict=True):
            refusal = _refusal(match, parts)
            aside += [(match, refusal)] if refusal else []
        refused = {id(match) for match, _ in aside}
        field = overlap.resolve([one for one in field if id(one[0]) not in refused])
        field = _settled(field, _picked_anew(field, mains, others, data), stands)
    else:
        field = overlap.resolve(field)
    return [one for one in (*field, *aside) if one[0].owned]


def _others(judged: list[Judged], mains: list[Match], views: list[View], matcher: Matcher) -> dict[str, list[Match]]:
    """Return by the id of its rule whatever may be a part of one of ``mains``."""
    named = {near.rule for match in mains for near in match.rule.nearby}
    others: dict[str, list[Match]] = {rule_id: [] for rule_id in named}
    for match, verdict in judged:
        if verdict is None and match.rule.id in named:
            others[match.rule.id].append(match)
    for rule_id in sorted(named & matcher.helpers.keys()):
        wanting = [match for match in mains if any(near.rule == rule_id for near in match.rule.nearby)]
        others[rule_id] += _searched(matcher.helpers[rule_id], wanting, views, matcher)
    return others


def _picked_anew(
    settled: list[Judged], mains: list[Match], others: dict[str, list[Match]], data: bytes
) -> dict[int, Parts]:
    """Return the parts of those that still stand, by their identity: what was refused takes none from them."""
    standing = {id(match) for match, verdict in settled if verdict is None}
    left = [match for match in mains if id(match) in standing]

    def candidates(near: Nearby) -> list[Match]:
        # What another rule says better is no part, unless nothing is said without it.
        found = others[near.rule]
        return found if near.required else [one for one in found if not one.rule.alone or id(one) in standing]

    return {id(match): parts for match, parts in zip(left, _picked(left, candidates, data), strict=True)}


def _searched(rule: Rule, mains: list[Match], views: list[View], matcher: Matcher) -> Iterator[Match]:
    """Yield a helper's matches around ``mains``, in each text of the content that lies near them."""
    places = sorted(match.span.start for match in mains)
    for view in views:
        if view.parent is None:
            near = [match.span for match in mains]
        else:
            near = [match.at for match in mains if match.view is view]
            if not near:
                original = view.original(*view.fresh)
                index = bisect_left(places, original.start - REACH)
                if index < len(places) and places[index] < original.end + REACH:
                    near = [view.fresh]
        for low, high in _windows(near, len(view.data)):
            for match in matcher.search(rule, view, low, high):
                kept, verdict = judge.judge(match, context_of(match, view.blob.hint))
                if verdict is None:
                    yield kept


def _windows(spans: Iterable[Span], size: int) -> list[Span]:
    """Return the ranges within REACH of the spans, merged."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        low, high = max(0, start - REACH), min(size, end + REACH)
        if merged and low <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, high))
        else:
            merged.append(Span(low, high))
    return merged


def _picked(mains: list[Match], candidates: Callable[[Nearby], list[Match]], data: bytes) -> list[Parts]:
    """Return for each of ``mains`` its part for each of its rule's ``nearby``; None where there is none."""
    picked: list[dict[int, Match]] = [{} for _ in mains]
    for number, near in sorted({one for match in mains for one in enumerate(match.rule.nearby)}):
        wanting = [index for index, match in enumerate(mains) if match.rule.nearby[number : number + 1] == (near,)]
        found = sorted(candidates(near), key=lambda match: match.span)
        pairs = sorted(_pairs(mains, wanting, found, near, data))
        taken: set[int] = set()
        for pair in pairs:
            if number not in picked[pair.main] and pair.part not in taken:
                picked[pair.main][number] = found[pair.part]
                taken.add(pair.part)
        for pair in pairs:
            # Several keys of one account have its id in common; a secret belongs to one of them.
            if near.required or not found[pair.part].rule.alone:
                picked[pair.main].setdefault(number, found[pair.part])
    return [
        tuple(chosen.get(number) for number in range(len(match.rule.nearby)))
        for match, chosen in zip(mains, picked, strict=True)
    ]


def _pairs(mains: list[Match], wanting: list[int], found: list[Match], near: Nearby, data: bytes) -> Iterator[_Pair]:
    starts = [match.span.start for match in found]
    for index in wanting:
        main = mains[index]
        at = bisect_left(starts, main.span.start)
        for place in range(max(0, at - _CONSIDERED), min(len(found), at + _CONSIDERED)):
            part = found[place]
            if part.secret_span.overlaps(main.secret_span):
                continue
            first, second = sorted((main.span, part.span))
            gap = max(0, second.start - first.end)
            if gap > REACH or (near.columns and _apart(main, part, data) > near.columns):
                continue
            lines = data.count(b"\n", first.end, second.start) if gap else 0
            if lines <= near.within:
                yield _Pair(lines, first.start, gap, index, place)


def _apart(one: Match, other: Match, data: bytes) -> int:
    """Return by how many bytes the columns differ in which two matches begin."""
    columns = [
        match.span.start - data.rfind(b"\n", max(0, match.span.start - REACH), match.span.start)
        for match in (one, other)
    ]
    return abs(columns[0] - columns[1])


def _settled(judged: list[Judged], parts: dict[int, Parts], stands: Callable[[Match], bool]) -> list[Judged]:
    mains = [match for match, _ in judged if id(match) in parts and stands(match)]
    owner: dict[Span, Match] = {}
    for main in sorted(mains, key=lambda match: (-SEVERITIES.index(match.rule.severity), match.span)):
        # Of two rules that name each other one is a part of the other.
        if main.secret_span not in owner:
            for part in parts[id(main)]:
                if part is not None:
                    owner.setdefault(part.secret_span, main)
    return [
        (match, verdict) if verdict else _told(match, parts.get(id(match), ()), owner.get(match.secret_span))
        for match, verdict in judged
    ]


def _told(match: Match, parts: Parts, owner: Match | None) -> Judged:
    if owner is not None:
        return match, Verdict(False, "part", f"it is a part of what {owner.rule.id} found")
    return match._replace(parts=tuple(part for part in parts if part is not None)), None


def _refusal(match: Match, parts: Parts) -> Verdict | None:
    """Return the verdict on a match that lacks what its rule requires nearby."""
    for near, part in zip(match.rule.nearby, parts, strict=True):
        if near.required and part is None:
            where = f"within {near.within} lines" if near.within else "on its line"
            return Verdict(False, "nearby", f"no {near.rule} {where}")
    return None
