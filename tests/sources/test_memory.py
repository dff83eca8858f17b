"""The shipped fake, and the table of sources."""

from __future__ import annotations

import importlib

import pytest

from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import FileOrigin
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources import SOURCES
from secrets_guard.sources.memory import MemorySource


def test_contents_come_in_the_order_given_and_problems_last() -> None:
    problem = Problem("unreadable", "c", "no")
    stats = Stats()
    found = list(MemorySource({"b": b"1", "a": b"2", "e": b""}, [problem]).blobs(stats))
    assert found == [Blob("b", b"1", "b"), Blob("a", b"2", "a"), problem]
    assert stats.skipped == {"empty": 1}


def test_the_origin_of_a_name_is_a_file() -> None:
    assert MemorySource({}).origins(["a"]) == {"a": [FileOrigin("a")]}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_in_the_table_can_be_imported_and_has_the_protocols_parts(name: str) -> None:
    module, _, attribute = SOURCES[name].partition(":")
    source = getattr(importlib.import_module(module), attribute)
    assert source.kind in ("files", "git", "image", "stdin")
    assert callable(source.blobs)
    assert callable(source.origins)
