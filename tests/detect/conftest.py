"""A matcher of given rules, over given contents, down to plain values."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from secrets_guard.cache import Cache
from secrets_guard.decode import root_view
from secrets_guard.decode.batch import Batch
from secrets_guard.detect.matcher import Matcher
from secrets_guard.model.blob import Blob
from secrets_guard.model.match import Match
from secrets_guard.model.rule import Rule

Matching = Callable[..., list[Match]]


@pytest.fixture(scope="session")
def matches() -> Matching:
    def run(rules: Rule | list[Rule], *contents: bytes, hint: str = "a.txt") -> list[Match]:
        matcher = Matcher((rules,) if isinstance(rules, Rule) else tuple(rules), Cache(None))
        batch = Batch([root_view(Blob(str(n), data, hint), n) for n, data in enumerate(contents)])
        hits, _ = matcher.scan(batch.buffer, matcher.scratch())
        return list(matcher.confirm(batch, hits))

    return run
