"""The parts of the simulation and of the curve: synthetic histories, the fit, the schedule."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import organisation, past

GIVEN = organisation.parser().parse_args([])


def test_a_synthetic_history_has_the_commits_and_about_the_new_bytes_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("secrets_guard._native", reason="the extension is not built: no Rust toolchain")
    past.make(str(tmp_path / "few"), commits=20, change=500)
    past.make(str(tmp_path / "more"), commits=60, change=4000)
    few, more = (past.facts(str(tmp_path / name)) for name in ("few", "more"))
    assert (few.commits, more.commits) == (20, 60)
    # Deltas go back in time, so some of what was replaced is found elsewhere.
    assert more.new - few.new > 60 * 4000 * 0.4
    assert few.text > few.new
    assert more.text > 60 * 20_000


def test_the_same_seed_makes_the_same_history(tmp_path: Path) -> None:
    heads = set()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        past.make(str(tmp_path / name), commits=3, change=100, seed=seed)
        done = subprocess.run(
            ["git", "-C", str(tmp_path / name), "rev-parse", "main"], capture_output=True, check=True, text=True
        )
        heads.add(done.stdout)
    assert len(heads) == 2


def test_a_cut_history_ends_where_it_was_cut(tmp_path: Path) -> None:
    pytest.importorskip("secrets_guard._native", reason="the extension is not built: no Rust toolchain")
    source = str(tmp_path / "source")
    past.make(source, commits=10, change=100)
    subprocess.run(["git", "-C", source, "symbolic-ref", "HEAD", "refs/heads/main"], check=True)
    commits = past.along(source, 5)
    for number, commit in enumerate(commits, 1):
        past.cut(source, str(tmp_path / f"cut{number}"), commit)
        assert past.facts(str(tmp_path / f"cut{number}")).commits == number * 2


def test_the_fit_gives_back_what_costs_were_made_from() -> None:
    costs = [
        organisation.Cost(size, 0.5 + 0.02 + size * 1e-8, 50_000_000 + size // 10) for size in (10**6, 10**7, 10**9)
    ]
    found = organisation.fit(costs, start=0.5, more=0.02)
    assert found.time(10**8) == pytest.approx(1.02)
    assert found.memory_per_byte == pytest.approx(0.1, rel=0.01)


def test_nobody_waits_while_there_is_work() -> None:
    assert organisation.makespan([3, 1, 1, 1], 2) == 3
    assert organisation.makespan([10, 1, 1], 3) == 10
    assert organisation.makespan([1] * 100, 10) == 10


def test_sizes_have_a_long_tail_under_a_bound_and_the_same_seed_draws_the_same() -> None:
    sizes = organisation.drawn(2_000, 1e5, 2.0, 1e8)
    assert sizes == organisation.drawn(2_000, 1e5, 2.0, 1e8)
    assert sizes == sorted(sizes, reverse=True)
    assert max(sizes) <= 1e8
    assert sorted(sizes)[1_000] == pytest.approx(1e5, rel=0.2)


def test_what_bounds_a_run_is_told() -> None:
    slow = organisation.Fit(1.0, 0.0, 5e7, 0.0)
    assert [row[3] for row in organisation.simulated([1e3] * 5_000, slow, GIVEN)] == ["processors"] * 3
    quick = organisation.Fit(0.0, 0.0, 5e7, 0.0)
    assert {row[3] for row in organisation.simulated([1e6] * 5_000, quick, GIVEN)} == {"the network"}
    assert organisation.simulated([1e10, *[1e3] * 100], quick, GIVEN)[2][3] == "the largest"
