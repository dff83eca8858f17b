"""Real programs that make archives; a test that needs one that is missing is skipped and says so."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Make = Callable[..., None]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that runs a program in ``tmp_path``; ``stdin`` is what it reads."""

    def run(*command: str, stdin: bytes = b"", cwd: Path | None = None) -> None:
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed")
        subprocess.run(command, cwd=cwd or tmp_path, input=stdin, check=True, capture_output=True)

    return run
