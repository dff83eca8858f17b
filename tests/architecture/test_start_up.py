"""What is imported at start: a pre-commit hook waits for it every time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {"rich", "yaml", "git", "hvac", "boto3", "asyncio", "pydantic"}


def imports(cache: Path, *arguments: str) -> set[str]:
    """Return the top-level modules that a run imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "secrets_guard", *arguments],
        env={**os.environ, "SECRETS_GUARD_CACHE": str(cache), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    found = {line.rpartition("|")[2].strip() for line in lines}
    assert "secrets_guard.cli.app" in found
    return found | {name.partition(".")[0] for name in found}


def test_help_imports_nothing_heavy(cache_folder: Path) -> None:
    assert imports(cache_folder, "--help") & (HEAVY | {"hyperscan"}) == set()


def test_a_warm_sweep_imports_nothing_heavy(cache_folder: Path) -> None:
    imports(cache_folder, "scan", "files", "pyproject.toml")
    warm = imports(cache_folder, "scan", "files", "pyproject.toml")
    assert "hyperscan" in warm
    assert warm & HEAVY == set()
    # typer itself imports difflib; what needs it of ours, the nearest name to a wrong one, did not run.
    assert {"secrets_guard.located_yaml", "secrets_guard.rules.load", "secrets_guard.rules.lint"} & warm == set()


def test_importing_the_package_imports_next_to_nothing() -> None:
    script = "import sys; before = set(sys.modules); import secrets_guard; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.strip("[]\n").replace("'", "").split(", ")) <= {"secrets_guard", "__future__"}
