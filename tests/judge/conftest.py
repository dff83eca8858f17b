"""Builds the matches and contexts that judges are asked about."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from secrets_guard.model.match import Context, Match
from secrets_guard.model.rule import Rule
from secrets_guard.model.secret import Secret
from secrets_guard.model.span import Span

Case = Callable[..., tuple[Match, Context]]


class _Text:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.binary = False


@pytest.fixture
def case() -> Case:
    """Return a function: (before, value, after, …) -> the match of ``value`` in that line, and its context."""

    def build(
        before: bytes,
        value: bytes,
        after: bytes = b"",
        *,
        kind: str = "assignment",
        hint: str = "settings.conf",
        previous: bytes = b"",
        rule_id: str = "generic-secret-assignment",
        confidence: str = "medium",
        checksum: str = "",
        structure: str = "",
        min_entropy: float = 0.0,
        allow: tuple[str, ...] = (),
        start: int = 0,
        decoded: tuple[str, ...] = (),
    ) -> tuple[Match, Context]:
        rule = Rule(
            rule_id,
            "A rule",
            "x",
            kind,
            confidence=confidence,
            checksum=checksum,
            structure=structure,
            min_entropy=min_entropy,
            allow=allow,
        )
        at = Span(start + len(before), start + len(before) + len(value))
        match = Match(
            rule=rule,
            blob_index=0,
            span=Span(start, at.end),
            secret_span=at,
            secret=Secret(value),
            text=before + value,
            at=at,
            view=_Text(before + value + after),
            decoded=decoded,
            confidence=confidence,
        )
        return match, Context(before, after, previous, hint)

    return build
