"""Source -> decode -> detect -> judge -> attribute: the one loop through the stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard import canary, glance, history, judge, parts, workers
from secrets_guard.attribute import context_of
from secrets_guard.decode import decode, root_view
from secrets_guard.decode.batch import Batch
from secrets_guard.decode.view import View
from secrets_guard.detect.matcher import Matcher
from secrets_guard.errors import EngineError
from secrets_guard.judge.overlap import Judged
from secrets_guard.model.blob import Blob
from secrets_guard.model.finding import Finding
from secrets_guard.model.protocols import HistorySource, Source, is_history, is_remembering
from secrets_guard.model.result import Explanation, Problem, Stats
from secrets_guard.origins import resolve
from secrets_guard.tally import Clerk, Tally

if TYPE_CHECKING:
    import hyperscan

BATCH_BYTES = 2 << 20
"""Blobs are gathered to this size for one scan: large enough that the start of a scan costs nothing."""
BATCH_BLOBS = 4096


Note = Callable[[View, list[Judged], Tally], None]
"""(the blob, its judged matches, where to note them): the clerk's, or a history's ledger's."""


class Pipeline(NamedTuple):
    """What one sweep is made of; shared by all workers."""

    matcher: Matcher
    clerk: Clerk
    max_depth: int = 5


class Sweep(NamedTuple):
    """What came out of the loop; ``interrupted`` when ^C ended it early."""

    findings: list[Finding]
    problems: list[Problem]
    stats: Stats
    explanations: list[Explanation]
    interrupted: bool


def scan(source: Source, pipeline: Pipeline, jobs: int = 1, progress: Callable[[Stats], None] | None = None) -> Sweep:
    """Sweep ``source`` with ``jobs`` workers; ``progress`` is called now and then with the counters so far.

    Raises SourceError for a target that can't be read at all, EngineError when the positive control was not found.
    """
    clerk = pipeline.clerk
    if not is_history(source):
        swept, interrupted = _pass(source, pipeline, clerk.note, jobs, progress)
        if is_remembering(source) and not interrupted:
            source.settle(swept.suspects)
        findings = resolve(swept, source)
    else:
        looked, interrupted = _look_first(source, pipeline, jobs, progress)
        swept, stopped = _pass(source, pipeline, history.Ledger(clerk).note, jobs, progress, looked)
        interrupted = interrupted or stopped
        if not interrupted:
            source.settle(swept.suspects)
        scratch = pipeline.matcher.scratch()

        def again(blobs: Iterable[Blob]) -> Iterator[Tally]:
            for batch in _gathered(blobs, []):
                tally = Tally()
                sweep(batch, pipeline, scratch, tally)
                yield tally

        findings = history.report(swept, source, clerk, again)
    return Sweep(findings, swept.problems, swept.stats, swept.explanations, interrupted)


def _look_first(
    source: HistorySource, pipeline: Pipeline, jobs: int, progress: Callable[[Stats], None] | None
) -> tuple[Stats, bool]:
    """Let the source learn which contents need to be swept; return what was looked at, and whether ^C ended it."""
    looked = Stats()
    try:
        glance.glance(source, pipeline.matcher, jobs, looked, (lambda: progress(looked)) if progress else None)
    except KeyboardInterrupt:
        return looked, True
    return looked, False


def _pass(
    source: Source,
    pipeline: Pipeline,
    note: Note,
    jobs: int,
    progress: Callable[[Stats], None] | None,
    looked: Stats | None = None,
) -> tuple[Tally, bool]:
    """Take all of the source through the stages once; return what was noted, and whether ^C ended it early."""
    total = Tally()
    total.stats.add(looked or Stats())
    tallies: list[Tally] = []

    def worker() -> Callable[[list[Blob]], None]:
        tally, scratch = Tally(), pipeline.matcher.scratch()
        tallies.append(tally)
        return lambda blobs: sweep(blobs, pipeline, scratch, tally, note)

    def tick() -> None:
        if progress is not None:
            so_far = Stats()
            for tally in (total, *tallies):
                so_far.add(tally.stats)
            progress(so_far)

    interrupted = False
    try:
        workers.run(batches(source, total, pipeline.max_depth), worker, jobs, tick if progress else None)
    except KeyboardInterrupt:
        interrupted = True
    merged = Tally.merged([total, *tallies])
    if not interrupted and merged.canary != canary.expected(pipeline.max_depth):
        raise EngineError(
            "the positive control was not found: this run would have missed real secrets; "
            "delete the cache folder, run 'secrets-guard selftest', and report it if that fails"
        )
    return merged, interrupted


def batches(source: Source, tally: Tally, max_depth: int) -> Iterator[list[Blob]]:
    """Yield the source's blobs in batches, the positive control in the first; problems go to ``tally``."""
    yield from _gathered(_readable(source.blobs(tally.stats), tally), [canary.blob(max_depth)])


def _readable(items: Iterable[Blob | Problem], tally: Tally) -> Iterator[Blob]:
    for item in items:
        if isinstance(item, Problem):
            tally.problems.append(item)
        else:
            yield item


def _gathered(blobs: Iterable[Blob], first: list[Blob]) -> Iterator[list[Blob]]:
    """Yield ``first`` and the blobs in batches of the size that one scan takes."""
    gathered, size = first, 0
    for blob in blobs:
        gathered.append(blob)
        size += len(blob.data)
        if size >= BATCH_BYTES or len(gathered) >= BATCH_BLOBS:
            yield gathered
            gathered, size = [], 0
    if gathered:
        yield gathered


def sweep(
    blobs: list[Blob], pipeline: Pipeline, scratch: hyperscan.Scratch, tally: Tally, note: Note | None = None
) -> None:
    """Take one batch through decode, detect and judge; ``note`` (the clerk's) keeps in ``tally`` what stands."""
    note = note or pipeline.clerk.note
    matcher = pipeline.matcher
    roots = views = [root_view(blob, index) for index, blob in enumerate(blobs)]
    tally.count_blobs(roots)
    judged: dict[int, list[Judged]] = {}
    incomplete: set[int] = set()
    decoded: dict[int, list[View]] = {}
    for depth in range(pipeline.max_depth + 1):
        batch = Batch(views)
        hits, encoded = matcher.scan(batch.buffer, scratch)
        for match in matcher.confirm(batch, hits):
            blob = blobs[match.blob_index]
            if match.rule is canary.RULE and blob.id != canary.ID:
                continue
            judged.setdefault(match.blob_index, []).append(judge.judge(match, context_of(match, blob.hint)))
        if not encoded or depth == pipeline.max_depth:
            break
        views, cut = decode(batch, encoded)
        incomplete |= cut
        tally.stats.decoded += sum(view.blob.id != canary.ID for view in views)
        if not views:
            break
        for view in views:
            decoded.setdefault(view.blob_index, []).append(view)
    message = "too many encoded pieces; the rest was not decoded"
    tally.problems += [Problem("limit", blobs[index].hint or blobs[index].id, message) for index in sorted(incomplete)]
    tally.suspects.update(blobs[index].id for index in incomplete)
    for index in sorted(judged):
        texts = [roots[index], *decoded.get(index, ())]
        note(roots[index], parts.join(judged[index], texts, matcher, pipeline.clerk.stands), tally)
