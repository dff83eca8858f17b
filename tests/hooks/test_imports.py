"""What a warm hook imports: the start is most of what a small commit waits for."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from .conftest import Repo

FORBIDDEN = {
    *("typer", "click", "rich", "yaml", "git", "hvac", "boto3", "asyncio", "difflib", "argparse", "subprocess"),
    *("threading", "tempfile", "shutil", "inspect", "dataclasses", "logging", "pathlib", "datetime", "random"),
    *("importlib.metadata", "socket", "unittest", "secrets_guard.located_yaml", "secrets_guard.rules.load"),
    *("secrets_guard.report", "secrets_guard.hook_report", "secrets_guard.sources.pushed"),
}


def _imported(repo: Repo) -> set[str]:
    ran = repo.run(sys.executable, "-P", "-X", "importtime", "-c", _START)
    assert ran.code == 0, ran.err
    lines = (line.rpartition("|")[2].strip() for line in ran.err.splitlines() if line.startswith("import time:"))
    return set(lines)


_START = "import sys; sys.argv[1:] = ['pre-commit']; from secrets_guard.hook import main; main()"


def _started(repo: Repo) -> set[str]:
    """Return what Python's own start imports, for what lies in its site-packages."""
    bare = repo.run(sys.executable, "-P", "-X", "importtime", "-c", "pass").err
    return {line.rpartition("|")[2].strip() for line in bare.splitlines()}


def _nothing(repo: Repo) -> None:
    return


def _config(repo: Repo) -> None:
    repo.write(".secrets-guard.yaml", "min_severity: low\nallow:\n- reason: x\n  paths: [docs/**]\n")


def _baseline(repo: Repo) -> None:
    repo.commit("old.py", "x = 1\n")
    assert repo.cli("baseline", "create").code == 0


@pytest.mark.parametrize("content", ["x = 1\n", "password = read_password()\n"], ids=["no-hit", "a-hit"])
@pytest.mark.parametrize("prepare", [_nothing, _config, _baseline])
def test_a_warm_hook_imports_nothing_heavy(repo: Repo, prepare: Callable[[Repo], None], content: str) -> None:
    prepare(repo)
    repo.stage("a.py", content)
    assert repo.hook("pre-commit").code == 0
    imported = _imported(repo) - _started(repo)
    assert "hyperscan" in imported
    assert ("secrets_guard.engine" in imported) == ("password" in content)
    assert not imported & FORBIDDEN


@pytest.mark.parametrize("content", ["x = 1\n", "password = read_password()\n"], ids=["no-hit", "a-hit"])
def test_a_warm_push_imports_nothing_heavy(repo: Repo, content: str) -> None:
    before, after = repo.head(), repo.commit("a.py", content)
    told = f"refs/heads/main {after} refs/heads/main {before}\n"
    assert repo.hook("pre-push", "origin", "x", stdin=told).code == 0
    start = _START.replace("'pre-commit'", "'pre-push', 'origin', 'x'")
    ran = repo.run(sys.executable, "-P", "-X", "importtime", "-c", start, stdin=told)
    assert ran.code == 0, ran.err
    imported = {line.rpartition("|")[2].strip() for line in ran.err.splitlines()} - _started(repo)
    assert "secrets_guard.sources.pushed" in imported
    assert not imported & (
        FORBIDDEN - {"secrets_guard.report", "secrets_guard.hook_report", "secrets_guard.sources.pushed"}
    )


def test_with_nothing_staged_not_even_the_engine_is_imported(repo: Repo) -> None:
    assert "hyperscan" not in _imported(repo)
