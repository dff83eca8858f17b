"""A batch -> matches: Vectorscan says where something may be, ``re`` says exactly what."""

from __future__ import annotations

import re
from collections.abc import Iterator

import hyperscan

from secrets_guard.cache import Cache
from secrets_guard.decode import DECODERS
from secrets_guard.decode.batch import Batch
from secrets_guard.decode.view import View
from secrets_guard.detect.database import Loaded, database
from secrets_guard.detect.runs import run_finder
from secrets_guard.model.match import Match
from secrets_guard.model.rule import Rule
from secrets_guard.model.secret import Secret
from secrets_guard.model.span import Span

Hit = tuple[int, int]
"""(index of the pattern, offset in the batch's buffer where it ended)."""

_BINARY_KINDS = ("token", "private-key")
"""Kinds that mean something inside binary content; a word and an equals sign there do not."""


class Matcher:
    """All rules and all decoders' triggers in one database. Safe to share; each thread brings its own scratch.

    ``helpers`` (by id) are the rules that do not stand alone: in no database, but looked for where others match.
    """

    def __init__(self, rules: tuple[Rule, ...], cache: Cache, ready: Loaded | None = None) -> None:
        """Take the database that is ``ready``, load it or compile it.

        Raises RuleError for a pattern that Vectorscan refuses.
        """
        self.rules = tuple([rule for rule in rules if rule.alone])
        self.helpers = {rule.id: rule for rule in rules if not rule.alone}
        patterns = [(rule.trigger or rule.pattern).encode() for rule in self.rules]
        names = [f"{rule.place}: {rule.id}" for rule in self.rules]
        self._found, self._find = run_finder()
        patterns += [decoder.trigger for decoder in DECODERS[self._found :]]
        names += [decoder.name for decoder in DECODERS[self._found :]]
        self.database_name, self.database = database(patterns, names, cache, ready)
        self._expressions: dict[str, re.Pattern[bytes]] = {}
        self._paths: dict[str, re.Pattern[str]] = {}

    def scratch(self) -> hyperscan.Scratch:
        """Return the scratch space that one thread needs."""
        return hyperscan.Scratch(self.database)

    def scan(self, buffer: bytes, scratch: hyperscan.Scratch) -> tuple[list[Hit], list[Hit]]:
        """Stage one: return the hits of rules, and those of decoders (by index into DECODERS)."""
        hits: list[Hit] = []
        append = hits.append

        def on_match(index: int, _start: int, end: int, _flags: int, _context: object) -> None:
            append((index, end))

        self.database.scan(buffer, match_event_handler=on_match, scratch=scratch)
        first, found = len(self.rules), self._find(buffer)
        if not hits:
            return hits, found
        found += [(index - first + self._found, end) for index, end in hits if index >= first]
        return [hit for hit in hits if hit[0] < first], found

    def confirm(self, batch: Batch, hits: list[Hit]) -> Iterator[Match]:
        """Stage two: yield the matches that the rules' own patterns find around the hits.

        Of a content in pieces those of its neighbours are among them, not ``owned``.
        """
        ends: dict[int, list[int]] = {}
        for index, end in hits:
            ends.setdefault(index, []).append(end)
        for index in sorted(ends):
            rule = self.rules[index]
            looked, has_keyword = -1, True
            for place, low, high in _windows(batch, sorted(ends[index]), rule.max_length):
                view = batch.views[place]
                if not self._looks_into(rule, view):
                    continue
                if rule.keywords and place != looked:
                    looked, has_keyword = place, _has_keyword(rule.keywords, view)
                if not has_keyword:
                    continue
                base = batch.starts[place]
                for found in self.expression(index).finditer(batch.buffer, low, high):
                    match = _match(rule, view, found, base)
                    if match is not None:
                        yield match

    def search(self, rule: Rule, view: View, low: int, high: int) -> Iterator[Match]:
        """Yield the matches of one of ``helpers`` between two offsets of a view, whichever piece they belong to."""
        if not self._looks_into(rule, view):
            return
        for found in self._expression(rule).finditer(view.data, low, high):
            match = _match(rule, view, found, 0)
            if match is not None:
                yield match

    def expression(self, index: int) -> re.Pattern[bytes]:
        """Return a rule's pattern, compiled the first time it is asked for."""
        return self._expression(self.rules[index])

    def _expression(self, rule: Rule) -> re.Pattern[bytes]:
        made = self._expressions.get(rule.id)
        if made is None:
            made = self._expressions[rule.id] = re.compile(rule.pattern.encode())
        return made

    def _looks_into(self, rule: Rule, view: View) -> bool:
        """Tell whether a rule has anything to say of such a content: of its kind, under its path."""
        if view.binary and rule.kind not in _BINARY_KINDS:
            return False
        if not rule.path or not view.blob.hint:
            return True
        made = self._paths.get(rule.id)
        if made is None:
            made = self._paths[rule.id] = re.compile(rule.path)
        return made.search(view.blob.hint) is not None


def _windows(batch: Batch, ends: list[int], reach: int) -> Iterator[tuple[int, int, int]]:
    """Yield (view, low, high): ranges of one view, merged, that hold every match around the sorted ``ends``."""
    place = low = high = -1
    view_end = -1
    for end in ends:
        # A trigger may end with the border behind the match, and so in the newline behind its view.
        first = end - reach - 1
        if place >= 0 and end <= view_end + 1 and first <= high:
            high = min(view_end, end + reach)
            continue
        if place >= 0:
            yield place, low, high
        place = batch.index_of(end)
        view_start, view_end = batch.bounds(place)
        low, high = max(view_start, first), min(view_end, end + reach)
    if place >= 0:
        yield place, low, high


def _has_keyword(keywords: tuple[str, ...], view: View) -> bool:
    text = view.lowered()
    return any(keyword.encode() in text for keyword in keywords)


def _match(rule: Rule, view: View, found: re.Match[bytes], base: int) -> Match | None:
    start, end = found.span()
    secret_start, secret_end = found.span(rule.secret_group)
    if secret_start < 0:
        group = next((number for number in range(1, found.re.groups + 1) if found.span(number)[0] >= 0), 0)
        secret_start, secret_end = found.span(group)
    if secret_end <= secret_start:
        return None
    local = Span(start - base, end - base)
    local_secret = Span(secret_start - base, secret_end - base)
    span = view.original(*local)
    if not local_secret.overlaps(view.fresh):
        return None
    return Match(
        rule=rule,
        blob_index=view.blob_index,
        span=span,
        secret_span=view.original(*local_secret),
        secret=Secret(view.data[local_secret.start : local_secret.end]),
        text=found.group(),
        at=local_secret,
        view=view,
        decoded=view.chain,
        confidence=rule.confidence,
        reasons=(),
        owned=view.owns(span),
    )
