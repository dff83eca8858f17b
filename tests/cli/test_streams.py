"""Standard input, output and error: names, columns, pipes, colours, progress."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import time
from pathlib import Path

import pytest

from secrets_guard.cli.progress import Progress
from secrets_guard.model.result import Stats
from secrets_guard.sources.memory import MemorySource

from .conftest import COMMAND, Run, Start, Token


def test_a_stream_has_a_name_lines_and_columns_in_characters(run: Run, token: Token) -> None:
    ran = run("scan", "stdin", "--name", "ci/build.log", "--format", "json", stdin=f"é\nüber {token('in')}\n")
    finding = json.loads(ran.out)["findings"][0]
    assert (ran.code, finding["path"], finding["start_line"], finding["start_column"]) == (1, "ci/build.log", 2, 6)
    assert finding["origin"] == {"kind": "stream"}
    assert "stdin:2:6" in run("scan", "stdin", stdin=f"é\nüber {token('in')}").out


def test_an_empty_stream_is_clean_and_counted(run: Run) -> None:
    ran = run("scan", "stdin")
    assert (ran.code, "skipped: 1 empty" in ran.out) == (0, True)


def test_a_closed_standard_input_exits_2(environment: dict[str, str], here: Path) -> None:
    script = 'exec "$0" -m secrets_guard scan stdin <&-'
    done = subprocess.run(["sh", "-c", script, COMMAND[0]], env=environment, cwd=here, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"secrets-guard: error: standard input is closed; pipe into it what is to be swept\n"


@pytest.mark.parametrize(("redirect", "code"), [(">&-", 1), ("2>&-", 1), (">/dev/full", 2)])
def test_a_standard_stream_that_can_not_be_written_is_no_crash(
    environment: dict[str, str], here: Path, leak: str, redirect: str, code: int
) -> None:
    script = f'exec "$0" -m secrets_guard scan files {redirect}'
    done = subprocess.run(["sh", "-c", script, COMMAND[0]], env=environment, cwd=here, capture_output=True, check=False)
    assert done.returncode == code
    assert (b"No space left" in done.stderr) is (code == 2)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("arguments", ["rules list", "scan files --format jsonl", "--help"])
def test_a_reader_that_leaves_early_causes_no_complaint(
    environment: dict[str, str], here: Path, leak: str, arguments: str
) -> None:
    script = f'"$0" -m secrets_guard {arguments} | true'
    done = subprocess.run(["sh", "-c", script, COMMAND[0]], env=environment, cwd=here, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert b"Broken pipe" not in done.stderr


def test_findings_still_exit_1_when_the_reader_has_left(start: Start, here: Path, leak: str) -> None:
    process = start("scan", "files")
    assert process.stdout
    process.stdout.close()
    assert process.wait(timeout=20) == 1
    process.stdout = None


@pytest.mark.parametrize(
    ("env", "colored"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"CI": "true"}, False),
    ],
)
def test_colours_without_a_terminal_only_on_demand(run: Run, leak: str, env: dict[str, str], colored: bool) -> None:
    assert ("\x1b[" in run("scan", "files", env=env).out) is colored


def on_terminal(environment: dict[str, str], here: Path, *arguments: str, until: bytes = b"") -> bytes:
    """Return what a run whose output is a terminal prints; ``until`` is waited for before its input ends."""
    outer, inner = pty.openpty()
    command = [*COMMAND, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=inner, stderr=inner, env=environment, cwd=here)
    os.close(inner)
    assert process.stdin
    shown, deadline = b"", time.monotonic() + 20
    try:
        if until:
            process.stdin.write(b"plain text\n" * 1_200_000)
            process.stdin.flush()
        while until not in shown and time.monotonic() < deadline:
            shown += os.read(outer, 65536)
        process.stdin.close()
        while time.monotonic() < deadline:
            shown += os.read(outer, 65536)
    except OSError:  # EIO: the other side has closed it
        pass
    finally:
        process.kill()
        process.wait()
        os.close(outer)
    return shown


@pytest.mark.parametrize(
    ("env", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"CI": "true"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_on_a_terminal_unless_forbidden(
    environment: dict[str, str], here: Path, leak: str, env: dict[str, str], colored: bool
) -> None:
    shown = on_terminal(environment | env, here, "scan", "files", "--no-progress")
    assert b"1 secret found" in shown
    assert (b"\x1b[" in shown) is colored


def test_a_long_sweep_shows_a_bar_on_a_terminal(environment: dict[str, str], here: Path) -> None:
    shown = on_terminal(environment, here, "scan", "stdin", "--jobs", "2", until=b"MB/s")
    assert b"MB/s" in shown
    assert b"no secrets found" in shown


def test_a_long_sweep_writes_a_line_now_and_then_where_there_is_no_terminal() -> None:
    now = [0.0]
    stream = io.StringIO()
    stats = Stats()
    with Progress(stream, MemorySource({}), terminal=False, clock=lambda: now[0]) as progress:
        assert progress.callback
        for second in range(41):
            now[0], stats.blobs, stats.bytes = float(second), second * 1000, second * 2_000_000
            progress.callback(stats)
    assert stream.getvalue().splitlines() == [
        "secrets-guard: 15,000 files, 30 MB, 2 MB/s",
        "secrets-guard: 30,000 files, 60 MB, 2 MB/s",
    ]


def test_progress_that_is_off_asks_for_no_calls() -> None:
    assert Progress.for_stream(io.StringIO(), MemorySource({}), off=True).callback is None
