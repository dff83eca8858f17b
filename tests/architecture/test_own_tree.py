"""We hold ourselves to what we ask of others: our own tree is clean under default settings."""

from __future__ import annotations

from pathlib import Path

from secrets_guard import api
from secrets_guard.cache import user_cache
from secrets_guard.sources.files import FileSource

ROOT = Path(__file__).parents[2]


def test_our_own_tree_is_clean(cache_folder: Path) -> None:
    result = api.scan(FileSource([str(ROOT)]), cache=user_cache({"SECRETS_GUARD_CACHE": str(cache_folder)}))
    assert [(one.location.path, one.location.start_line, one.rule_id, one.secret) for one in result.findings] == []
    assert [problem for problem in result.problems if problem.kind != "vanished"] == []
    assert result.stats.blobs > 200
    assert result.stats.suppressed == {}
