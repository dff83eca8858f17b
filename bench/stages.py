"""A tree -> where our time goes: each stage of the sweep on its own, one after the other on one thread."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ParamSpec, TypeVar

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import speed, table
from bench.measure import BenchError
from secrets_guard import api, canary, engine, judge, parts
from secrets_guard.attribute import context_of
from secrets_guard.cache import Cache
from secrets_guard.config import Settings
from secrets_guard.decode import decode, root_view
from secrets_guard.decode.batch import Batch
from secrets_guard.decode.view import View
from secrets_guard.detect.matcher import Matcher
from secrets_guard.errors import SecretsGuardError
from secrets_guard.fingerprint import Fingerprinter
from secrets_guard.judge.overlap import Judged
from secrets_guard.model.blob import Blob
from secrets_guard.model.match import Match
from secrets_guard.model.origin import FileOrigin, Origin
from secrets_guard.model.result import Problem, Stats
from secrets_guard.model.rule import RuleSet
from secrets_guard.origins import resolve
from secrets_guard.rules.active import load_rules
from secrets_guard.sources.files import FileSource
from secrets_guard.sources.tree import Listing, Tree
from secrets_guard.suppression.allow import judge_allow
from secrets_guard.suppression.known import Suppressions
from secrets_guard.suppression.order import Suppressor
from secrets_guard.tally import Clerk, Tally

if TYPE_CHECKING:
    import hyperscan

HEADERS = ("Stage", "ms", "share", "MB/s", "how many")
_THINGS = {
    "load rules": "rules",
    "walk": "files",
    "read": "blobs",
    "batch": "batches",
    "stage one": "hits",
    "stage two": "matches",
    "judge": "judged",
    "decode": "decoded texts",
    "attribute": "findings",
}
_DEPTH = Settings().max_depth
Asked = ParamSpec("Asked")
Made = TypeVar("Made")


class Clock:
    """Seconds and counts by stage, in the order in which the stages were first met."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.bytes: dict[str, int] = {}
        self.counts: dict[str, int] = {}

    def time(self, stage: str, work: Callable[Asked, Made], *args: Asked.args, **options: Asked.kwargs) -> Made:
        """Do ``work``, add its time to ``stage`` and return what it gave."""
        started = time.perf_counter()
        made = work(*args, **options)
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started
        return made

    def add(self, stage: str, number: int, size: int = 0) -> None:
        """Add to what a stage has counted, in things and in bytes."""
        self.counts[stage] = self.counts.get(stage, 0) + number
        self.bytes[stage] = self.bytes.get(stage, 0) + size


