"""A tree -> how long each scanner takes for it, side by side: whole processes, run in turn, medians and ratios."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from typing import NamedTuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, table, tools, tree
from bench.measure import BenchError, Sample, environment, middle, run

OURS = "secrets-guard"
COLD = "secrets-guard, empty cache"
_COLD_RUNS = 3
HEADERS = ("Tool", "Version", "Wall s", "min–max", "CPU s", "Peak MB", "Swept MB", "Findings", "Wall / ours", "First s")  # noqa: RUF001


class Row(NamedTuple):
    """One tool's results; ``first`` is the run before any cache of its own existed."""

    label: str
    version: str
    samples: list[Sample]
    findings: int
    swept: int
    first: float


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    return frame.ended("speed.py", lambda: compare(given))


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="speed.py", description=__doc__)
    made.add_argument("--tree", help="folder to sweep; default: a synthetic one, made once")
    made.add_argument("--runs", type=int, default=5, help="timed runs of each tool, in turn; default 5")
    made.add_argument("--json", metavar="FILE", help="write every sample to this file")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    common_options(made)
    return made


def common_options(made: argparse.ArgumentParser) -> None:
    """Add what speed.py and startup.py share."""
    made.add_argument("--peers", metavar="DIR", default="", help="folder with PACKAGE/bin or peers-PACKAGE/bin")
    made.add_argument("--no-peers", action="store_true", help="measure only ours")
    made.add_argument("--secrets-guard", metavar="COMMAND", default="", help="our command; default: beside this Python")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    default = os.path.join(home, "secrets-guard-bench")
    made.add_argument("--cache", metavar="DIR", default=default, help="where peers and the tree are kept")


def compare(given: argparse.Namespace) -> None:
    """Measure what the command line asks for and print the table. Raises BenchError."""
    if given.runs < 1:
        raise BenchError("--runs: at least 1")
    every = contestants(given)
    facts = target(given)
    before = table.machine()
    folder = tempfile.mkdtemp(prefix="secrets-guard-bench-")
    try:
        rows = measured(every, facts.folder, given.runs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(given, facts, f"{before} before, {table.load()} after", rows)


def contestants(given: argparse.Namespace) -> list[tools.Tool]:
    """Return all tools, ours first. Raises BenchError for one that is not there."""
    command, env = tools.ours(given.secrets_guard)
    every = [tools.Tool(OURS, tools.our_version(command, env), (*command, *tools.OURS), (0, 1), env)]
    if not given.no_peers:
        every += [tool for peer in tools.PEERS for tool in tools.peer_tools(peer, given.peers, given.cache)]
    return every


def target(given: argparse.Namespace) -> tree.Made:
    """Return the tree to sweep, its files read once so that no tool pays for the disk."""
    if given.tree:
        if not os.path.isdir(given.tree):
            raise BenchError(f"--tree {given.tree}: no such folder")
        return tree.measure(os.path.abspath(given.tree))
    folder = os.path.join(os.path.abspath(given.cache), "tree")
    shutil.rmtree(folder, ignore_errors=True)
    return tree.make(folder)


def measured(every: list[tools.Tool], folder: str, runs: int, work: str) -> list[Row]:
    """Warm each tool once, then run all in turn ``runs`` times, the first to start another one each round."""
    rows = [one_run(tool, folder, work) for tool in every]
    firsts = [row.samples.pop().wall for row in rows]
    for turn in range(runs):
        for place in range(len(every)):
            index = (turn + place) % len(every)
            rows[index] = joined(rows[index], one_run(every[index], folder, work))
    rows = [row._replace(first=first) for row, first in zip(rows, firsts, strict=True)]
    for number in range(min(runs, _COLD_RUNS)):
        cache = {"SECRETS_GUARD_CACHE": os.path.join(work, f"cold{number}")}
        tool = every[0]._replace(label=COLD, env={**every[0].env, **cache})
        cold = one_run(tool, folder, work)
        rows[1:2] = [joined(rows[1], cold)] if number else [cold, *rows[1:2]]
    return rows


def joined(row: Row, other: Row) -> Row:
    """Return a tool's row with another run in it."""
    return other._replace(samples=[*row.samples, *other.samples])


def one_run(tool: tools.Tool, folder: str, work: str) -> Row:
    """Run a tool once; it has a home of its own, empty before its first run. Raises BenchError when it fails."""
    home = os.path.join(work, tool.label.replace(" ", "_"))
    os.makedirs(home, exist_ok=True)
    out, log = os.path.join(home, "report.json"), os.path.join(home, "log")
    if os.path.exists(out):
        os.unlink(out)
    sample = run(tool.line(folder, out), environment(home, **tool.env), home, log)
    findings, swept = tools.read_report(out, log)
    if sample.code not in tool.codes:
        raise BenchError(f"{tool.label}: ended with {sample.code}; it should be one of {tool.codes}")
    return Row(tool.label, tool.version, [sample], findings, swept, 0.0)


def report(given: argparse.Namespace, facts: tree.Made, machine: str, rows: list[Row]) -> None:
    """Print the table and write the JSON file. Raises BenchError when that can't be written."""
    made = f", digest {facts.digest}, {facts.planted} secrets planted" if facts.digest else ""
    name = "synthetic tree" if facts.digest else os.path.basename(facts.folder)
    heading = f"{name}: {facts.files:,} files, {facts.bytes / 1e6:.1f} MB{made}; {given.runs} runs"
    print(f"{heading}\n{machine}\n")
    print(table.render(HEADERS, cells(rows), markdown=given.markdown) + "\n")
    if not given.json:
        return
    content = {"machine": machine, "tree": facts._asdict(), "rows": [as_json(row) for row in rows]}
    try:
        with open(given.json, "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1)
    except OSError as error:
        raise BenchError(f"--json {given.json}: can't be written: {error.strerror}") from None


def cells(rows: list[Row]) -> list[list[str]]:
    """Return the table's cells; the first row is what the others are compared to."""
    base = middle(rows[0].samples).wall
    made = []
    for row in rows:
        typical, walls = middle(row.samples), [sample.wall for sample in row.samples]
        made.append(
            [
                row.label,
                row.version,
                f"{typical.wall:.2f}",
                f"{min(walls):.2f}–{max(walls):.2f}",  # noqa: RUF001
                f"{typical.cpu:.2f}",
                f"{typical.peak / 1e6:.0f}",
                f"{row.swept / 1e6:.1f}" if row.swept else "?",
                str(row.findings),
                f"{typical.wall / base:.2f}",
                f"{row.first:.2f}" if row.first else "",
            ]
        )
    return made


def as_json(row: Row) -> dict[str, object]:
    return {**row._asdict(), "samples": [sample._asdict() for sample in row.samples]}


if __name__ == "__main__":
    sys.exit(main())
