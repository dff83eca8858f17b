"""A supervised command at a terminal: in front, stopped and continued as without us, each key heard once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .terminal import Terminal

PROGRAM = """
import os, signal, sys
def heard(number, _frame):
    os.write(1, b"<%s>" % signal.Signals(number).name.encode())
for number in (signal.SIGINT, signal.SIGCONT, signal.SIGWINCH, signal.SIGHUP):
    signal.signal(number, heard)
print("<front %s own %s>" % (os.tcgetpgrp(0) == os.getpgrp(), os.getpgrp() == os.getpid()), flush=True)
while True:
    line = sys.stdin.readline().strip()
    if line == "size":
        print("<size %d %d>" % os.get_terminal_size(0)[::-1], flush=True)
    elif line == "show":
        print("<%s|\\033[31mred\\033[0m|%s>" % (os.environ["HIDDEN"], os.isatty(1) and os.isatty(2)), flush=True)
    elif line == "tty":
        with open("/dev/tty", "w") as tty:
            tty.write("<at %s>" % (os.ttyname(0) == os.ttyname(1)))
    elif line == "die":
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    elif line.isdigit():
        sys.exit(int(line))
    else:
        print("<got %s>" % line, flush=True)
"""
WAYS = {
    "becoming": [],
    "supervising": ["--supervise", "--no-redact"],
    "redacting": ["--redact"],
}
Open = Callable[..., Terminal]


@pytest.fixture
def terminal(clean_environment: dict[str, str], tmp_path: Path) -> Iterator[Open]:
    opened: list[Terminal] = []
    (tmp_path / ".env").write_text("HIDDEN=correct horse battery\n")

    def open_(way: str, *command: str, shell: bool = True) -> Terminal:
        program = list(command) or [sys.executable, "-c", PROGRAM]
        ours = [sys.executable, "-m", "secrets_guard", "run", *WAYS[way], "--", *program]
        env = clean_environment | {"HIDDEN": "env-file:.env#HIDDEN"}
        opened.append(Terminal(ours, env, str(tmp_path), shell=shell))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


@pytest.mark.parametrize("way", WAYS)
def test_an_interrupt_is_heard_once_and_the_exit_code_comes_back(terminal: Open, way: str) -> None:
    it = terminal(way)
    it.await_(b"<front True own True>")
    it.type(b"\x03")
    it.await_(b"<SIGINT>")
    assert b"SIGINT" not in it.settle()
    it.type(b"hello\n")
    it.await_(b"<got hello>")
    assert it.raw() == (way == "redacting")
    it.type(b"5\n")
    it.await_(b"[ended 5]")
    assert not it.raw()


@pytest.mark.parametrize("way", WAYS)
def test_it_has_a_terminal_with_colours_and_its_secrets_are_hidden_there_on_request(terminal: Open, way: str) -> None:
    it = terminal(way)
    it.await_(b"<front True")
    it.type(b"show\n")
    shown = b"****" if way == "redacting" else b"correct horse battery"
    it.await_(b"<" + shown + b"|\033[31mred\033[0m|True>\r\n")
    it.type(b"tty\n")
    it.await_(b"<at True>")


@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_input_is_seen(terminal: Open, way: str) -> None:
    it = terminal(way, "sh", "-c", "echo '<on>'; cat; echo '<end>'")
    it.await_(b"<on>")
    it.settle()
    it.type(b"line\n\x04")
    it.await_(b"<end>")
    it.await_(b"[ended 0]")


@pytest.mark.parametrize("way", WAYS)
def test_stopping_and_continuing_pass_through(terminal: Open, way: str) -> None:
    it = terminal(way)
    it.await_(b"<front True")
    for _ in range(2):
        it.type(b"\x1a")
        it.await_(b"[stopped]")
        assert not it.raw()
        it.type(b"fg\n")
        it.await_(b"<SIGCONT>")
        it.type(b"again\n")
        it.await_(b"<got again>")
    it.type(b"6\n")
    it.await_(b"[ended 6]")


# With a terminal of its own the command waits there, and nothing is passed on to it until it is in front again.
@pytest.mark.parametrize("way", ["becoming", "supervising"])
def test_in_the_background_it_stops_when_it_reads(terminal: Open, way: str) -> None:
    it = terminal(way)
    it.await_(b"<front True")
    it.type(b"\x1a")
    it.await_(b"[stopped]")
    it.type(b"bg\n")
    it.await_(b"[stopped]")
    it.type(b"fg\n")
    it.await_(b"<SIGCONT>")
    it.type(b"7\n")
    it.await_(b"[ended 7]")


@pytest.mark.parametrize("way", WAYS)
def test_a_command_that_an_interrupt_ends_tells_the_shell_so(terminal: Open, way: str) -> None:
    it = terminal(way)
    it.await_(b"<front True")
    it.type(b"die\n")
    it.await_(b"[ended -2]")


@pytest.mark.parametrize("way", WAYS)
def test_the_size_of_the_window_is_seen_and_its_changes_are_told(terminal: Open, way: str) -> None:
    it = terminal(way)
    it.await_(b"<front True")
    it.resize(33, 77)
    it.await_(b"<SIGWINCH>")
    it.type(b"size\n")
    it.await_(b"<size 33 77>")


@pytest.mark.parametrize("way", WAYS)
def test_as_the_leader_of_a_session_it_is_the_same(terminal: Open, way: str) -> None:
    """What `docker run -it` starts: no shell, nobody to continue a job."""
    it = terminal(way, shell=False)
    it.await_(b"<front True own True>")
    it.type(b"\x03")
    it.await_(b"<SIGINT>")
    assert b"SIGINT" not in it.settle()
    it.type(b"4\n")
    it.settle()
    assert it.close() == 4


@pytest.mark.parametrize("way", WAYS)
def test_in_a_pipeline_the_others_keep_the_terminal(terminal: Open, way: str, tmp_path: Path) -> None:
    started = " ".join([sys.executable, "-m", "secrets_guard", "run", *WAYS[way]])
    reader = "import sys, os; print('<tty', open('/dev/tty').readline().strip(), sys.stdin.read().strip(), '>')"
    (tmp_path / "reader.py").write_text(reader)
    it = terminal(way, "sh", "-c", f"{started} -- sh -c 'sleep 0.4; echo made' | {sys.executable} reader.py")
    it.type(b"typed\n")
    it.await_(b"<tty typed made >")
    it.await_(b"[ended 0]")
