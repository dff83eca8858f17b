"""A Dask cluster of real processes: its report is that of a sweep here, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run, Token
from .organisation import bare, commit, report, told

pytest.importorskip("distributed", reason="the extra dask is not installed")

_LIMIT_S = 60
# One worker that a task takes down is enough for the scheduler, where a test is about that.
_DASK = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}


def wait_for(what: Callable[[], Any]) -> Any:
    until = time.monotonic() + _LIMIT_S
    while not (found := what()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return found


class Cluster:
    """A scheduler and workers, each a process, on loopback."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        self.processes: list[subprocess.Popen[bytes]] = []
        self._log = (folder / "log").open("wb")
        file = folder / "scheduler.json"
        words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        self._start("dask_scheduler", *words)
        made = wait_for(lambda: file.exists() and file.read_text().endswith("}") and report(file))
        self.address: str = made["address"].removeprefix("tcp://")

    def _start(self, module: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            cwd=self.folder,
            env=self.env | env,
            stdout=self._log,
            stderr=self._log,
        )
        self.processes.append(process)
        return process

    def worker(self, name: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a worker of one thread, which is the process itself: nothing puts another in its place."""
        words = ("--no-nanny", "--nthreads", "1", "--name", name, "--no-dashboard", "--host", "127.0.0.1")
        process = self._start("dask_worker", f"tcp://{self.address}", *words, **env)
        wait_for(lambda: f"'{name}'" in self.log() or f"name: {name}" in self.log() or process.poll() is not None)
        return process

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self._log.close()


@pytest.fixture
def cluster(environment: dict[str, str], tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    made = Cluster(folder, environment | _DASK)
    yield made
    made.close()


def own_git(folder: Path, script: str) -> dict[str, str]:
    """Return an environment in which git is a script: for workers that something is to happen to."""
    (folder / "bin").mkdir(parents=True)
    made = folder / "bin" / "git"
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return {"PATH": f"{made.parent}:{os.environ['PATH']}"}


@pytest.fixture
def mirrors(here: Path, token: Token) -> Path:
    """Five repositories, a secret in each, one of it in two; and one that can't be read."""
    for number in range(5):
        shared = token("shared") if number in (2, 4) else token(f"of {number}")
        commit(here / "m" / f"r{number}", app=f"token = {shared}\n", text=f"{number}\n" * 9)
    (here / "m" / "broken" / ".git").mkdir(parents=True)
    return here / "m"


OPTIONS = ("--format", "json", "--no-progress")


def test_a_cluster_reports_what_a_sweep_here_does(run: Run, here: Path, cluster: Cluster, mirrors: Path) -> None:
    for name in ("one", "two", "three"):
        cluster.worker(name)
    engine = ("--engine", f"dask://{cluster.address}")
    ran = run("scan", "git", "--mirrors", "m", *engine, *OPTIONS, "--output", "there.json")
    assert ran.code == 1, ran.all
    run("scan", "git", "--mirrors", "m", *OPTIONS, "--output", "here.json")
    there = report(here / "there.json")
    assert bare(there) == bare(report(here / "here.json"))
    assert [path for path, _, _ in told(there)] == [f"r{number}/app" for number in range(5)]
    assert [one["where"] for one in there["problems"]] == ["broken"]


def test_a_worker_that_is_killed_midway_costs_no_finding_and_doubles_none(
    run: Run, start: Any, here: Path, cluster: Cluster, mirrors: Path, tmp_path: Path
) -> None:
    """The victim's git waits for ever in its first sweep, so that it is killed with a task in its hands."""
    busy = tmp_path / "busy"
    stuck = own_git(tmp_path, f"touch {busy}\nexec sleep 600")
    for name in ("one", "two"):
        cluster.worker(name)
    victim = cluster.worker("victim", **stuck)
    engine = ("--engine", f"dask://{cluster.address}")
    process = start("scan", "git", "--mirrors", "m", *engine, *OPTIONS, "--output", "there.json")
    wait_for(busy.exists)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    out, err = process.communicate(timeout=_LIMIT_S)
    assert process.returncode == 1, out + err
    run("scan", "git", "--mirrors", "m", *OPTIONS, "--output", "here.json")
    assert bare(report(here / "there.json")) == bare(report(here / "here.json"))


def test_a_repository_that_takes_its_workers_down_is_a_problem(
    run: Run, here: Path, cluster: Cluster, mirrors: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        cluster.worker(name, **own_git(tmp_path / name, "kill -9 $PPID"))
    engine = ("--engine", f"dask://{cluster.address}")
    ran = run("scan", "git", "m/r1", *engine, *OPTIONS, "--output", "there.json", "--strict")
    assert ran.code == 2, ran.all
    (problem,) = report(here / "there.json")["problems"]
    assert (problem["kind"], problem["where"]) == ("error", "m/r1")
    assert "KilledWorker" in problem["message"]


def test_an_interrupted_sweep_on_a_cluster_says_what_was_not_swept(
    start: Any, here: Path, cluster: Cluster, mirrors: Path, tmp_path: Path
) -> None:
    busy = tmp_path / "busy"
    cluster.worker("one", **own_git(tmp_path, f"touch {busy}\nexec sleep 600"))
    engine = ("--engine", f"dask://{cluster.address}")
    process = start("scan", "git", "--mirrors", "m", *engine, *OPTIONS, "--output", "there.json")
    wait_for(busy.exists)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=_LIMIT_S)
    assert process.returncode == 130, out + err
    made = report(here / "there.json")
    assert made["scan"]["complete"] is False
    assert "stopped by the user; 6 of 6 repositories were not swept" in made["problems"][0]["message"]


def test_no_secret_travels(run: Run, here: Path, cluster: Cluster, mirrors: Path, token: Token) -> None:
    cluster.worker("one")
    engine = ("--engine", f"dask://{cluster.address}")
    ran = run("scan", "git", "--mirrors", "m", *engine, "--show-secrets")
    assert (ran.code, "never travel" in ran.err) == (2, True)
    ran = run("scan", "git", "https://user:pass@example.com/x.git", *engine)
    assert (ran.code, "would travel" in ran.err, "pass@" in ran.all) == (2, True, False)
    run("scan", "git", "--mirrors", "m", *engine, *OPTIONS, "--output", "there.json")
    for text in (cluster.log(), (here / "there.json").read_text()):
        assert token("of 1") not in text


def test_fingerprints_are_made_with_the_key_of_whoever_asks(
    run: Run, here: Path, cluster: Cluster, mirrors: Path
) -> None:
    cluster.worker("one")
    engine = ("--engine", f"dask://{cluster.address}")
    key = {"SECRETS_GUARD_FINGERPRINT_KEY": "ours"}
    run("scan", "git", "m/r1", *engine, *OPTIONS, "--output", "there.json", env=key)
    run("scan", "git", "m/r1", "m/broken", *OPTIONS, "--output", "here.json", env=key)
    run("scan", "git", "m/r1", "m/broken", *OPTIONS, "--output", "other.json")
    assert told(report(here / "there.json")) == told(report(here / "here.json"))
    assert told(report(here / "there.json")) != told(report(here / "other.json"))


def test_a_worker_with_other_rules_is_an_error(run: Run, here: Path, cluster: Cluster, mirrors: Path) -> None:
    """The file of rules is there for both, but not the same: as where a worker has an older checkout."""
    rule = "- id: {}\n  title: ours\n  severity: low\n  pattern: '(ours-[0-9]{{8}})'\n  keywords: [ours]\n"
    rule += "  examples: [ours-12345678]\n  counterexamples: [ours]\n  references: ['https://example.com']\n"
    for folder, rule_id in ((here, "ours"), (cluster.folder, "theirs")):
        (folder / "rules.yaml").write_text(rule.format(rule_id))
    cluster.worker("one")
    engine = ("--engine", f"dask://{cluster.address}")
    ran = run("scan", "git", "--mirrors", "m", *engine, "--rules", "rules.yaml")
    assert (ran.code, "its rules are not those of the order" in ran.err) == (2, True), ran.all


def test_a_worker_of_another_version_is_an_error(
    run: Run, here: Path, cluster: Cluster, mirrors: Path, tmp_path: Path
) -> None:
    import shutil

    older = tmp_path / "older"
    shutil.copytree(Path(__file__).parents[2] / "secrets_guard", older / "secrets_guard")
    (older / "secrets_guard" / "version.py").write_text('"""Older."""\n\n__version__ = "0.0.1"\n')
    cluster.worker("one", PYTHONPATH=str(older))
    ran = run("scan", "git", "--mirrors", "m", "--engine", f"dask://{cluster.address}")
    assert (ran.code, "has secrets-guard 0.0.1" in ran.err) == (2, True), ran.all


def test_no_worker_or_no_scheduler_is_an_error(run: Run, cluster: Cluster, mirrors: Path) -> None:
    ran = run("scan", "git", "--mirrors", "m", "--engine", f"dask://{cluster.address}")
    assert (ran.code, "there are no workers" in ran.err) == (2, True), ran.all
    for engine in ("spark://here", "dask://here", "dask://a b:1", "dask://[::1]", "dask://"):
        ran = run("scan", "git", "--mirrors", "m", "--engine", engine)
        assert (ran.code, "write dask://HOST:PORT" in ran.err) == (2, True), ran.all
    ran = run("scan", "git", "--mirrors", "m", "--engine", "dask://127.0.0.1:1")
    assert (ran.code, "no Dask scheduler answers" in ran.err) == (2, True), ran.all
