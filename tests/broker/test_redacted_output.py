"""What a supervised command writes: its secrets hidden, all else as it is, at once, in order, to the last byte."""

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

from .conftest import Run
from .inits import namespace

VALUE = "correct horse battery"
REDACT = ("run", "--redact", "--")
Started = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".env").write_text(f"A={VALUE}\nSHORT=abc\nUSER=somebody\nPW=pass-word-1\n")
    return {"A": "env-file:.env#A"}


@pytest.fixture
def start(clean_environment: dict[str, str], tmp_path: Path, env: dict[str, str]) -> Iterator[Started]:
    running: list[subprocess.Popen[bytes]] = []

    def started(script: str, **options: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "secrets_guard", *REDACT, sys.executable, "-c", script]
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **options}
        running.append(subprocess.Popen(command, env=clean_environment | env, cwd=tmp_path, **streams))
        return running[-1]

    yield started
    for process in running:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        process.wait(timeout=60)


def test_both_streams_are_filtered_and_the_exit_code_is_the_commands(run: Run, env: dict[str, str]) -> None:
    ran = run(*REDACT, "sh", "-c", 'echo "<$A>"; echo "[$A]" >&2; printf %s "$A" | base64; exit 7', env=env)
    assert (ran.code, ran.out, ran.err) == (7, "<****>\n****\n", "[****]\n")


def test_it_is_the_default_when_supervising_and_can_be_turned_off(run: Run, env: dict[str, str]) -> None:
    show = ("--", "sh", "-c", 'echo "$A"')
    assert run("run", "--supervise", *show, env=env).out == "****\n"
    assert run("run", "--supervise", "--no-redact", *show, env=env).out == f"{VALUE}\n"
    assert run("run", *show, env=env).out == f"{VALUE}\n"
    assert run("run", "--redact", "--no-redact", *show, env=env).code == 121


def test_a_value_that_is_written_a_byte_at_a_time_with_pauses_shows_its_first_bytes_at_most(
    run: Run, env: dict[str, str]
) -> None:
    script = (
        "import os, sys, time\n"
        "for letter in os.environb[b'A']:\n"
        "    os.write(1, bytes([letter]))\n"
        "    time.sleep(float(sys.argv[1]))\n"
    )
    assert run(*REDACT, sys.executable, "-c", script, "0", env=env).out.endswith("****")
    assert run(*REDACT, sys.executable, "-c", script, "0.06", env=env).out in [
        VALUE[:size] + "****" for size in (0, 1, 2, 3)
    ]


def test_the_beginning_of_a_value_alone_comes_out_in_the_end(run: Run, env: dict[str, str]) -> None:
    assert run(*REDACT, "printf", VALUE[:-1], env=env).out == VALUE[:-1]


def test_bytes_of_every_kind_pass(run: Run, env: dict[str, str]) -> None:
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 3000)"
    out = run(*REDACT, sys.executable, "-c", script, env=env).out
    assert out.encode("utf-8", "surrogateescape") == bytes(range(256)) * 3000


