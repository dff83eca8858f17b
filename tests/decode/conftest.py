"""One toy rule, swept by the real engine; a recording suppression shows the matches behind the findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import pytest

from secrets_guard import canary
from secrets_guard.cache import Cache
from secrets_guard.detect.matcher import Matcher
from secrets_guard.engine import Pipeline, sweep
from secrets_guard.fingerprint import Fingerprinter
from secrets_guard.model.blob import Blob
from secrets_guard.model.finding import Finding
from secrets_guard.model.match import Context, Match
from secrets_guard.model.result import Problem
from secrets_guard.model.rule import Rule
from secrets_guard.rules.template import fill
from secrets_guard.suppression.allow import judge_allow
from secrets_guard.suppression.known import Suppressions
from secrets_guard.suppression.order import Suppressed, Suppressor
from secrets_guard.tally import Clerk, Tally

TOY = Rule(id="toy-token", title="Toy", pattern=r"\b(toy_[0-9a-z]{24})\b", secret_group=1, max_length=28)


class Swept(NamedTuple):
    """What one batch gave."""

    findings: list[Finding]
    matches: list[Match]
    """In order of their place."""
    problems: list[Problem]


Sweep = Callable[..., Swept]


class Recording(Suppressor):
    """Allows nothing, and keeps what it was asked about."""

    def __init__(self) -> None:
        super().__init__(inline=False, allow=judge_allow((), "2026-01-01"), known=Suppressions((), "2026-01-01", ()))
        self.matches: list[Match] = []

    def __call__(
        self, match: Match, context: Context, path: str, line: int, fingerprint: Callable[[], str]
    ) -> Suppressed | None:
        self.matches.append(match)
        return super().__call__(match, context, path, line, fingerprint)


@pytest.fixture(scope="session")
def token() -> bytes:
    return fill("toy_<loweralnum:24>", "tests").encode()


@pytest.fixture(scope="session")
def swept() -> Sweep:
    matcher = Matcher((TOY, canary.RULE), Cache(None))
    scratch = matcher.scratch()
    fingerprints = Fingerprinter()

    def run(blobs: Iterable[Blob | bytes], max_depth: int = 5) -> Swept:
        record = Recording()
        pipeline = Pipeline(matcher, Clerk(record, fingerprints, "low", show_secrets=True), max_depth)
        tally = Tally()
        named = [Blob(f"{n}", one, f"{n}") if isinstance(one, bytes) else one for n, one in enumerate(blobs)]
        sweep(named, pipeline, scratch, tally)
        return Swept([one.finding for one in tally.found], record.matches, tally.problems)

    return run
