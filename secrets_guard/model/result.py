"""The outcome of a sweep: findings, what could not be read, and what was covered."""

from typing import NamedTuple

from secrets_guard.model.finding import Finding


class Problem(NamedTuple):
    """Something that could not be swept. It is part of the result, never just a log line.

    ``kind``: ``unreadable``, ``vanished``, ``changed``, ``too_large``, ``limit``, ``error``, ``config``,
    ``interrupted``; of archives ``damaged``, ``encrypted``, ``unsupported``; of repositories ``corrupt``, ``missing``,
    ``shallow``, ``unmerged``.
    """

    kind: str
    where: str
    message: str


class Stats:
    """Counters of one sweep; each worker has its own, added up at the end."""

    __slots__ = ("blobs", "bytes", "decoded", "dropped", "reader", "skipped", "suppressed")

    def __init__(self) -> None:
        self.blobs = 0
        self.bytes = 0
        self.decoded = 0
        self.reader = ""
        """What read a history: ``native``, or ``git`` and why."""
        self.skipped: dict[str, int] = {}
        self.suppressed: dict[str, int] = {}
        self.dropped: dict[str, int] = {}

    def add(self, other: "Stats") -> None:
        """Add another worker's counters to these."""
        self.blobs += other.blobs
        self.bytes += other.bytes
        self.decoded += other.decoded
        self.reader = self.reader or other.reader
        for mine, theirs in (
            (self.skipped, other.skipped),
            (self.suppressed, other.suppressed),
            (self.dropped, other.dropped),
        ):
            for key, count in list(theirs.items()):
                mine[key] = mine.get(key, 0) + count


def count(counters: dict[str, int], key: str, number: int = 1) -> None:
    """Add to a counter that may not exist yet."""
    counters[key] = counters.get(key, 0) + number


class Explanation(NamedTuple):
    """Why a candidate was kept or dropped (``--explain``)."""

    rule_id: str
    path: str
    line: int
    column: int
    secret: str
    """Redacted."""
    outcome: str
    """``kept``, ``dropped`` or ``suppressed``."""
    by: str
    reason: str


class ToolInfo(NamedTuple):
    """Which tool and rules made a report."""

    name: str
    version: str
    rules: int
    rules_digest: str


class ScanInfo(NamedTuple):
    """What was swept, when (``started``: ISO 8601, UTC) and for how long (seconds)."""

    kind: str
    target: str
    started: str
    duration_s: float
    complete: bool


class Covered(NamedTuple):
    """What was swept of one repository among several; ``cached``: contents that were known to be clean."""

    repository: str
    complete: bool
    duration_s: float
    findings: int
    problems: int
    blobs: int
    bytes: int
    cached: int
    reader: str


class ScanResult(NamedTuple):
    """Everything a reporter needs."""

    tool: ToolInfo
    scan: ScanInfo
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    stats: Stats
    explanations: tuple[Explanation, ...] = ()
    notes: tuple[str, ...] = ()
    """Remarks for the user that are not problems: a config that was not obeyed, unused suppressions."""
    rules: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = ()
    """(id, title, severity, kind, references) of each rule that has a finding."""
    repositories: tuple[Covered, ...] = ()
    """What was swept of each, where it was more than one that was asked for."""
    before: ScanInfo | None = None
    """The older sweep that this one is compared with; then every finding has its ``change``."""