@pytest.mark.parametrize("prompt", ["Password: ", "c", "cor", "name (correct): co"])
def test_a_prompt_is_seen_at_once(start: Started, prompt: str) -> None:
    """Also one that ends as a value begins."""
    process = start(
        f"import sys; sys.stdout.write({prompt!r}); sys.stdout.flush(); sys.exit(len(sys.stdin.readline()))"
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.read(len(prompt)) == prompt.encode()
    process.stdin.write(b"four\n")
    process.stdin.close()
    assert process.wait(timeout=60) == 5


def test_streams_that_lead_to_one_place_stay_in_order(start: Started) -> None:
    script = "import os\nfor n in range(500): os.write(1 + n % 2, b'%d\\n' % n)"
    process = start(script, stderr=subprocess.STDOUT)
    assert process.communicate(timeout=60)[0] == b"".join(b"%d\n" % n for n in range(500))


def test_a_reader_that_leaves_ends_the_command_as_it_would_without_us(start: Started) -> None:
    script = "import os, signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL)\nwhile True: os.write(1, b'y' * 999)"
    process = start(script)
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE


def test_a_slow_reader_gets_everything_of_a_command_that_has_ended(start: Started) -> None:
    size = 3 << 20
    process = start(f"import os; os.write(1, b'z' * {size}) and os.write(1, os.environb[b'A'])")
    assert process.stdout is not None
    time.sleep(1.5)
    assert process.stdout.read() == b"z" * size + b"****"
    assert process.wait(timeout=60) == 0


def test_a_reader_that_never_reads_does_not_keep_it_from_ending(start: Started) -> None:
    process = start("import os; os.write(1, b'z' * 1000000)")
    time.sleep(1.5)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def test_what_the_commands_own_children_still_write_is_passed_on(run: Run, env: dict[str, str]) -> None:
    began = time.monotonic()
    ran = run(*REDACT, "sh", "-c", '(sleep 0.1; echo "late $A") & (exec sleep 30) & echo now', env=env)
    assert (ran.code, ran.out) == (0, "now\nlate ****\n")
    assert time.monotonic() - began < 20


def test_files_and_closed_streams_are_left_as_they_are(
    clean_environment: dict[str, str], tmp_path: Path, env: dict[str, str]
) -> None:
    ours = [sys.executable, "-m", "secrets_guard", *REDACT]
    script = 'echo "$A"; echo "$A" >&2; [ -e /proc/self/fd/0 ] || echo closed'
    line = f"{' '.join(ours)} sh -c '{script}' >out 2>/dev/null <&-"
    assert subprocess.run(["sh", "-c", line], env=clean_environment | env, cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "out").read_text() == "****\nclosed\n"


def test_a_value_inside_a_text_is_hidden_by_itself_and_the_text_of_the_manifest_is_not(
    run: Run, tmp_path: Path, env: dict[str, str]
) -> None:
    (tmp_path / "s.yaml").write_text(
        "version: 1\nrun: {redact: true}\nenv:\n"
        "  URL: 'db://${env-file:.env#USER}:${env-file:.env#PW}@host.example/app'\n"
        "  PLAIN: 'host.example'\n  ELSE: {ref: 'env-file:.env#NOPE', default: fallback-value}\n"
    )  # fmt: skip
    script = 'echo "$URL $PLAIN $ELSE"; echo pass-word-1 somebody host.example'
    assert run("run", "-m", "s.yaml", "--", "sh", "-c", script).out == (
        "**** host.example fallback-value\n**** **** host.example\n"
    )


def test_a_value_too_short_to_be_hidden_is_told_by_its_name(run: Run, env: dict[str, str]) -> None:
    ran = run(*REDACT, "sh", "-c", 'echo "$S $A"', env=env | {"S": "env-file:.env#SHORT"})
    assert ran.out == "abc ****\n"
    assert ran.err == "secrets-guard: S: is shorter than 5 bytes, too short to be hidden in output\n"


def test_without_secrets_nothing_stands_between(run: Run) -> None:
    where = "readlink /proc/self/fd/1 /proc/$PPID/fd/1"
    one, other = run(*REDACT, "sh", "-c", where).out.split()
    assert one == other


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start for another user")
def test_another_user_can_open_the_streams_by_their_names(run: Run, env: dict[str, str]) -> None:
    """Servers do, for their logs: /dev/stdout."""
    ran = run("run", "--redact", "--user", "65534:65534", "--", "sh", "-c", 'echo "$A" >/dev/stdout; id -u', env=env)
    assert (ran.code, ran.out) == (0, "****\n65534\n")


def test_as_pid_1_it_filters_as_well(clean_environment: dict[str, str], tmp_path: Path, env: dict[str, str]) -> None:
    command = [*namespace(), sys.executable, "-m", "secrets_guard", *REDACT, "sh", "-c", 'echo "$PPID $A"; kill -9 $$']
    done = subprocess.run(command, env=clean_environment | env, cwd=tmp_path, capture_output=True, check=False)
    assert (done.stdout, done.returncode) == (b"1 ****\n", 137)


def test_nothing_of_it_is_in_our_own_memory_maps_or_arguments(run: Run, env: dict[str, str]) -> None:
    """The supervisor's own environment and command line hold the reference, never the value."""
    ran = run(*REDACT, "sh", "-c", "cat /proc/$PPID/environ /proc/$PPID/cmdline | tr '\\0' '\\n'", env=env)
    assert "A=env-file:.env#A" in ran.out
    assert "****" not in ran.out
    assert os.path.basename(sys.executable).rstrip("0123456789.") in ran.out
