"""What the detectors hand to the judges, and what the judges say."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from secrets_guard.model.rule import Rule
from secrets_guard.model.secret import Secret
from secrets_guard.model.span import Span


class Text(Protocol):
    """The text that a match was found in."""

    data: bytes
    binary: bool


class Match(NamedTuple):
    """A candidate. ``span`` (the whole match) and ``secret_span`` are offsets into the blob's own text."""

    rule: Rule
    blob_index: int
    """Which blob of the batch."""
    span: Span
    secret_span: Span
    secret: Secret
    text: bytes
    """The whole match as the pattern saw it, decoded."""
    at: Span
    """Where the secret stands in ``view``'s data."""
    view: Text
    decoded: tuple[str, ...] = ()
    """Encodings that were undone to see it, outermost first."""
    confidence: str = "high"
    reasons: tuple[str, ...] = ()
    """Why the confidence is what it is."""
    owned: bool = True
    """Whether it belongs to this piece of its content; one that does not is seen for what is near it only."""
    parts: "tuple[Match, ...]" = ()
    """Matches of other rules that make one finding with it (parts.py), in the order of the rule's ``nearby``."""
    details: tuple[tuple[str, str], ...] = ()
    """Public facts that the secret tells of itself: (name, fact)."""


class Context(NamedTuple):
    """What a judge may look at besides the match itself. Pure values: no I/O, no clock."""

    before: bytes
    """The secret's line up to the secret, at most 400 bytes."""
    after: bytes
    """The rest of that line, at most 400 bytes."""
    above: bytes
    """What stands above that line, at most 400 bytes."""
    hint: str
    """Path or name of the blob."""

    @property
    def previous(self) -> bytes:
        """The line above, at most 400 bytes."""
        return self.above.rpartition(b"\n")[2]


class Verdict(NamedTuple):
    """A judge's word. ``keep`` False drops the match, None rates it (``confidence``, if any) and tells ``details``."""

    keep: bool | None
    by: str
    reason: str
    confidence: str = ""
    details: tuple[tuple[str, str], ...] = ()


Judge = Callable[[Match, Context], "Verdict | None"]
"""A judge has no opinion (None), rates, or drops; the first that drops ends it."""
