"""Traces of secrets in a history -> standings: where each came from, how long it stood, and who still has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from secrets_guard.model.origin import CommitOrigin, Exposure, MessageOrigin
from secrets_guard.model.protocols import Standing
from secrets_guard.sources.git.metadata import Made, read_metadata
from secrets_guard.sources.git.reader import COMMIT_MESSAGE
from secrets_guard.sources.git.refs import Refs
from secrets_guard.sources.git.repository import Repository
from secrets_guard.sources.git.trace import Trace, add_refs, find_tips
from secrets_guard.sources.git.walk import Walk

_DAY = 86_400


class History(NamedTuple):
    """What standings are told from."""

    repository: Repository
    walk: Walk
    refs: Refs
    head: str
    """A commit to ask besides the branches' tips whether a secret still stands: a range's head, or ''."""

    def tips(self, held: int) -> list[str]:
        """Return the commits to ask, for a set of refs."""
        return list(dict.fromkeys([*([self.head] if self.head else []), *self.refs.tips(held)]))

    def name(self, number: int) -> str:
        """Return a commit's id by its number in the walk."""
        return self.walk.lines[number].partition(b" ")[0].decode()


class Span(NamedTuple):
    """The commits that bound an exposure: ids; ``until`` is the one that ended it, or ``last`` itself."""

    first: str
    last: str
    until: str


def stand(history: History, traces: list[Trace], with_secret: Collection[str]) -> Iterator[tuple[str, Standing]]:
    """Yield (key, Standing) for each trace, the oldest first; ``with_secret`` are commits whose message holds one."""
    add_refs(traces, history.walk, history.refs.at_commits())
    find_tips(history.repository.git, traces, {trace.refs: history.tips(trace.refs) for trace in traces})
    traces = sorted(traces, key=lambda trace: (-trace.first, trace.path))
    spans = [_span(history, trace) for trace in traces]
    made = read_metadata(history.repository.git, {name for span in spans for name in span})
    for trace, span in zip(traces, spans, strict=True):
        who = made.get(span.first, Made())
        origin = CommitOrigin(
            path=trace.path.decode("utf-8", "surrogateescape"),
            commit=span.first,
            author=who.author,
            email=who.email,
            date=who.date,
            # Its first line may be where the secret stands.
            summary="" if span.first in with_secret else who.summary,
        )
        exposure = _exposure(span, made, bool(trace.tip), history.refs.names(trace.refs))
        yield trace.key, Standing(trace.blob.decode(), origin, exposure)


def _span(history: History, trace: Trace) -> Span:
    first = history.name(trace.first)
    if trace.tip:
        return Span(first, trace.tip, trace.tip)
    if 0 <= trace.removed < trace.latest:
        parent = history.walk.first_parent(trace.removed).decode()
        return Span(first, parent or history.name(trace.latest), history.name(trace.removed))
    latest = history.name(trace.latest)
    return Span(first, latest, latest)


def _exposure(
    span: Span, made: Mapping[str, Made], at_tip: bool, names: tuple[tuple[str, ...], tuple[str, ...], int]
) -> Exposure:
    first, last, until = (made.get(name, Made()) for name in span)
    days = max(0, until.seconds - first.seconds) // _DAY
    return Exposure(span.first, first.entered, span.last, last.entered, days, at_tip, *names)


def stand_in_messages(
    history: History, messages: Mapping[str, Iterable[str]], unreachable: bool
) -> Iterator[tuple[str, Standing | str]]:
    """Yield (key, Standing) for commits and tags (id -> keys) whose message holds a secret; oldest first.

    One that nothing reaches is yielded as its id where ``unreachable`` is asked for, else left out.
    """
    if not messages:
        return
    git, refs = history.repository.git, history.refs.at_commits()
    made = read_metadata(git, messages)
    at_refs = _tags_at_refs(history)
    commits = {name.encode() for name in messages if not made.get(name, Made()).name}
    holders = history.walk.holders(commits, refs)
    for name in sorted(messages, key=lambda one: (made.get(one, Made()).seconds, one)):
        one = made.get(name, Made())
        held = at_refs.get(name) if one.name else holders.get(name.encode())
        if held is None:
            if unreachable:
                yield from ((key, name) for key in messages[name])
            continue
        origin = MessageOrigin(one.name or COMMIT_MESSAGE, name, one.author, one.email, one.date)
        tips = history.tips(held) if not one.name else []
        exposure = _exposure(Span(name, name, name), made, bool(tips), history.refs.names(held))
        yield from ((key, Standing(name, origin, exposure)) for key in messages[name])


def _tags_at_refs(history: History) -> dict[str, int]:
    """Return for each tag object that a ref leads to, tags of tags included, the set of those refs."""
    found: dict[str, int] = {}
    pending = {ref.points_at: 1 << bit for bit, ref in enumerate(history.refs.refs) if ref.points_at != ref.peeled}
    while pending:
        made = read_metadata(history.repository.git, pending)
        following: dict[str, int] = {}
        for name, held in pending.items():
            found[name] = found.get(name, 0) | held
            target = made.get(name, Made()).target
            if target and target not in found:
                following[target] = following.get(target, 0) | held
        tags = read_metadata(history.repository.git, following)
        pending = {name: held for name, held in following.items() if tags.get(name, Made()).name}
    return found
