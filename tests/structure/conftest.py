"""Asks a structure about one value, and sweeps a text for what a report tells of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from secrets_guard import api
from secrets_guard.config import Settings
from secrets_guard.model.result import ScanResult
from secrets_guard.sources.memory import MemorySource
from secrets_guard.structure import Around, Reading, look

Ask = Callable[..., Reading]
Sweep = Callable[..., ScanResult]


@pytest.fixture
def ask() -> Ask:
    """Return a function: (structure, value, before, after) -> what it reads."""

    def read(name: str, value: str | bytes, before: str = "", after: str = "") -> Reading:
        plain = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        return look(name, plain, Around(before.encode() + plain + after.encode(), len(before.encode())))

    return read


@pytest.fixture
def swept() -> Sweep:
    """Return a function: (text, a rule's id, least confidence) -> the result of a sweep by that rule."""

    def sweep(text: str, *rules: str, min_confidence: str = "medium", explain: bool = False) -> ScanResult:
        settings = Settings(only_rule=rules, min_confidence=min_confidence, explain=explain)
        return api.scan(MemorySource({"settings.env": text.encode()}), settings=settings)

    return sweep
