"""The inits that a supervised command is compared with, each a way to start the same command."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

OURS = [sys.executable, "-m", "secrets_guard", "run", "--supervise", "--no-redact", "--subreaper", "--"]
INITS = {"ours": OURS, "tini": ["tini", "-s", "--"], "dumb-init": ["dumb-init", "--single-child", "--"]}


def init(name: str) -> list[str]:
    """Return the beginning of a command line, or skip where that init is not installed."""
    if name != "ours" and shutil.which(name) is None:
        pytest.skip(f"no {name}: apt-get install {name}")
    return INITS[name]


def namespace() -> list[str]:
    """Return what makes the command after it PID 1 of a namespace, or skip where that is forbidden."""
    made = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if shutil.which("unshare") is None or subprocess.run([*made, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces of pids here: unshare is forbidden")
    return made
