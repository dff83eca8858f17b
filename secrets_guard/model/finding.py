"""What is reported: no plain value in it unless the user asked for that."""

from typing import NamedTuple

from secrets_guard.model.origin import Exposure, Origin

NEW, GONE, UNCHANGED = CHANGES = ("new", "gone", "unchanged")
"""What became of a finding between two reports."""


class Location(NamedTuple):
    """A place in a text. Lines and columns are 1-based; columns count characters, ``end_column`` is included."""

    path: str
    start_line: int
    end_line: int
    start_column: int
    end_column: int


class Occurrence(NamedTuple):
    """Another place of the same secret."""

    path: str
    start_line: int
    start_column: int
    origin: Origin


class Part(NamedTuple):
    """Another part of a secret, near it: the id of a key, the user of a password."""

    rule_id: str
    title: str
    start_line: int
    start_column: int
    secret: str
    """Redacted, as the finding's own."""


LIVE, DEAD, UNKNOWN, UNSUPPORTED = VERIFICATIONS = ("live", "dead", "unknown", "unsupported")
"""What asking an issuer can come to."""


class Verification(NamedTuple):
    """What asking the issuer came to; ``status`` is one of VERIFICATIONS, ``at`` is ISO 8601, UTC."""

    status: str
    at: str
    message: str = ""


class Finding(NamedTuple):
    """One secret in one place."""

    rule_id: str
    title: str
    severity: str
    confidence: str
    reasons: tuple[str, ...]
    """Why the confidence is what it is."""
    location: Location
    origin: Origin
    secret: str
    """Redacted; the plain value only under ``--show-secrets``."""
    context: str
    """The line, its secrets redacted."""
    entropy: float
    """Shannon's, bits per character of the secret."""
    decoded: tuple[str, ...]
    fingerprint: str
    blob_id: str = ""
    occurrences: tuple[Occurrence, ...] = ()
    """Other places of the same secret, capped."""
    occurrences_total: int = 0
    """How many other places there are."""
    exposure: Exposure | None = None
    """How long it has been readable; known of histories only."""
    parts: tuple[Part, ...] = ()
    """What belongs to it, in the same file."""
    details: tuple[tuple[str, str], ...] = ()
    """Public facts that the secret tells of itself, (name, fact): an issuer, an account, when it expires."""
    verification: Verification | None = None
    """What its issuer says; only where it was asked."""
    change: str = ""
    """One of CHANGES in a comparison of two reports, else empty."""

    @property
    def sort_key(self) -> tuple[str, int, int, str]:
        """The order of every report."""
        place = self.location
        return (place.path, place.start_line, place.start_column, self.rule_id)
