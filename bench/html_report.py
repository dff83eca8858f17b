"""A report of 10,000 findings -> how long writing the page takes, and how long until Chromium shows it."""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from bench import chromium, table
from secrets_guard.model.finding import Finding, Location
from secrets_guard.model.origin import CommitOrigin, Exposure
from secrets_guard.model.result import ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.report import write_report

GOAL = 2.0
"""Seconds until a page of 10,000 findings can be used (issue 8)."""
_RULES = (
    ("github-personal-access-token", "GitHub personal access token (classic)", "critical"),
    ("aws-access-key-id", "AWS access key", "high"),
    ("generic-secret-assignment", "Secret-like name with a literal value", "medium"),
    ("generic-entropy", "High-entropy text", "low"),
)
_ACTIONS = {
    "filter by a rule": "document.getElementById('rule').selectedIndex = 1;"
    " document.getElementById('filters').dispatchEvent(new Event('input'))",
    "search in all texts": "document.getElementById('text').value = 'service 77';"
    " document.getElementById('filters').dispatchEvent(new Event('input'))",
    "clear the filters": "document.getElementById('clear').click()",
    "group by secret": "document.getElementById('grouped').click()",
}


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    command = chromium.find()
    if command is None:
        print("html_report.py: needs Chromium: apt-get install chromium", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        began = time.perf_counter()
        with path.open("w", encoding="ascii") as stream:
            write_report(history(given.findings), "html", stream)
        written = time.perf_counter() - began
        rows = [("write the page", f"{written:.2f}", ""), *shown(command, path, given.runs)]
        size = f"{path.stat().st_size / 1e6:.1f} MB"
        print(f"{given.findings:,} findings, {size}, median of {given.runs}; {table.machine()}")
    print("\n" + table.render(("What", "Seconds", "Goal"), rows, markdown=given.markdown) + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--findings", type=int, default=10_000)
    made.add_argument("--runs", type=int, default=7)
    made.add_argument("--markdown", action="store_true")
    return made


def shown(command: str, path: Path, runs: int) -> list[tuple[str, str, str]]:
    """Return rows: opening the page in a fresh tab, then each action until the frame after it."""
    samples: dict[str, list[float]] = {"open the page": [], **{name: [] for name in _ACTIONS}}
    with chromium.Chromium(command) as browser:
        for _ in range(runs):
            page = browser.page()
            samples["open the page"].append(page.open(path))
            for name, script in _ACTIONS.items():
                frame = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
                began = time.monotonic()
                page.evaluate(f"{script}; {frame}")
                samples[name].append(time.monotonic() - began)
            page.call("Page.close")
    goals = {"open the page": f"{GOAL:.1f}"}
    return [(name, f"{statistics.median(times):.2f}", goals.get(name, "")) for name, times in samples.items()]


def history(number: int) -> ScanResult:
    """Return a result of ``number`` findings, the same for the same number: three places a secret, 50 authors."""
    dice = random.Random(number)
    findings = sorted((_finding(dice, index, max(1, number // 3)) for index in range(number)), key=lambda f: f.sort_key)
    stats = Stats()
    stats.blobs, stats.bytes = 1_000_000, 10**10
    return ScanResult(
        ToolInfo("secrets-guard", "bench", 577, "0" * 16),
        ScanInfo("git", "/srv/large", "2026-11-25T12:00:00Z", 60.0, True),
        tuple(findings),
        (),
        stats,
        rules=tuple((*rule, "token", ("https://example.org/tokens",)) for rule in _RULES),
    )


def _finding(dice: random.Random, index: int, secrets: int) -> Finding:
    secret = dice.randrange(secrets)
    rule_id, title, severity = _RULES[secret % len(_RULES)]
    folders = (dice.choice(("src", "app", "config", "deploy", "tests")) for _ in range(dice.randint(1, 5)))
    path = "/".join((*folders, f"settings-{index % 977}.py"))
    date = f"{dice.randint(2014, 2026)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}T10:00:00+01:00"
    commit, author, tip = f"{dice.getrandbits(160):040x}", f"Author {dice.randrange(50)}", dice.random() < 0.6
    origin = CommitOrigin(path, commit, author, "author@example.org", date, f"Deploy service {index}")
    exposure = Exposure(commit, date, commit, date, 30, tip, ("main", "release/1"), ("v1",), 9)
    line, redacted = dice.randint(1, 2000), f"abcd…{secret:04}"
    place = Location(path, line, line, 10, 50)
    return Finding(
        rule_id, title, severity, dice.choice(("high", "medium", "low")), ("its checksum is right",),
        place, origin, redacted, f'    token = "{redacted}"  # for the deployment', 4.7, (),
        f"{secret:032x}", exposure=exposure,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
