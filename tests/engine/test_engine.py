"""The loop: a positive control in every run, the same result whatever the workers, no error lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from secrets_guard import canary, engine
from secrets_guard.errors import EngineError, SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import FileOrigin, Origin
from secrets_guard.model.result import Problem, Stats
from secrets_guard.model.rule import Rule
from secrets_guard.rules.load import rule_set
from secrets_guard.sources.memory import MemorySource

TOY = Rule(id="toy-token", title="Toy", pattern=r"\b(toy_[0-9a-z]{24})\b", secret_group=1, max_length=28)


class Scripted:
    """A source that yields what it is given, and raises what is an error."""

    kind, target = "files", "scripted"

    def __init__(self, *script: Blob | Problem | BaseException) -> None:
        self.script = script

    def blobs(self, _stats: Stats, /) -> Iterator[Blob | Problem]:
        for item in self.script:
            if isinstance(item, BaseException):
                raise item
            yield item

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        return {name: [FileOrigin(name)] for name in ids}


def large(name: str, token: str) -> Blob:
    return Blob(name, token.encode() + b"\n" + b"x y\n" * (engine.BATCH_BYTES // 4), name)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_misses_the_positive_control_is_an_error(pipeline: Any, jobs: int) -> None:
    with pytest.raises(EngineError, match="positive control was not found"):
        engine.scan(MemorySource({"a": b"x"}), pipeline(TOY), jobs)


def test_a_control_that_is_not_found_encoded_is_an_error(pipeline: Any) -> None:
    blind = canary.RULE._replace(id="other", pattern=canary.RULE.pattern.replace("sg", "sG"))
    with pytest.raises(EngineError):
        engine.scan(MemorySource({}), pipeline(TOY, blind))


@pytest.mark.parametrize("max_depth", [0, 1, 5])
def test_the_control_is_found_at_any_depth_even_when_there_is_nothing_to_sweep(pipeline: Any, max_depth: int) -> None:
    swept = engine.scan(MemorySource({}), pipeline(max_depth=max_depth))
    assert (swept.findings, swept.problems, swept.stats.blobs, swept.stats.bytes, swept.stats.decoded) == (
        [], [], 0, 0, 0
    )  # fmt: skip


def test_a_user_s_rule_for_the_control_s_own_text_does_not_break_the_run(scan: Any) -> None:
    greedy = Rule(id="any", title="Any", pattern=r"(?:token|encoded) = (\w+)", secret_group=1, max_length=99)
    assert scan({"a": b"no"}, rule_set([greedy])).findings == ()


def test_no_file_can_take_the_control_s_name_and_be_left_out(scan: Any, token: Any) -> None:
    for name in ("secrets-guard-canary", canary.RULE.id):
        assert len(scan({name: token(1).encode()}).findings) == 1
    assert "\0" in canary.ID


def test_the_control_s_token_in_a_file_is_no_finding(scan: Any) -> None:
    assert scan({"a": canary.blob(1).data}).findings == ()


def test_results_are_the_same_for_any_number_of_workers(scan: Any, token: Any) -> None:
    contents = {f"f{n:03}": f"line\n{token(n % 40)} é {token(n)}\n".encode() * (n % 5) for n in range(120)}
    contents |= {f"large{n}": large("", token(n)).data for n in range(4)}
    results = [scan(contents, jobs=jobs, explain=True) for jobs in (1, 2, 8)]
    assert len(results[0].findings) > 400
    for other in results[1:]:
        assert other.findings == results[0].findings
        assert other.explanations == results[0].explanations
        assert other.problems == results[0].problems
        assert [getattr(other.stats, name) for name in Stats.__slots__] == [
            getattr(results[0].stats, name) for name in Stats.__slots__
        ]


@pytest.mark.parametrize("size", [1, 3, 50])
def test_findings_are_the_same_for_any_size_of_batch(pipeline: Any, token: Any, size: int) -> None:
    made = pipeline()
    blobs = [Blob(f"{n}", f"a {token(n)}\n{token(3)}".encode(), f"{n}") for n in range(50)]
    scratch = made.matcher.scratch()

    def swept(size: int) -> list[object]:
        from secrets_guard.tally import Tally

        tally = Tally()
        for start in range(0, len(blobs), size):
            engine.sweep(blobs[start : start + size], made, scratch, tally)
        return [one.finding for one in tally.found]

    assert swept(size) == swept(len(blobs))


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("after", [0, 3])
def test_a_source_s_error_surfaces(pipeline: Any, token: Any, jobs: int, after: int) -> None:
    before = threading.active_count()
    source = Scripted(*(large(f"{n}", token(n)) for n in range(after)), SourceError("the disk is gone"))
    with pytest.raises(SourceError, match="the disk is gone"):
        engine.scan(source, pipeline(), jobs)
    assert threading.active_count() == before


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_problems_of_a_source_are_part_of_the_result(pipeline: Any, token: Any, jobs: int) -> None:
    problem = Problem("unreadable", "x", "why")
    swept = engine.scan(Scripted(problem, large("a", token(1)), problem, large("b", token(2))), pipeline(), jobs)
    assert swept.problems == [problem, problem]
    assert [finding.location.path for finding in swept.findings] == ["a", "b"]


@pytest.mark.parametrize("jobs", [1, 3])
def test_an_interrupted_sweep_keeps_what_it_has_and_leaves_no_thread(pipeline: Any, token: Any, jobs: int) -> None:
    before = threading.active_count()
    source = Scripted(large("a", token(1)), large("b", token(2)), KeyboardInterrupt(), large("c", token(3)))
    swept = engine.scan(source, pipeline(), jobs)
    assert swept.interrupted
    assert {finding.location.path for finding in swept.findings} <= {"a", "b"}
    assert jobs > 1 or len(swept.findings) == 2
    assert threading.active_count() == before


SWEEP_AND_INTERRUPT = """
import os, signal, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from secrets_guard import api
from secrets_guard.cache import Cache
from secrets_guard.config import Settings
from secrets_guard.model.blob import Blob
from secrets_guard.model.rule import Rule
from secrets_guard.rules.load import rule_set
class Endless:
    kind = target = "files"
    def blobs(self, stats):
        for n in range(100_000):
            if n == 3:
                os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
            yield Blob(str(n), b"needle-123456 " + b"x" * (2 << 20), str(n))
    def origins(self, ids):
        return {}
rules = rule_set([Rule(id="needle", title="N", pattern=r"needle-[0-9]{6}", max_length=13, min_entropy=0.0)])
result = api.scan(Endless(), rules=rules, settings=Settings(jobs=JOBS), cache=Cache(None))
print(result.scan.complete, result.problems[0].kind, threading.active_count(), result.stats.blobs < 1000)
"""


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_signal_from_the_keyboard_ends_the_sweep_with_a_partial_result(jobs: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SWEEP_AND_INTERRUPT.replace("JOBS", str(jobs))],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("False interrupted 1 True\n", "")


def test_progress_is_told_and_ends_below_the_total(pipeline: Any, token: Any) -> None:
    told: list[int] = []
    blobs = [large(f"{n}", token(n)) for n in range(6)]
    swept = engine.scan(Scripted(*blobs), pipeline(), 1, lambda stats: told.append(stats.blobs))
    assert told == sorted(told)
    assert told[-1] <= swept.stats.blobs == 6


def test_bytes_count_once_for_a_content_in_pieces(scan: Any) -> None:
    size = (9 << 20) + 12
    stats = scan({"large": b"x y\n" * (size // 4)}, jobs=2).stats
    assert (stats.blobs, stats.bytes) == (1, size)
