"""One small file -> what a start costs: our --help and a scan of that file, beside Python alone and the peers."""

from __future__ import annotations

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, speed, table, tools, turns
from bench.measure import Sample, middle

HEADERS = ("What", "Wall ms", "min", "max", "CPU ms", "Limit ms", "")
LIMITS = {"secrets-guard --help": 0.12, "secrets-guard, one file": 0.15}
"""Seconds that a start of ours may take; above 0.2 s people take a hook out again."""
_CONTENT = '"""A small module: nothing to find in it."""\n\n\ndef double(number: int) -> int:\n    return number * 2\n'


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    return frame.in_a_folder("startup.py", lambda folder: measure(given, folder))


def measure(given: argparse.Namespace, folder: str) -> None:
    """Measure and print the table. Raises BenchError."""
    frame.at_least_one(given.runs)
    before = table.machine()
    samples = turns.measured(candidates(given, folder), given.runs, folder, folder)
    print(f"start-up, median of {given.runs}\n{before} before, {table.load()} after\n")
    print(table.render(HEADERS, cells(samples), markdown=given.markdown) + "\n")
    if given.json:
        turns.write(given.json, before, LIMITS, samples)


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="startup.py", description=__doc__)
    made.add_argument("--runs", type=int, default=21, help="timed runs of each command, in turn; default 21")
    made.add_argument("--json", metavar="FILE", help="write every sample to this file")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    speed.common_options(made)
    return made


def candidates(given: argparse.Namespace, folder: str) -> list[tools.Tool]:
    """Return what to start, the small file's name and the report's name in place. Raises BenchError."""
    small, out = os.path.join(folder, "small.py"), os.path.join(folder, "report.json")
    with open(small, "w", encoding="utf-8") as stream:
        stream.write(_CONTENT)
    command, env = tools.ours(given.secrets_guard)
    version = tools.our_version(command, env)
    every = [
        tools.Tool("python -c pass", "", (sys.executable, "-c", "pass"), (0,), {}),
        tools.Tool("secrets-guard --help", version, (*command, "--help"), (0,), env),
        tools.Tool("secrets-guard, one file", version, (*command, *tools.OURS), (0,), env),
    ]
    for peer in () if given.no_peers else tools.PEERS:
        for tool in tools.peer_tools(peer, given.peers, given.cache):
            label = f"{tool.label} {tool.version}, one file"
            every.append(tool._replace(label=label))
        root = (tools.locate(peer, given.peers) if given.peers else tools.install(peer, given.cache))[0]
        script = os.path.join(root, "bin", peer.command)
        if every[-1].command[0] != script:
            label = f"{peer.name} {every[-1].version}, one file, by pip's script"
            every.append(every[-1]._replace(label=label, command=(script, *peer.scans[peer.name])))
    return [tool._replace(command=tuple(tool.line(small, out))) for tool in every]


def cells(samples: dict[str, list[Sample]]) -> list[list[str]]:
    """Return the table's cells."""
    made = []
    for label, runs in samples.items():
        typical, walls, limit = middle(runs), [sample.wall for sample in runs], LIMITS.get(label)
        held = "" if limit is None else "kept" if typical.wall <= limit else "OVER"
        numbers = [typical.wall, min(walls), max(walls), typical.cpu]
        shown = [f"{number * 1000:.0f}" for number in numbers]
        made.append([label, *shown, f"{limit * 1000:.0f}" if limit else "", held])
    return made


if __name__ == "__main__":
    sys.exit(main())
