"""Standard input -> answers: single keys from a terminal, a line each from a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def ask_key(prompt: str) -> str:
    """Return the key pressed, or the first character of a line from a pipe; "q" at the end of the input."""
    print(prompt, end="", flush=True)
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        print()
        return line.strip()[:1].lower() if line else "q"
    with _single_keys():
        pressed = os.read(sys.stdin.fileno(), 1)
    key = pressed.decode("ascii", "replace").lower() if pressed not in (b"", b"\x04") else "q"
    print(key if key.isprintable() else "")
    return key


def ask_line(prompt: str) -> str:
    """Return one line, without spaces around it."""
    print(prompt, end="", flush=True)
    return sys.stdin.readline().strip()


@contextmanager
def _single_keys() -> Iterator[None]:
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
