"""``run --supervise``: the command behaves, ends and is told of signals as under tini and dumb-init, or by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from .conftest import Run
from .inits import INITS, init, namespace

NAMES = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "ALRM", "WINCH", "URG", "VTALRM", "PROF", "IO", "XCPU")
FORWARDED = [*(signal.Signals[f"SIG{name}"] for name in NAMES), signal.SIGRTMIN + 3, signal.SIGRTMAX]
LISTENING = """
import signal, sys
wanted = signal.valid_signals() - {signal.SIGCHLD}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
print("ready", flush=True)
for _ in range(int(sys.argv[1])):
    print(int(signal.sigwait(wanted)), flush=True)
sys.exit(9)
"""


def started(beginning: list[str], *command: str, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*beginning, *command], env=env, stdout=subprocess.PIPE, start_new_session=True)


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("name", INITS)
@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_the_exit_code_is_the_commands(clean_environment: dict[str, str], name: str, code: int) -> None:
    process = started(init(name), "sh", "-c", f"exit {code}", env=clean_environment)
    process.communicate(timeout=60)
    assert process.returncode == code


@pytest.mark.parametrize("name", INITS)
@pytest.mark.parametrize("ending", ["TERM", "KILL", "INT", "HUP", "USR1", "ABRT", "SEGV"])
def test_a_command_that_a_signal_ends_gives_128_and_its_number(
    clean_environment: dict[str, str], name: str, ending: str
) -> None:
    process = started(init(name), "sh", "-c", f"ulimit -c 0; kill -{ending} $$", env=clean_environment)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.Signals[f"SIG{ending}"]


@pytest.mark.parametrize("name", INITS)
def test_every_signal_reaches_the_command_once(clean_environment: dict[str, str], name: str) -> None:
    process = started(init(name), sys.executable, "-c", LISTENING, str(len(FORWARDED)), env=clean_environment)
    assert first_line(process) == b"ready\n"
    heard = []
    for number in FORWARDED:
        process.send_signal(number)
        heard.append(int(first_line(process)))
    process.communicate(timeout=60)
    assert heard == FORWARDED
    assert process.returncode == 9


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGCONT, signal.SIGTTIN, signal.SIGTTOU, signal.SIGPIPE])
def test_what_terminals_and_pipes_send_us_reaches_it_when_somebody_sends_it(
    clean_environment: dict[str, str], number: signal.Signals
) -> None:
    process = started(init("ours"), sys.executable, "-c", LISTENING, "1", env=clean_environment)
    assert first_line(process) == b"ready\n"
    process.send_signal(number)
    assert int(first_line(process)) == number
    process.communicate(timeout=60)
    assert process.returncode == 9


def test_a_signal_that_comes_before_the_command_is_there_still_reaches_it(clean_environment: dict[str, str]) -> None:
    """The supervisor stops itself in no window: whenever TERM comes, the whole ends by it."""
    for wait in (0.0, 0.03, 0.06, 0.07, 0.08, 0.1, 0.15):
        process = started(init("ours"), "sleep", "60", env=clean_environment)
        time.sleep(wait)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert process.returncode in (143, -signal.SIGTERM)


def test_the_command_has_the_signals_and_descriptors_that_it_has_by_itself(clean_environment: dict[str, str]) -> None:
    script = ["sh", "-c", "grep -E '^Sig(Ign|Blk|Cgt)' /proc/self/status; ls /proc/self/fd | wc -l; ulimit -c"]
    ours, bare = (
        subprocess.run(one, env=clean_environment, capture_output=True, check=True).stdout
        for one in ([*init("ours"), *script], script)
    )
    assert b"SigIgn" in bare
    assert ours == bare


def test_descriptors_and_sockets_that_were_handed_down_reach_the_command(clean_environment: dict[str, str]) -> None:
    """As a service manager does it, LISTEN_PID names the process that they are for."""
    reading, writing = os.pipe()
    script = "import os, sys; os.write(int(sys.argv[1]), b'%d' % (os.getpid() - int(os.environ['LISTEN_PID'])))"
    handed = f'LISTEN_PID=$$ exec "$@" {writing}'
    with open(reading, "rb") as end:
        command = ["sh", "-c", handed, "sh", *init("ours"), sys.executable, "-c", script]
        subprocess.run(command, env=clean_environment, pass_fds=[writing], check=True)
        os.close(writing)
        assert end.read() == b"0"


def test_what_was_ignored_stays_ignored(clean_environment: dict[str, str]) -> None:
    script = "trap '' HUP CHLD; exec \"$@\""
    listing = ["grep", "-E", "^SigIgn", "/proc/self/status"]
    ours, bare = (
        subprocess.run(["sh", "-c", script, "sh", *one], env=clean_environment, capture_output=True, check=True).stdout
        for one in ([*init("ours"), *listing], listing)
    )
    assert ours == bare


@pytest.mark.parametrize("name", ["ours", "tini"])  # dumb-init reaps as PID 1 only
def test_orphans_are_reaped_by_a_subreaper(clean_environment: dict[str, str], name: str) -> None:
    script = (
        "import os, subprocess, time\n"
        "subprocess.run(['sh', '-c', 'sleep 1 & sleep 1 & exit'], check=True)\n"
        "def alone():\n"
        "    children = open(f'/proc/{os.getppid()}/task/{os.getppid()}/children').read().split()\n"
        "    return children == [str(os.getpid())]\n"
        "print(alone())\n"
        "until = time.monotonic() + 20\n"
        "while not alone() and time.monotonic() < until:\n"
        "    time.sleep(0.05)\n"
        "print(alone())\n"
    )
    process = started(init(name), sys.executable, "-c", script, env=clean_environment)
    out, _ = process.communicate(timeout=60)
    assert out == b"False\nTrue\n"  # adopted, then reaped


@pytest.mark.parametrize("name", INITS)
def test_as_pid_1_it_reaps_forwards_and_exits_alike(clean_environment: dict[str, str], name: str) -> None:
    script = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(42))\n"
        "subprocess.run(['sh', '-c', 'for i in 1 2 3 4 5; do sleep 0.05 & done; exit'], check=True)\n"
        "until = time.monotonic() + 20\n"
        "while len(found := [*filter(str.isdigit, os.listdir('/proc'))]) > 2 and time.monotonic() < until:\n"
        "    time.sleep(0.05)\n"
        "print(os.getppid(), len(found), flush=True)\n"
        "os.kill(1, signal.SIGTERM)\n"
        "time.sleep(60)\n"
    )
    process = started([*namespace(), *init(name)], sys.executable, "-c", script, env=clean_environment)
    out, _ = process.communicate(timeout=60)
    assert (out, process.returncode) == (b"1 2\n", 42)


@pytest.mark.parametrize("name", INITS)
def test_as_pid_1_a_command_that_a_signal_ends_gives_128_and_its_number(
    clean_environment: dict[str, str], name: str
) -> None:
    process = started([*namespace(), *init(name)], "sh", "-c", "kill -TERM 1; sleep 60", env=clean_environment)
    process.communicate(timeout=60)
    assert process.returncode == 143


def test_a_command_that_does_not_end_is_killed_when_its_grace_is_over(run: Run) -> None:
    script = "trap 'echo heard' TERM; kill -TERM $PPID; while :; do sleep 0.05; done"
    began = time.monotonic()
    ran = run("run", "--supervise", "--no-redact", "--grace", "300ms", "--", "sh", "-c", script)
    assert (ran.code, ran.out) == (137, "heard\n")
    assert time.monotonic() - began < 9


def test_what_is_left_of_the_commands_group_is_killed_with_it(run: Run, tmp_path: Path) -> None:
    script = "trap '' TERM; sleep 60 & echo $! >left; kill -TERM $PPID; wait; sleep 60"
    ran = run("run", "--supervise", "--no-redact", "--grace", "200ms", "--", "sh", "-c", script, start_new_session=True)
    assert ran.code == 137
    left = int((tmp_path / "left").read_text())
    for _ in range(100):
        if not alive(left):
            return
        time.sleep(0.05)
    os.kill(left, signal.SIGKILL)
    raise AssertionError("it lives on")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_grace_can_be_in_the_manifest_and_the_option_counts_more(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("version: 1\nrun: {supervise: true, redact: false, grace: 200ms}\n")
    script = "trap '' TERM; kill -TERM $PPID; sleep 60"
    assert run("run", "-m", "s.yaml", "--", "sh", "-c", script).code == 137
    ran = run(
        "run", "-m", "s.yaml", "--grace", "20s", "--", "sh", "-c", "trap 'exit 4' TERM; kill -TERM $PPID; sleep 1"
    )
    assert ran.code == 4


@pytest.mark.parametrize("grace", ["5", "0s", "-1s", "2h", "soon"])
def test_a_grace_that_is_no_time_is_refused(run: Run, grace: str) -> None:
    ran = run("run", "--supervise", f"--grace={grace}", "--", "true")
    assert (ran.code, "--grace: " in ran.err) == (121, True)


def test_a_stopped_command_stops_us_and_goes_on_with_us(clean_environment: dict[str, str]) -> None:
    """Without a terminal nobody would let us go on, so only the command is stopped, and CONT reaches it."""
    script = "import os, signal; print('ready', flush=True); os.kill(os.getpid(), signal.SIGSTOP); print('on')"
    process = started(init("ours"), sys.executable, "-c", script, env=clean_environment)
    assert first_line(process) == b"ready\n"
    child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
    until = time.monotonic() + 30
    while time.monotonic() < until and Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.01)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=60)[0] == b"on\n"


def test_a_command_that_is_not_there_or_can_not_be_executed_exits_127_or_126(run: Run, tmp_path: Path) -> None:
    ran = run("run", "--supervise", "--", "no-such-command")
    assert (ran.code, ran.err) == (127, "secrets-guard: error: no-such-command: no such command\n")
    (tmp_path / "plain").write_text("x")
    ran = run("run", "--supervise", "--", "./plain")
    assert (ran.code, "./plain: can't be executed: Permission denied" in ran.err) == (126, True)
