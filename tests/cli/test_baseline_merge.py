"""Two branches that each add to the baseline."""

from __future__ import annotations

import subprocess
from pathlib import Path

from secrets_guard.suppression.baseline import read_baseline, write_baseline
from tests.cli.conftest import Run, Token

NAME = ".secrets-guard-baseline.yaml"


def test_entries_added_on_two_branches_merge_by_git_and_are_all_audited(
    run: Run, here: Path, token: Token, environment: dict[str, str]
) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")
        subprocess.run(["git", *who, *arguments], cwd=here, env=environment, capture_output=True, check=True)

    path = str(here / NAME)
    for number in range(7):
        (here / f"{number}.py").write_text(f't = "{token(str(number))}"\n')
    run("baseline", "create")
    key, entries = read_baseline(path)
    shared = [entry for index, entry in enumerate(entries) if index not in (1, 5)]
    git("init", "-q", "-b", "main")
    for branch, more in (("main", []), ("ours", [entries[1]]), ("theirs", [entries[5]])):
        if more:
            git("checkout", "-q", "-b", branch, "main")
        write_baseline(path, [*shared, *more], key)
        git("add", ".")
        git("commit", "-qm", branch)
    git("merge", "-q", "--no-edit", "ours")
    assert len(read_baseline(path).entries) == 7
    assert run("scan", "files").code == 0
    ran = run("baseline", "audit", stdin="f\n" * 7)
    assert (ran.code, "7 entries: 0 real, 7 false, 0 accepted, 0 undecided" in ran.out) == (0, True), ran.out