class Held:
    """A source whose blobs are in memory already."""

    def __init__(self, items: list[Blob | Problem]) -> None:
        self.items = items
        self.kind, self.target = "files", "memory"

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:  # noqa: ARG002 - as the protocol has it
        """Yield them."""
        yield from self.items

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Return the file of each id."""
        return {path: [FileOrigin(path)] for path in ids}


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    work = tempfile.mkdtemp(prefix="secrets-guard-bench-")
    try:
        if given.runs < 1:
            raise BenchError("--runs: at least 1")
        facts = speed.target(given)
        cache = Cache(work)
        api.scan(Held([]), cache=cache)
        clocks = [sweep(facts.folder, cache) for _ in range(given.runs)]
        print(f"{facts.folder}: {facts.files:,} files, {facts.bytes / 1e6:.1f} MB; median of {given.runs}, one thread")
        print(f"{table.machine()}\n")
        print(table.render(HEADERS, cells(clocks), markdown=given.markdown) + "\n")
    except (BenchError, SecretsGuardError) as error:
        print(f"stages.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="stages.py", description=__doc__)
    made.add_argument("--tree", help="folder to sweep; default: the synthetic one")
    made.add_argument("--runs", type=int, default=3, help="sweeps; default 3")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    default = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "secrets-guard-bench")
    made.add_argument("--cache", metavar="DIR", default=default, help="where the synthetic tree is kept")
    return made


def sweep(folder: str, cache: Cache) -> Clock:
    """Do one sweep stage by stage and return what each took; decoded text counts to the stage that handles it."""
    clock = Clock()
    rules = clock.time("load rules", load_rules, cache=cache)
    clock.add("load rules", len(rules.rules))
    active = api.active_rules(rules, Settings())
    matcher = clock.time("load database", Matcher, (*active, canary.RULE), cache)
    source = Held(read(folder, clock))
    pipeline = engine.Pipeline(matcher, clerk_for(rules))
    tally, scratch = Tally(), matcher.scratch()
    for blobs in list(engine.batches(source, tally, _DEPTH)):
        note(blobs, pipeline, scratch, tally, clock)
    findings = clock.time("attribute", resolve, tally, source)
    clock.add("attribute", len(findings))
    return clock


def read(folder: str, clock: Clock) -> list[Blob | Problem]:
    """Walk the folder, then walk and read it; what is beyond the walk is the reading."""
    base = folder.rstrip("/") + "/"
    walker = Tree(Stats(), [], no_ignore=True, follow_symlinks=False)
    listings = clock.time("walk", list, walker.listings(base, ""))
    clock.add("walk", sum(len(item.names) for item in listings if isinstance(item, Listing)))
    items = clock.time("read", list, FileSource((folder,), no_ignore=True).blobs(Stats()))
    clock.seconds["read"] = max(0.0, clock.seconds["read"] - clock.seconds["walk"])
    clock.add("read", len(items), sum(len(item.data) for item in items if isinstance(item, Blob)))
    return items


def note(blobs: list[Blob], pipeline: engine.Pipeline, scratch: hyperscan.Scratch, tally: Tally, clock: Clock) -> None:
    """Take one batch through the stages, as engine.sweep does, the clock running."""
    matcher = pipeline.matcher
    roots = views = clock.time("batch", roots_of, blobs)
    judged: dict[int, list[Judged]] = {}
    texts: dict[int, list[View]] = {index: [root] for index, root in enumerate(roots)}
    for _ in range(_DEPTH + 1):
        batch = clock.time("batch", Batch, views)
        size = len(batch.buffer)
        clock.add("batch", 1, size)
        hits, encoded = clock.time("stage one", matcher.scan, batch.buffer, scratch)
        clock.add("stage one", len(hits) + len(encoded), size)
        matches = clock.time("stage two", list, matcher.confirm(batch, hits))
        clock.add("stage two", len(matches))
        clock.time("judge", judge_all, matches, blobs, judged)
        if not encoded:
            break
        views, _ = clock.time("decode", decode, batch, encoded)
        clock.add("decode", len(views))
        if not views:
            break
        for view in views:
            texts[view.blob_index].append(view)
    for index, group in judged.items():
        stands = clock.time("judge", parts.join, group, texts[index], matcher, pipeline.clerk.stands)
        clock.add("judge", len(stands))
        clock.time("attribute", pipeline.clerk.note, roots[index], stands, tally)


def roots_of(blobs: list[Blob]) -> list[View]:
    return [root_view(blob, index) for index, blob in enumerate(blobs)]


def judge_all(matches: list[Match], blobs: list[Blob], judged: dict[int, list[Judged]]) -> None:
    for match in matches:
        verdict = judge.judge(match, context_of(match, blobs[match.blob_index].hint))
        judged.setdefault(match.blob_index, []).append(verdict)


def clerk_for(rules: RuleSet) -> Clerk:
    today = api.today()
    known = Suppressions((), today, (rule.id for rule in rules.rules))
    return Clerk(Suppressor(inline=True, allow=judge_allow((), today), known=known), Fingerprinter())


def cells(clocks: list[Clock]) -> list[list[str]]:
    """Return the table's cells: medians over the sweeps, and their sum."""
    medians = {
        stage: statistics.median(clock.seconds.get(stage, 0.0) for clock in clocks) for stage in clocks[0].seconds
    }
    total, last = sum(medians.values()), clocks[-1]
    made = []
    for stage, seconds in medians.items():
        size = last.bytes.get(stage, 0)
        rate = f"{size / 1e6 / seconds:,.0f}" if size and seconds else ""
        count = f"{last.counts[stage]:,} {_THINGS[stage]}" if stage in last.counts else ""
        made.append([stage, f"{seconds * 1000:.1f}", f"{seconds / total:.0%}", rate, count])
    return [*made, ["together", f"{total * 1000:.1f}", "100%", "", ""]]


if __name__ == "__main__":
    sys.exit(main())
