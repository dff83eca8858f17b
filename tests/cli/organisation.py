"""Repositories for sweeps of many: made by real git, tiny."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

_IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@example.com" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "1700000000 +0000" for who in ("AUTHOR", "COMMITTER")},
}


def git(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "init.defaultBranch=main", *arguments],
        env={**kept, **_IDENTITY},
        capture_output=True,
        check=True,
    )
    return os.fsdecode(done.stdout).strip()


def commit(folder: Path, **files: str) -> Path:
    """Commit files in a repository that is made where it is not there; ``a__b`` is a/b."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q")
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change")
    return folder


def mirror(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    git(source, "clone", "-q", "--mirror", ".", str(target))
    return target


def many_files(seed: str, number: int = 40) -> dict[str, str]:
    """Return files that nothing is found in, the same for the same seed."""
    return {f"{seed}{count}": f"{seed} has line {count}\n" * 3 for count in range(number)}


def report(path: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(path.read_text())
    return made


def told(made: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return (path, commit, fingerprint) of each finding."""
    return [(one["path"], one["origin"].get("commit", ""), one["fingerprint"]) for one in made["findings"]]


def bare(made: dict[str, Any]) -> dict[str, Any]:
    """Return a report without what differs from run to run: when, how long, and who swept what fork's contents."""
    repositories = [
        {key: one[key] for key in ("repository", "complete", "findings", "problems")} for one in made["repositories"]
    ]
    kept = {key: made[key] for key in ("tool", "findings", "problems", "notes", "rules")}
    return {**kept, "repositories": repositories, "complete": made["scan"]["complete"]}
