"""The seams: what a source and a reporter look like to the engine."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import IO, NamedTuple, Protocol, TypeGuard

from secrets_guard.model.blob import Blob
from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import Exposure, Origin
from secrets_guard.model.result import Problem, ScanResult, Stats


class Source(Protocol):
    """Something to sweep."""

    kind: str
    """``files``, ``git``, ``image`` or ``stdin``."""
    target: str
    """What to call it in the report."""

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield each content once; what can't be read is a Problem, what is left out is counted in ``stats``."""
        ...

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Tell where the guilty blobs come from, best place first; called once, after the sweep."""
        ...


class Standing(NamedTuple):
    """One path (or message) in which a secret stood in a history."""

    blob_id: str
    """The blob that the introducing commit brought: the finding's line is its line there."""
    origin: Origin
    exposure: Exposure | None


class NewText(Protocol):
    """Regions of contents in which they differ from what they were made from, in one buffer."""

    @property
    def buffer(self) -> bytes:
        """A line break stands before, between and behind the regions."""

    @property
    def starts(self) -> bytes:
        """Where each region begins in ``buffer``: native 32-bit numbers."""

    @property
    def owners(self) -> bytes:
        """Which content each is of: a number for each, likewise."""


class Walk(Protocol):
    """One thread's share of a glance."""

    def next(self, size: int) -> NewText | None:
        """Return about ``size`` bytes more, None at the end."""
        ...


class Glance(Protocol):
    """A first look at a history's contents: only at what is new in each."""

    def walk(self) -> Walk:
        """Return a share for one more thread."""
        ...

    def settle(self, suspects: Collection[int]) -> None:
        """Learn which contents have something that may be a candidate, so that they and theirs are swept whole."""
        ...


class RememberingSource(Source, Protocol):
    """A source that need not read again what it remembers as clean."""

    def use_rules(self, key: str) -> None:
        """Learn, before the sweep, which rules sweep: a name (hex digits) for all that decides what is a candidate."""
        ...

    def settle(self, suspects: Collection[str]) -> None:
        """Learn, after a whole (first) pass, which contents had any candidate: the others need not be read again."""
        ...


class HistorySource(RememberingSource, Protocol):
    """A source whose contents are versions of each other, so that a secret is one finding however many hold it.

    Its blobs have an empty hint where no path is known yet.
    """

    problems: list[Problem]
    """What ``standings`` met; read after it."""

    def glance(self, margin: int, stats: Stats) -> Glance | None:
        """Return a first look, called before ``blobs``; None where every content has to be swept whole.

        A region reaches ``margin`` bytes beyond what is new. What is looked at is counted in ``stats``.
        """
        ...

    def standings(self, secrets: Mapping[str, frozenset[str]]) -> Mapping[str, list[Standing]]:
        """Tell where secrets stood: ``secrets`` maps a key to the ids of all blobs that hold that secret.

        Returns, by the same keys, one Standing for each path or message, the oldest first. Called once, after the
        sweep; one pass over the history however many blobs are guilty.
        """
        ...

    def contents(self, ids: Iterable[str]) -> Iterator[Blob | Problem]:
        """Yield these contents once more, as ``blobs`` did."""
        ...


def is_remembering(source: Source) -> TypeGuard[RememberingSource]:
    """Tell whether a source remembers what is clean."""
    return hasattr(source, "settle")


def is_history(source: Source) -> TypeGuard[HistorySource]:
    """Tell whether a source is a history."""
    return hasattr(source, "standings")


class AddingSource(Source, Protocol):
    """A source whose contents have versions before, so that only what those did not have counts."""

    def only_new(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings that these contents add; asks for the versions before of the guilty ones only."""
        ...


def is_adding(source: Source) -> TypeGuard[AddingSource]:
    """Tell whether a source counts only what it adds."""
    return hasattr(source, "only_new")


class Reporter(Protocol):
    """Writes a result in one format."""

    def __call__(self, result: ScanResult, stream: IO[str]) -> None:
        """Write ``result`` to ``stream``."""
        ...
