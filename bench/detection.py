"""Labelled examples -> how many each scanner finds, and how many it finds that it should not: ours beside the peers."""

from __future__ import annotations

import argparse
import glob
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, speed, table, tools
from bench.measure import BenchError, environment, run

HEADERS = ("Set", "Tool", "Version", "Found", "Recall", "False", "Rate")
_SETS = os.path.join(os.path.dirname(tools.ROOT), "shared", "bench")
_NAME = re.compile(r"e(\d{6})\.txt")
_FOLDERS = 50
"""Examples are spread over so many folders, as the files of a real tree are."""
_KEYS = {"set": str, "rule": str, "text": str, "positive": bool}


class Example(NamedTuple):
    """One labelled text: a positive is to be found; a negative is one that its own rule must not match."""

    rule: str
    text: str
    positive: bool


class Score(NamedTuple):
    """Indices of examples: those that a tool found, and those that it missed or should not have found."""

    found: set[int]
    missed: list[int]
    false: list[int]


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    return frame.ended("detection.py", lambda: compare(given))


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="detection.py", description=__doc__)
    made.add_argument("sets", nargs="*", metavar="SET.jsonl", help=f"default: {_SETS}/*.jsonl")
    made.add_argument("--exclude", action="append", default=[], metavar="SET.jsonl", help="leave out texts of this set")
    made.add_argument("--misses", type=int, default=0, metavar="N", help="show N misses and N false findings of ours")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    speed.common_options(made)
    return made


def compare(given: argparse.Namespace) -> None:
    """Score every tool on every set and print the table. Raises BenchError."""
    sets = given.sets or sorted(glob.glob(os.path.join(glob.escape(_SETS), "*.jsonl")))
    if not sets:
        raise BenchError(f"{_SETS}: no *.jsonl there; name the sets")
    every = [thorough(tool) for tool in contestants(given)]
    left_out = {example.text for path in given.exclude for example in load(path)}
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory(prefix="secrets-guard-bench-") as work:
        for number, path in enumerate(sets):
            examples = [example for example in load(path) if example.text not in left_out]
            if not examples:
                raise BenchError(f"{path}: no example in it that --exclude leaves")
            tree = os.path.join(work, f"set{number}")
            write(examples, tree)
            scores = [judge(examples, found(tool, tree, work)) for tool in every]
            name = os.path.splitext(os.path.basename(path))[0]
            rows += [cells(name, tool, examples, score) for tool, score in zip(every, scores, strict=True)]
            show(name, examples, scores[0], given.misses)
    print(table.render(HEADERS, rows, markdown=given.markdown))


def contestants(given: argparse.Namespace) -> list[tools.Tool]:
    """Return one tool of each peer, ours first. Raises BenchError for one that is not there."""
    every = speed.contestants(given)
    return [tool for index, tool in enumerate(every) if tool.version not in {other.version for other in every[:index]}]


def thorough(tool: tools.Tool) -> tools.Tool:
    """Return the tool told to report all that it finds: kingfisher keeps its less certain rules back otherwise."""
    if tool.label != "kingfisher":
        return tool
    return tool._replace(command=(*tool.command[:-1], "-c", "low", tool.command[-1]))


def load(path: str) -> list[Example]:
    """Return the examples of a JSONL file. Raises BenchError for one that can't be read."""
    try:
        with open(path, encoding="utf-8") as stream:
            return [_example(line, f"{path}:{number}") for number, line in enumerate(stream, 1) if line.strip()]
    except OSError as error:
        raise BenchError(f"{path}: can't be read: {error.strerror}") from None


def _example(line: str, place: str) -> Example:
    try:
        row: Any = json.loads(line)
    except ValueError:
        raise BenchError(f"{place}: not JSON; a line is an object with {', '.join(_KEYS)}") from None
    if not isinstance(row, dict) or not all(isinstance(row.get(key), kind) for key, kind in _KEYS.items()):
        raise BenchError(f"{place}: a line is an object with {', '.join(_KEYS)}")
    return Example(row["rule"], row["text"], row["positive"])


def write(examples: Sequence[Example], tree: str) -> None:
    """Write each example, its text verbatim, into a file of its own, whose name holds its index."""
    for index, example in enumerate(examples):
        folder = os.path.join(tree, f"d{index % _FOLDERS:02}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"e{index:06}.txt"), "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(example.text + "\n")


def found(tool: tools.Tool, tree: str, work: str) -> set[int]:
    """Return the indices of the examples that a tool reports anything in. Raises BenchError when it fails."""
    home = os.path.join(work, tool.label)
    os.makedirs(home, exist_ok=True)
    out, log = os.path.join(home, "report.json"), os.path.join(home, "log")
    if os.path.exists(out):
        os.unlink(out)
    sample = run(tool.line(tree, out), environment(home, **tool.env), home, log)
    if sample.code not in tool.codes:
        raise BenchError(f"{tool.label}: ended with {sample.code}; it should be one of {tool.codes}")
    tools.read_report(out, log)
    with open(out, encoding="utf-8", errors="replace") as stream:
        return {int(number) for number in _NAME.findall(stream.read())}


def judge(examples: Sequence[Example], hit: set[int]) -> Score:
    """Return what a tool that reports ``hit`` misses and what it finds in vain."""
    missed = [index for index, example in enumerate(examples) if example.positive and index not in hit]
    false = [index for index, example in enumerate(examples) if not example.positive and index in hit]
    return Score(hit, missed, false)


def cells(name: str, tool: tools.Tool, examples: Sequence[Example], score: Score) -> list[str]:
    """Return a row of the table."""
    positives = sum(example.positive for example in examples)
    negatives = len(examples) - positives
    right = positives - len(score.missed)
    return [
        name,
        tool.label,
        tool.version,
        f"{right}/{positives}",
        _percent(right, positives),
        f"{len(score.false)}/{negatives}",
        _percent(len(score.false), negatives),
    ]


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"  # noqa: RUF001


def show(name: str, examples: Sequence[Example], score: Score, most: int) -> None:
    """Print the first misses and false findings of a score: the peer's rule and the beginning of the text."""
    lists: Iterable[tuple[str, list[int]]] = (("missed", score.missed), ("false", score.false))
    for word, indices in lists:
        for index in indices[:most]:
            print(f"{name}: {word} {examples[index].rule}: {examples[index].text[:110]!r}")


if __name__ == "__main__":
    sys.exit(main())
