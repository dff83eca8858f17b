"""Contents that do not fit: found at the right place, in bounded memory and time."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from .conftest import COMMAND, Run, Token

_MEASURED = (
    "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr); sys.exit(code)"
)
_MOST_MB = 150


def measured(run: Run, *arguments: str) -> tuple[dict[str, Any], int]:
    """Return the JSON report of a sweep that finds something, and the memory in MB that it took."""
    prefix = (sys.executable, "-c", _MEASURED, *COMMAND)
    ran = run("scan", "files", "--format", "json", "--no-progress", *arguments, prefix=prefix)
    assert ran.code == 1, ran.all
    return json.loads(ran.out), int(ran.err)


def test_the_end_of_a_5_gb_sparse_file_is_reached_quickly(run: Run, here: Path, token: Token) -> None:
    with open(here / "sparse.img", "wb") as stream:
        stream.write(b"first\nsecond\n")
        stream.seek(5 << 30)
        stream.write(f"\nthird\ntoken = {token('sparse')}\n".encode())
    assert os.stat(here / "sparse.img").st_blocks * 512 < 1 << 20
    started = time.monotonic()
    told, memory = measured(run)
    assert time.monotonic() - started < 10
    assert memory < _MOST_MB
    found = told["findings"][0]
    assert (found["path"], found["start_line"], found["start_column"]) == ("sparse.img", 5, 9)


def test_the_end_of_one_line_of_200_mb_is_reached(run: Run, here: Path, token: Token) -> None:
    with open(here / "long.txt", "wb") as stream:
        for _ in range(200):
            stream.write(b"a" * (1 << 20))
        stream.write(f" token = {token('long')} ".encode())
    told, memory = measured(run)
    assert memory < _MOST_MB
    found = told["findings"][0]
    assert found["start_line"] == 1
    assert len(found["context"]) < 300


def test_a_secret_on_line_300_000_has_that_line(run: Run, here: Path, token: Token) -> None:
    (here / "log.txt").write_text("a line of a log\n" * 299_999 + f"token = {token('line')}\n")
    told, _ = measured(run)
    assert (told["findings"][0]["start_line"], told["findings"][0]["start_column"]) == (300_000, 9)
