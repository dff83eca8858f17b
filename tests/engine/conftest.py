"""Sweeps of in-memory contents by given rules, through the engine and through the library's face."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from secrets_guard import api, canary, engine
from secrets_guard.cache import Cache
from secrets_guard.config import Settings
from secrets_guard.detect.matcher import Matcher
from secrets_guard.fingerprint import Fingerprinter
from secrets_guard.model.result import ScanResult
from secrets_guard.model.rule import Rule, RuleSet
from secrets_guard.rules.load import rule_set
from secrets_guard.rules.template import fill
from secrets_guard.sources.memory import MemorySource
from secrets_guard.suppression.allow import judge_allow
from secrets_guard.suppression.known import Suppressions
from secrets_guard.suppression.order import Suppressor
from secrets_guard.tally import Clerk

TOY = Rule(id="toy-token", title="Toy", pattern=r"\b(toy_[0-9a-z]{24})\b", secret_group=1, max_length=28)


@pytest.fixture(scope="session")
def token() -> Callable[[int], str]:
    return lambda seed: fill("toy_<loweralnum:24>", str(seed))


@pytest.fixture(scope="session")
def toys() -> RuleSet:
    return rule_set([TOY])


@pytest.fixture(scope="session")
def scan(toys: RuleSet) -> Callable[..., ScanResult]:
    def run(contents: Mapping[str, bytes], rules: RuleSet = toys, **options: object) -> ScanResult:
        settings = Settings(**{"jobs": 1, **options})  # type: ignore[arg-type]
        return api.scan(MemorySource(contents), rules=rules, settings=settings, cache=Cache(None))

    return run


@pytest.fixture(scope="session")
def pipeline() -> Callable[..., engine.Pipeline]:
    def make(*rules: Rule, max_depth: int = 5) -> engine.Pipeline:
        nothing = Suppressor(inline=True, allow=judge_allow((), "2026-01-01"), known=Suppressions((), "2026-01-01"))
        return engine.Pipeline(
            Matcher(rules or (TOY, canary.RULE), Cache(None)), Clerk(nothing, Fingerprinter()), max_depth
        )

    return make
