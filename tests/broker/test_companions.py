"""Those who work beside a supervised command: they start it anew, signal it, learn how it ends, are closed in time."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from secrets_guard.broker.child.closing import close_all

BEGINNING = """
import signal, sys, threading, time
from secrets_guard.broker.child.output import Direct
from secrets_guard.broker.child.redacted import Redacted
from secrets_guard.broker.child.supervise import Supervisor
from secrets_guard.broker.child.task import Task, Terms
from secrets_guard.broker.privileges import Privileges
from secrets_guard.model.secret import Secret

def told(*words):
    print(*words, file=sys.stderr, flush=True)

class Companion:
    def begin(self, command):
        self.command = command
    def ended(self, end):
        told("ended", end.code, end.restarts, 0 < end.lived < 30)
    def close(self, seconds):
        told("closed", seconds > 0)

def env(**values):
    return {"PATH": Secret(b"/usr/bin:/bin")} | {name: Secret(value.encode()) for name, value in values.items()}

def run(script, companion, output=Direct, grace=5.0, **values):
    terms = Terms(grace, Privileges(), output)
    sys.exit(Supervisor(["sh", "-c", script], Task(env(**values)), terms, [companion]).run())
"""


def ran(script: str, folder: Path) -> tuple[int, str, list[str]]:
    command = [sys.executable, "-c", BEGINNING + script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr.splitlines()


def test_a_command_that_ends_is_told_of_and_then_companions_are_closed(tmp_path: Path) -> None:
    assert ran("run('exit 3', Companion())", tmp_path) == (3, "", ["ended 3 0 True", "closed True"])


def test_it_can_be_started_anew_from_another_thread_with_another_environment(tmp_path: Path) -> None:
    script = """
class Rotating(Companion):
    def begin(self, command):
        threading.Thread(target=self.rotate, args=[command], daemon=True).start()
    def rotate(self, command):
        while not command.alive_for() > 0.1:
            time.sleep(0.01)
        command.restart(env(V="superseded"))
        command.restart(env(V="two"))
run('echo "$V"; [ "$V" = two ] && exit 4; sleep 60', Rotating(), V="one")
"""
    code, out, told = ran(script, tmp_path)
    assert (code, out.split()[0], out.split()[-1]) == (4, "one", "two")
    assert told[-2:] in (["ended 4 1 True", "closed True"], ["ended 4 2 True", "closed True"])


def test_one_that_does_not_end_for_a_restart_is_killed_after_its_grace(tmp_path: Path) -> None:
    script = """
class Rotating(Companion):
    def begin(self, command):
        threading.Timer(0.2, lambda: command.restart(env(V="two"))).start()
run('echo "$V"; [ "$V" = two ] && exit 4; trap "" TERM; while :; do sleep 0.1; done', Rotating(), grace=0.3, V="one")
"""
    assert ran(script, tmp_path) == (4, "one\ntwo\n", ["ended 4 1 True", "closed True"])


def test_one_that_is_stopped_is_started_anew_as_well(tmp_path: Path) -> None:
    script = """
class Rotating(Companion):
    def begin(self, command):
        threading.Timer(0.3, lambda: command.restart(env(V="two"))).start()
run('[ "$V" = two ] && exit 4; kill -STOP $$', Rotating(), grace=30.0, V="one")
"""
    began = time.monotonic()
    assert ran(script, tmp_path)[0] == 4
    assert time.monotonic() - began < 20


def test_when_the_new_one_dies_young_the_last_good_environment_can_come_back(tmp_path: Path) -> None:
    script = """
class Rotating(Companion):
    def begin(self, command):
        threading.Timer(0.2, lambda: command.restart(env(V="bad"))).start()
    def ended(self, end):
        super().ended(end)
        return env(V="good again") if end.code == 9 else None
run('echo "$V"; case "$V" in bad) exit 9;; *again) exit 0;; esac; sleep 60', Rotating(), V="good")
"""
    assert ran(script, tmp_path) == (
        0, "good\nbad\ngood again\n", ["ended 9 1 True", "ended 0 2 True", "closed True"],
    )  # fmt: skip


def test_files_that_are_put_back_when_the_new_one_dies_are_there_before_the_next_starts(tmp_path: Path) -> None:
    script = """
files = {"a": Secret(b"good")}
def write(given):
    for name, secret in given.items():
        open(name, "wb").write(secret.reveal())
class Rotating(Companion):
    def begin(self, command):
        super().begin(command)
        threading.Timer(0.2, lambda: command.restart(env(), files={"a": Secret(b"bad")})).start()
    def ended(self, end):
        self.command.rewrite({"a": Secret(b"good again")})
        return env() if end.code == 9 else None
terms = Terms(5.0, Privileges(), Direct, write=write)
command = ["sh", "-c", 'cat a; echo; case "$(cat a)" in bad) exit 9;; *again) exit 0;; esac; exec sleep 60']
sys.exit(Supervisor(command, Task(env(), files=files), terms, [Rotating()]).run())
"""
    assert ran(script, tmp_path)[:2] == (0, "good\nbad\ngood again\n")


def test_a_signal_reaches_the_command(tmp_path: Path) -> None:
    script = """
class Signalling(Companion):
    def begin(self, command):
        threading.Timer(0.3, lambda: command.signal(signal.SIGUSR1)).start()
run('trap "exit 6" USR1; while :; do sleep 0.05; done', Signalling())
"""
    assert ran(script, tmp_path)[0] == 6


def test_a_command_that_is_stopped_from_outside_is_not_started_anew(tmp_path: Path) -> None:
    script = """
class Stubborn(Companion):
    def ended(self, end):
        told("asked")
        return env()
    def begin(self, command):
        threading.Timer(0.5, lambda: command.restart(env())).start()
run('trap "sleep 1; exit 5" TERM; kill -TERM $PPID; while :; do sleep 0.05; done', Stubborn())
"""
    assert ran(script, tmp_path) == (5, "", ["closed True"])


def test_a_value_that_came_with_a_rotation_is_hidden_and_so_is_the_one_before(tmp_path: Path) -> None:
    script = """
class Rotating(Companion):
    def begin(self, command):
        threading.Timer(0.3, lambda: command.restart(env(V="the new value"))).start()
show = 'echo "$V, the old value, the other"; [ "$V" = "the old value" ] || exit 0; sleep 60'
run(show, Rotating(), lambda: Redacted(frozenset({"V"}), (Secret(b"the other"),)), V="the old value")
"""
    assert ran(script, tmp_path)[:2] == (0, "****, ****, ****\n" * 2)


def test_a_companion_that_does_not_come_to_an_end_is_left_behind() -> None:
    class Hanging:
        def close(self, _seconds: float) -> None:
            time.sleep(30)

    began = time.monotonic()
    close_all([Hanging()], 0.2)  # type: ignore[list-item]
    assert time.monotonic() - began < 10


def test_one_that_fails_in_the_end_does_not_change_the_exit_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = """
class Failing(Companion):
    def close(self, seconds):
        raise ValueError("a value")
run('exit 3', Failing())
"""
    code, _, told = ran(script, tmp_path)
    assert (code, told[-1]) == (3, "secrets-guard: Failing could not be closed: ValueError")
