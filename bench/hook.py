"""A small staged change -> what a commit waits for: our hook beside Python alone, git alone and the peers' hooks."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import frame, speed, table, tools, tree, turns
from bench.measure import BenchError, Sample, environment, middle

HEADERS = ("What", "Version", "Wall ms", "min", "max", "CPU ms", "Wall / ours", "Limit ms", "")
OURS = "secrets-guard-hook"
LIMIT = 0.08
"""Seconds that our hook may take, with ``--hits`` too, on the machine where the limit was set, when that is idle."""
_RIVAL = "betterleaks"
_SHARE = 0.5
_FILES, _BYTES = 200, 1_500_000
_START = "import sys; sys.argv = ['secrets-guard-hook', 'pre-commit']; from secrets_guard.hook import main; main()"
_DETECT_SECRETS = tools.Peer(
    "detect-secrets", "detect-secrets", "1.5.0", "detect-secrets-hook", {"detect-secrets-hook": ("FILES",)}, (0, 1, 3)
)
STAGED: Mapping[str, tuple[str, ...]] = {
    "kingfisher": ("scan", "--staged", "-n", "--no-update-check", "."),
    "betterleaks": ("git", "--staged", "--no-banner", "."),
    "gitleaks": ("git", "--pre-commit", "--staged", "--no-banner", "."),
    "detect-secrets": ("FILES",),
}
"""Peer -> the arguments with which it sweeps what is staged."""


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    return frame.in_a_folder("hook.py", lambda folder: measure(given, folder))


def measure(given: argparse.Namespace, folder: str) -> None:
    """Measure and print the table. Raises BenchError."""
    frame.at_least_one(given.runs)
    repo = os.path.join(folder, "repo")
    staged = make(repo, environment(folder), hits=given.hits)
    before = table.machine()
    every = candidates(given, staged)
    samples = turns.measured(every, given.runs, repo, folder)
    versions = {tool.label: tool.version for tool in every}
    words = ", with words that rules look at" if given.hits else ""
    print(f"a commit of {len(staged)} files among {_FILES}{words}, median of {given.runs}")
    print(f"{before} before, {table.load()} after\n")
    print(table.render(HEADERS, cells(samples, versions), markdown=given.markdown) + "\n")
    if given.json:
        turns.write(given.json, before, {OURS: LIMIT}, samples)


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="hook.py", description=__doc__)
    made.add_argument("--runs", type=int, default=21, help="timed runs of each command, in turn; default 21")
    made.add_argument("--json", metavar="FILE", help="write every sample to this file")
    made.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    made.add_argument("--hook", metavar="COMMAND", default="", help="our command; default: beside this Python")
    made.add_argument("--hits", action="store_true", help="stage words that rules look at: no quick end for ours")
    speed.common_options(made)
    return made


def make(folder: str, env: Mapping[str, str], *, hits: bool = False) -> list[str]:
    """Make a repository with a small change staged and return the changed paths. Raises BenchError.

    ``hits``: with words in it that our rules look at more closely, and then find to be no secret.
    """
    tree.make(folder, files=_FILES, size=_BYTES)
    names = sorted(os.path.relpath(path, folder) for path in tree.walk(folder))
    # Not the ones that hold a planted secret: a clean commit is what is waited for every day.
    changed = [name for name in names if int(os.path.basename(name)[:5]) % tree.PLANT_EVERY][:3]
    _git(folder, env, "init", "-q")
    _git(folder, env, "add", "--all")
    _git(folder, env, "-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-qm", "start")
    lines = "".join(f"def double_{number}(value: int) -> int:\n    return value * {number}\n\n" for number in range(8))
    for name in changed:
        with open(os.path.join(folder, name), "a", encoding="utf-8") as stream:
            stream.write("\n" + lines)
    with open(os.path.join(folder, "new_module.py"), "w", encoding="utf-8") as stream:
        stream.write(f'"""A new module."""\n\n\n{lines}')
        stream.write("password = read_password(prompt)\n" if hits else "")
    _git(folder, env, "add", "--all")
    return [*changed, "new_module.py"]


def _git(folder: str, env: Mapping[str, str], *arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=folder, env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"git {arguments[0]}: {tools.last_line(done.stderr)}")


def candidates(given: argparse.Namespace, staged: list[str]) -> list[tools.Tool]:
    """Return what to start. Raises BenchError for a peer that is not there."""
    command, env = ours(given.hook)
    every = [
        tools.Tool("python -c pass", "", (sys.executable, "-c", "pass"), (0,), {}),
        tools.Tool("git diff-index --cached HEAD", "", ("git", "diff-index", "--cached", "--raw", "HEAD"), (0,), {}),
        tools.Tool(OURS, tools.our_version(*tools.ours(given.secrets_guard)), tuple(command), (0,), env),
    ]
    for peer in () if given.no_peers else (*tools.PEERS, _DETECT_SECRETS):
        # detect-secrets is not among the peers of the other benchmarks, so a folder of those may lack it.
        folder = "" if peer is _DETECT_SECRETS else given.peers
        root, version = tools.locate(peer, folder) if folder else tools.install(peer, given.cache)
        words = [
            word for given_word in STAGED[peer.name] for word in (staged if given_word == "FILES" else [given_word])
        ]
        every.append(tools.Tool(peer.name, version, (tools.native(root, peer.command), *words), peer.codes, {}))
    return every


def ours(given: str) -> tuple[list[str], dict[str, str]]:
    """Return our hook's command and the environment it needs: installed beside this Python, or this checkout's."""
    if given:
        return shlex.split(given), {}
    installed = os.path.join(os.path.dirname(sys.executable), "secrets-guard-hook")
    if os.access(installed, os.X_OK):
        return [installed, "pre-commit"], {}
    return [sys.executable, "-P", "-c", _START], {"PYTHONPATH": tools.ROOT}


def cells(samples: Mapping[str, list[Sample]], versions: Mapping[str, str]) -> list[list[str]]:
    """Return the table's cells; ours is held to its limit and to half of what the fastest peer we know takes."""
    base = middle(samples[OURS]).wall
    made = []
    for label, runs in samples.items():
        typical, walls = middle(runs), [sample.wall for sample in runs]
        limit = LIMIT if label == OURS else middle(samples[_RIVAL]).wall * _SHARE if label == _RIVAL else 0.0
        held = "" if not limit else "kept" if base <= limit else "OVER"
        shown = [f"{number * 1000:.0f}" for number in (typical.wall, min(walls), max(walls), typical.cpu)]
        made.append(
            [label, versions[label], *shown, f"{typical.wall / base:.2f}", f"{limit * 1000:.0f}" if limit else "", held]
        )
    return made


if __name__ == "__main__":
    sys.exit(main())
