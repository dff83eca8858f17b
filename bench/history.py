"""A repository -> how long each scanner takes for its whole history, side by side: whole processes, run in turn."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, speed, table, tools
from bench.measure import BenchError

_OURS = ("scan", "git", "TREE", "--format", "json", "--output", "OUT")
_KINGFISHER = ("scan", "-n", "--no-update-check", "-f", "json", "-o", "OUT", "TREE")
_PEERS: dict[str, dict[str, tuple[str, ...]]] = {
    "kingfisher": {"kingfisher": _KINGFISHER, "kingfisher --turbo": ("scan", "--turbo", *_KINGFISHER[1:])},
    "betterleaks": {"betterleaks git": ("git", "TREE", "-o", "OUT")},
    "gitleaks": {"gitleaks git": ("git", "--no-banner", "-r", "OUT", "TREE")},
}


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    return frame.ended("history.py", lambda: compare(given))


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="history.py", description=__doc__)
    made.add_argument("repo", help="repository to sweep; a fresh bare clone of git's own is the reference")
    made.add_argument("--runs", type=int, default=3, help="timed runs of each tool, in turn; default 3")
    made.add_argument("--only", metavar="NAME", action="append", help="peers to compare with (repeatable); default all")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    speed.common_options(made)
    return made


def compare(given: argparse.Namespace) -> None:
    """Measure what the command line asks for and print the table. Raises BenchError."""
    if given.runs < 1:
        raise BenchError("--runs: at least 1")
    heading = f"{facts(given.repo)}; {given.runs} runs\n{table.machine()}"
    every = contestants(given)
    folder = tempfile.mkdtemp(prefix="secrets-guard-bench-")
    try:
        rows = [speed.one_run(tool, os.path.abspath(given.repo), folder) for tool in every]
        firsts = [row.samples.pop().wall for row in rows]
        for turn in range(given.runs):
            for place in range(len(every)):
                index = (turn + place) % len(every)
                again = speed.one_run(every[index], os.path.abspath(given.repo), folder)
                rows[index] = speed.joined(rows[index], again)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = [row._replace(first=first) for row, first in zip(rows, firsts, strict=True)]
    print(f"{heading}, {table.load()} after\n")
    print(table.render(speed.HEADERS, speed.cells(rows), markdown=given.markdown))


def contestants(given: argparse.Namespace) -> list[tools.Tool]:
    """Return all tools, ours first. Raises BenchError for one that is not there."""
    command, env = tools.ours(given.secrets_guard)
    every = [tools.Tool(speed.OURS, tools.our_version(command, env), (*command, *_OURS), (0, 1), env)]
    for peer in [] if given.no_peers else tools.PEERS:
        if not given.only or peer.name in given.only:
            every += tools.peer_tools(peer._replace(scans=_PEERS[peer.name]), given.peers, given.cache)
    return every


def facts(repo: str) -> str:
    """Return one line: how many commits and objects there are. Raises BenchError for what is no repository."""
    answers = []
    for arguments in (["rev-list", "--all", "--count"], ["count-objects", "-v"]):
        done = subprocess.run(["git", "-C", repo, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"{repo}: {tools.last_line(done.stderr)}")
        answers.append(done.stdout)
    counts = dict(line.split(": ", 1) for line in answers[1].splitlines())
    return (
        f"{os.path.basename(os.path.abspath(repo))}: {int(answers[0]):,} commits, "
        f"{int(counts['in-pack']) + int(counts['count']):,} objects, {int(counts['size-pack']) / 1024:.0f} MiB packed"
    )


if __name__ == "__main__":
    sys.exit(main())
