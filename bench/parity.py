"""A repository -> whether a sweep of what is new finds what a sweep of everything does: both readers, in turn."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import tools
from bench.measure import BenchError

_DROPPED = ("duration_s", "started", "reader", "decoded")
"""What may differ: the time, and how many encoded pieces were looked at."""


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    command, env = tools.ours(given.secrets_guard)
    reports = {}
    try:
        for reader in ("native", "git"):
            began = time.monotonic()
            reports[reader] = report(command, given.options, given.repo, {**os.environ, **env}, reader)
            stats = reports[reader]["stats"]
            found = len(reports[reader]["findings"])
            print(f"{stats['reader']}: {found} findings, {time.monotonic() - began:.1f} s, dropped {stats['dropped']}")
    except BenchError as error:
        print(f"parity.py: {error}", file=sys.stderr)
        return 2
    same = bare(reports["native"]) == bare(reports["git"])
    print("the same findings, problems and counts" if same else "they DIFFER")
    return 0 if same else 1


def parser() -> argparse.ArgumentParser:
    """Return the command line of this script."""
    made = argparse.ArgumentParser(prog="parity.py", description=__doc__)
    made.add_argument("repo", help="repository to sweep")
    made.add_argument("options", nargs="*", help="options of scan git, behind --: --min-confidence low")
    made.add_argument("--secrets-guard", default="", help="our command; default as in speed.py")
    return made


def report(command: list[str], options: list[str], repo: str, env: dict[str, str], reader: str) -> dict[str, Any]:
    """Return the report that one reader's sweep wrote. Raises BenchError when there is none."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "report.json")
        words = [*command, "scan", "git", repo, *options, "--no-progress", "--format", "json", "--output", out]
        done = subprocess.run(
            words, env={**env, "SECRETS_GUARD_READER": reader}, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise BenchError(f"ended with {done.returncode}: {tools.last_line(done.stderr)}")
        with open(out, encoding="utf-8") as stream:
            made: dict[str, Any] = json.load(stream)
    if not made["stats"]["reader"].startswith(reader):
        raise BenchError(f"the {reader} reader did not serve: {made['stats']['reader']}")
    return made


def bare(value: Any) -> Any:
    """Return a report without what may differ."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if key not in _DROPPED}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
