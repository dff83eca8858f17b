"""How many cores there are to use, and what becomes of errors."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from secrets_guard import workers


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_a_process_confined_to_one_core_uses_one() -> None:
    script = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from secrets_guard.workers import available_cores; print(available_cores())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_there_is_always_a_core() -> None:
    assert 1 <= workers.available_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("max 100000", 0),
        ("50000 100000", 1),
        ("100000 100000", 1),
        ("250000 100000", 3),
        ("", 0),
        ("a b", 0),
        ("1 0", 0),
    ],
)
def test_the_quota_of_a_cgroup_is_rounded_up(tmp_path: Path, text: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert workers._cgroup_cores(str(tmp_path)) == cores


def test_the_tightest_of_all_cgroups_above_counts(tmp_path: Path) -> None:
    membership = tmp_path / "membership"
    membership.write_text("1:name=systemd:/x\n0::/pod/container\n")
    own = tmp_path / "pod" / "container"
    own.mkdir(parents=True)
    (own / "cpu.max").write_text("max 100000\n")
    (own.parent / "cpu.max").write_text("150000 100000\n")
    assert workers._cgroup_cores(str(tmp_path), str(membership)) == 2
    (own / "cpu.max").write_text("100000 100000\n")
    assert workers._cgroup_cores(str(tmp_path), str(membership)) == 1


@pytest.mark.parametrize(("quota", "cores"), [("-1", 0), ("150000", 2), ("x", 0)])
def test_the_first_version_of_cgroups_is_read_too(tmp_path: Path, quota: str, cores: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert workers._cgroup_cores(str(tmp_path)) == cores


def test_without_cgroups_there_is_no_quota(tmp_path: Path) -> None:
    assert workers._cgroup_cores(str(tmp_path)) == 0


def endless() -> Iterator[int]:
    yield from range(10_000_000)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_a_worker_s_error_stops_all_and_surfaces(jobs: int) -> None:
    done: list[int] = []

    def make() -> Callable[[int], None]:
        def work(item: int) -> None:
            done.append(item)
            if item == 50:
                raise ZeroDivisionError("of a worker")

        return work

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError, match="of a worker"):
        workers.run(endless(), make, jobs, None)
    assert threading.active_count() == before
    assert len(done) < 10_000_000


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_an_error_in_making_a_worker_surfaces(jobs: int) -> None:
    def make() -> Callable[[int], None]:
        raise MemoryError("no scratch")

    with pytest.raises(MemoryError, match="no scratch"):
        workers.run(iter(range(9)), make, jobs, None)


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_every_item_is_worked_on_once(jobs: int, count: int) -> None:
    done: list[int] = []
    workers.run(iter(range(count)), lambda: done.append, jobs, lambda: None)
    assert sorted(done) == list(range(count))


def test_streams_side_by_side_give_all_they_have_each_in_its_order() -> None:
    def stream(name: str, count: int) -> Callable[[], Iterator[tuple[str, int]]]:
        return lambda: ((name, number) for number in range(count))

    streams = [stream(name, count) for name, count in (("a", 50), ("b", 0), ("c", 3), ("d", 20))]
    for width in (1, 2, 9):
        given = list(workers.side_by_side(streams, width))
        for name, count in (("a", 50), ("b", 0), ("c", 3), ("d", 20)):
            assert [number for one, number in given if one == name] == list(range(count))


def test_streams_side_by_side_work_ahead_only_so_far() -> None:
    begun: list[int] = []

    def stream() -> Iterator[int]:
        for number in range(1000):
            begun.append(number)
            yield number

    given = workers.side_by_side([stream, stream], 2, ahead=3)
    assert next(given) == 0
    settled = threading.Event()
    settled.wait(0.3)
    assert len(begun) <= 1 + 3 + 2 * 2
    given.close()  # type: ignore[attr-defined]
    settled.wait(0.3)
    assert len(begun) <= 1 + 3 + 2 * 2


def test_the_first_error_of_a_stream_ends_all() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("broken")

    def endless() -> Iterator[int]:
        while True:
            yield 0

    with pytest.raises(KeyError):
        for _ in workers.side_by_side([endless, broken], 2):
            pass


def test_no_streams_give_nothing() -> None:
    assert list(workers.side_by_side([], 3)) == []
