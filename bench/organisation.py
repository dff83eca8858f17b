"""A few repositories, measured -> what a sweep of 100,000 would take: time, memory and bytes over the network.

Measured: processor time, peak memory and bytes of packs of each repository that is swept, and what one more tiny
repository costs in the same process. Assumed: how large the repositories of an organisation are, the network, and that
a worker sweeps one repository at a time with one core. docs: bench/README.md.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from typing import NamedTuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import curve, past, table
from bench.measure import BenchError

_MEASURED = ((20, 500), (300, 2_000), (1_500, 4_000), (4_000, 8_000))
"""(commits, bytes that each changes) of the repositories that are made."""
_TINY = 12
_WORKERS = (1, 10, 100)


class Cost(NamedTuple):
    """One repository, measured."""

    packed: int
    cpu: float
    peak: int


class Fit(NamedTuple):
    """What a repository costs by the bytes of its packs: seconds and bytes."""

    seconds: float
    seconds_per_byte: float
    memory: float
    memory_per_byte: float

    def time(self, packed: float) -> float:
        """Return the seconds of one core."""
        return self.seconds + self.seconds_per_byte * packed


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    folder = tempfile.mkdtemp(prefix="secrets-guard-bench-")
    try:
        costs, start, more = measured(given.repos, folder, given.runs)
    except BenchError as error:
        print(f"organisation.py: {error}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = fit(costs, start, more)
    print(
        f"{table.machine()}, {table.load()} after\n\nMeasured (one thread, whole processes, medians of {given.runs}):\n"
    )
    rows = [[f"{one.packed / 1e6:.2f}", f"{one.cpu:.2f}", f"{one.peak / 1e6:.0f}"] for one in costs]
    print(table.render(("Packed MB", "CPU s", "Peak MB"), rows, markdown=given.markdown))
    print(
        f"\nA process starts in {start:.2f} s; one more tiny repository takes {more * 1000:.0f} ms of processor time."
        f"\nFit: {found.seconds * 1000:.0f} ms and {found.seconds_per_byte * 1e9:.1f} ns a packed byte; "
        f"{found.memory / 1e6:.0f} MB and {found.memory_per_byte:.2f} bytes a packed byte.\n"
    )
    sizes = drawn(given.repositories, given.median, given.spread, given.largest)
    print(
        f"Simulated: {len(sizes):,} repositories, median {given.median / 1e6:.2f} MB, spread {given.spread}, in all "
        f"{sum(sizes) / 1e9:,.0f} GB packed, the largest {sizes[0] / 1e9:.1f} GB; "
        f"the store gives {given.store} MB/s, a worker takes {given.link} MB/s:\n"
    )
    heads = ("Workers", "Makespan h", "Busy %", "Bound by", "Peak MB a worker", "Read GB a worker", "Read MB/s in all")
    print(table.render(heads, simulated(sizes, found, given), markdown=given.markdown))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="organisation.py", description=__doc__)
    made.add_argument("repos", nargs="*", help="measure these repositories, too (the larger, the better the fit)")
    made.add_argument("--runs", type=int, default=3, help="timed runs of each; default 3")
    made.add_argument("--repositories", type=int, default=100_000, help="how many to simulate")
    made.add_argument("--median", type=float, default=4e5, help="assumed: median of packed bytes; default 0.4 MB")
    made.add_argument("--spread", type=float, default=2.2, help="assumed: sigma of the log-normal sizes; default 2.2")
    made.add_argument("--largest", type=float, default=2e10, help="assumed: no repository is larger; default 20 GB")
    made.add_argument("--store", type=float, default=1000, help="assumed: MB/s of the file server; default 1000")
    made.add_argument("--link", type=float, default=120, help="assumed: MB/s that a worker can take; default 120")
    made.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    return made


def measured(repos: Sequence[str], folder: str, runs: int) -> tuple[list[Cost], float, float]:
    """Return the costs of some repositories, the seconds of a start, and those of one more tiny repository."""
    made = [os.path.join(folder, f"made{number}") for number in range(len(_MEASURED))]
    for where, (commits, change) in zip(made, _MEASURED, strict=True):
        past.make(where, commits=commits, change=change)
    costs = []
    for repo in [*made, *repos]:
        sample = curve.swept(os.path.abspath(repo), runs, "", "--jobs", "1")
        costs.append(Cost(past.facts(repo).packed, sample.cpu, sample.peak))
    tiny = os.path.join(folder, "tiny")
    for number in range(_TINY):
        # Of a seed each, so that none is another's fork.
        past.make(os.path.join(tiny, str(number)), commits=2, change=100, seed=number)
    one = curve.swept(os.path.join(tiny, "0"), runs, "", "--jobs", "1").cpu
    every = curve.swept(os.path.join(tiny, "0"), runs, "", "--jobs", "1", "--mirrors", tiny).cpu
    more = (every - one) / (_TINY - 1)
    return sorted(costs), max(0.0, one - more), more


def fit(costs: Sequence[Cost], start: float, more: float) -> Fit:
    """Return what fits best, relative errors counted (else the largest repository would decide alone)."""
    pairs = [(one.packed, max(0.0, one.cpu - start - more)) for one in costs]
    slope = sum(cpu / packed for packed, cpu in pairs) / len(pairs)
    smallest, largest = costs[0], costs[-1]
    grows = max(0.0, (largest.peak - smallest.peak) / max(1, largest.packed - smallest.packed))
    return Fit(more, slope, smallest.peak, grows)


def drawn(number: int, median: float, spread: float, largest: float, seed: int = 1) -> list[float]:
    """Return packed sizes with a long tail, the largest first."""
    dice = random.Random(seed)
    return sorted((min(largest, median * dice.lognormvariate(0, spread)) for _ in range(number)), reverse=True)


def makespan(times: Sequence[float], workers: int) -> float:
    """Return when the last of ``workers`` is done, each taking the next of ``times`` when it is free."""
    free = [0.0] * workers
    for time in times:
        heapq.heapreplace(free, free[0] + time)
    return max(free)


def simulated(sizes: Sequence[float], found: Fit, given: argparse.Namespace) -> list[list[str]]:
    """Return a row for each number of workers."""
    rows = []
    for workers in _WORKERS:
        # A worker reads while it sweeps: a repository takes as long as the slower of the two.
        link = min(given.link, given.store / workers) * 1e6
        times = [max(found.time(size), size / link) for size in sizes]
        took, ideal = makespan(times, workers), sum(times) / workers
        read = sum(size / link for size in sizes) / workers
        bound = "the largest" if took > 1.1 * ideal else "the network" if read > 0.9 * took else "processors"
        rows.append([
            f"{workers}", f"{took / 3600:.2f}", f"{100 * ideal / took:.0f}", bound,
            f"{(found.memory + found.memory_per_byte * sizes[0]) / 1e6:,.0f}",
            f"{sum(sizes) / workers / 1e9:,.1f}", f"{sum(sizes) / took / 1e6:,.0f}",
        ])  # fmt: skip
    return rows


if __name__ == "__main__":
    sys.exit(main())
