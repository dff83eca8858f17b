"""Five repositories, twice: more commits with the same new bytes, then more new bytes with the same commits.

A sweep of a history should cost what is new in it. With REPO: that repository cut at five places of its history.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import measure, past, table, tools
from bench.measure import BenchError, Sample

_HEADERS = (
    "History",
    "Commits",
    "Packed MB",
    "Text MB",
    "New MB",
    "Wall s",
    "CPU s",
    "CPU ms/commit",
    "CPU s/new MB",
    "Peak MB",
)
_STEPS = 5
_NEW_BYTES, _COMMITS, _CHANGE = 4_000_000, 1_000, 1_000


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    folder = tempfile.mkdtemp(prefix="secrets-guard-bench-")
    try:
        rows = [row for title, history in histories(given.repo, folder) for row in [line(title, history, given)]]
    except BenchError as error:
        print(f"curve.py: {error}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{table.machine()}, {table.load()} after; medians of {given.runs}\n")
    print(table.render(_HEADERS, rows, markdown=given.markdown))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="curve.py", description=__doc__)
    made.add_argument("repo", nargs="?", default="", help="cut this repository instead of making some")
    made.add_argument("--runs", type=int, default=3, help="timed runs of each; default 3")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    made.add_argument("--secrets-guard", default="", help="our command; default as in speed.py")
    return made


def histories(repo: str, folder: str) -> list[tuple[str, past.History]]:
    """Make the repositories below ``folder`` and return them with a title each."""
    made: list[tuple[str, str]] = []
    if repo:
        for number, commit in enumerate(past.along(repo, _STEPS), 1):
            made.append((f"{number}/{_STEPS} of it", os.path.join(folder, f"cut{number}")))
            past.cut(repo, made[-1][1], commit)
    else:
        for step in range(_STEPS):
            commits = 250 << step
            made.append(("commits grow", os.path.join(folder, f"commits{step}")))
            past.make(made[-1][1], commits=commits, change=_NEW_BYTES // commits)
        for step in range(_STEPS):
            made.append(("new bytes grow", os.path.join(folder, f"bytes{step}")))
            past.make(made[-1][1], commits=_COMMITS, change=_CHANGE << step)
    return [(title, past.facts(where)) for title, where in made]


def line(title: str, history: past.History, given: argparse.Namespace) -> list[str]:
    """Sweep a repository some times and return its row. Raises BenchError."""
    sample = swept(history.folder, given.runs, given.secrets_guard)
    return [
        title,
        f"{history.commits:,}",
        f"{history.packed / 1e6:.1f}",
        f"{history.text / 1e6:.1f}",
        f"{history.new / 1e6:.1f}",
        f"{sample.wall:.2f}",
        f"{sample.cpu:.2f}",
        f"{sample.cpu * 1000 / history.commits:.2f}",
        f"{sample.cpu * 1e6 / history.new:.3f}",
        f"{sample.peak / 1e6:.0f}",
    ]


def swept(repo: str, runs: int, command: str = "", *options: str) -> Sample:
    """Return the median of whole sweeps of a repository with warm caches. Raises BenchError when one fails."""
    words, env = tools.ours(command)
    with tempfile.TemporaryDirectory() as home:
        log = os.path.join(home, "log")
        env = measure.environment(home, **env)
        arguments = [*words, "scan", "git", repo, *options, "--no-progress", "--format", "json"]
        arguments += ["--output", os.path.join(home, "report.json")]
        samples = [measure.run(arguments, env, home, log) for _ in range(runs + 1)]
        if any(sample.code not in (0, 1) for sample in samples):
            with open(log, encoding="utf-8", errors="replace") as stream:
                raise BenchError(f"{repo}: {tools.last_line(stream.read())}")
    return measure.middle(samples[1:])


if __name__ == "__main__":
    sys.exit(main())
