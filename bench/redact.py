"""What hiding 50 secrets in a command's output costs: the filter by itself, and `run --redact -- cat` beside `cat`."""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, speed, table, tools, turns
from bench.measure import BenchError, Sample, middle
from secrets_guard.broker.redact.forms import patterns
from secrets_guard.broker.redact.redactor import Patterns, Redactor
from secrets_guard.model.secret import Secret

HEADERS = ("What", "MB/s", "min", "max", "Wall s")
SECRETS = 50
GOAL = 200
_LINE = b"2026-11-25T14:00:%02d.%03dZ INFO  request GET /api/v1/users/%d status=200 took=%dms trace=%032x\n"


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    return frame.in_a_folder("redact.py", lambda folder: measure(given, folder))


def measure(given: argparse.Namespace, folder: str) -> None:
    """Measure and print the table. Raises BenchError."""
    if given.runs < 1 or given.megabytes < 1:
        raise BenchError("--runs, --megabytes: at least 1")
    before = table.machine()
    secrets = [random.Random(number).randbytes(18).hex().encode() for number in range(SECRETS)]
    logs = {"logs": text(given.megabytes, None), "a secret a 100 lines": text(given.megabytes, secrets)}
    rows = [filtered(f"filter alone, {label}", content, secrets, given.runs) for label, content in logs.items()]
    rows.append(by_re("re instead, logs", logs["logs"][: 8 << 20], secrets))
    rows += commands(given, logs, secrets, folder)
    print(f"hiding {SECRETS} secrets ({len(patterns(map(Secret, secrets)))} forms), {given.megabytes} MB of output, ")
    print(f"median of {given.runs}; the goal is {GOAL} MB/s\n{before} before, {table.load()} after\n")
    print(table.render(HEADERS, rows, markdown=given.markdown) + "\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="redact.py", description=__doc__)
    made.add_argument("--runs", type=int, default=5, help="timed runs of each, in turn; default 5")
    made.add_argument("--megabytes", type=int, default=256, help="how much is written; default 256")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    speed.common_options(made)
    return made


def text(megabytes: int, secrets: list[bytes] | None) -> bytes:
    """Return lines of a log, one in a hundred with a secret in it where there are any."""
    chosen = random.Random(1)
    lines = []
    for number in range(20_000):
        lines.append(
            _LINE % (number % 60, number % 1000, chosen.randrange(10**6), number % 300, chosen.getrandbits(128))
        )
        if secrets and number % 100 == 0:
            lines.append(b"Authorization: Bearer " + chosen.choice(secrets) + b"\n")
    block = b"".join(lines)
    size = megabytes * 1_000_000
    return (block * (size // len(block) + 1))[:size]


def filtered(label: str, content: bytes, secrets: list[bytes], runs: int) -> list[str]:
    """Return the row of the filter alone, fed as a pipe feeds it."""
    compiled = Patterns(patterns(map(Secret, secrets)))

    def once() -> None:
        it = Redactor(compiled)
        for at in range(0, len(content), 1 << 18):
            it.feed(content[at : at + (1 << 18)])
        it.finish()

    return row(label, len(content), [timed(once) for _ in range(runs)])


def by_re(label: str, content: bytes, secrets: list[bytes]) -> list[str]:
    """Return the row of one alternation of the same forms in Python's re, in one piece: what it takes only to look."""
    pattern = re.compile(b"|".join(map(re.escape, patterns(map(Secret, secrets)))))
    return row(label, len(content), [timed(lambda: pattern.sub(b"****", content))])


def timed(do: Callable[[], object]) -> float:
    """Return how many seconds it took."""
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def commands(given: argparse.Namespace, logs: dict[str, bytes], secrets: list[bytes], folder: str) -> list[list[str]]:
    """Return the rows of whole processes: cat into cat, and with us between them."""
    command, env = tools.ours(given.secrets_guard)
    with open(os.path.join(folder, ".env"), "wb") as stream:
        stream.write(b"".join(b"S%d=%s\n" % (number, secret) for number, secret in enumerate(secrets)))
    refs = {f"S{number}": f"env-file:.env#S{number}" for number in range(SECRETS)}
    made = []
    for number, (label, content) in enumerate(logs.items()):
        with open(os.path.join(folder, str(number)), "wb") as stream:
            stream.write(content)
        ours = ("sh", "-c", f'"$@" run --redact -- cat {number} | cat >/dev/null', "sh", *command)
        made.append(tools.Tool(f"run --redact -- cat, {label}", "", ours, (0,), {**env, **refs}))
    made.append(tools.Tool("cat", "", ("sh", "-c", "cat 0 | cat >/dev/null"), (0,), {}))
    samples = turns.measured(made, given.runs, folder, folder)
    size = given.megabytes * 1_000_000
    return [row(label, size, [sample.wall for sample in runs], middle(runs)) for label, runs in samples.items()]


def row(label: str, size: int, walls: list[float], typical: Sample | None = None) -> list[str]:
    """Return a line of the table; the start of the process is part of its time."""
    wall = typical.wall if typical else statistics.median(walls)
    rates = [size / one / 1e6 for one in (wall, max(walls), min(walls))]
    return [label, *(f"{rate:.0f}" for rate in rates), f"{wall:.2f}"]


if __name__ == "__main__":
    sys.exit(main())
