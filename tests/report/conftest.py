"""Results to report on, and the golden files that reports are compared with."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secrets_guard.model.finding import Finding, Location, Occurrence, Part
from secrets_guard.model.origin import FileOrigin, StreamOrigin
from secrets_guard.model.result import Explanation, Problem, ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.model.secret import Secret
from secrets_guard.report import write_report
from secrets_guard.rules.template import fill

GOLDEN = Path(__file__).parent.parent / "golden" / "report"


def _token(seed: str) -> str:
    return fill("<github:ghp_>", seed)


def _finding(path: str = "app/settings.py", line: int = 12, **changes: Any) -> Finding:
    redacted = Secret(_token(ascii(path)).encode()).redacted()
    made = Finding(
        rule_id="github-personal-access-token",
        title="GitHub personal access token (classic)",
        severity="critical",
        confidence="high",
        reasons=("the checksum is right",),
        location=Location(path, line, line, 10, 49),
        origin=FileOrigin(path),
        secret=redacted,
        context=f'\ttoken = "{redacted}"  # deploy',
        entropy=4.75,
        decoded=(),
        fingerprint="v1:" + "0f" * 16,
    )
    return made._replace(**changes)


def _result(*findings: Finding, **changes: Any) -> ScanResult:
    stats = Stats()
    stats.blobs, stats.bytes, stats.decoded = 1234, 5_600_000, 7
    stats.skipped = {"too_large": 1, "binary": 12}
    stats.suppressed = {"inline": 1, "baseline": 2, "allowlist": 0}
    stats.dropped = {"placeholder": 4}
    rules = {(f.rule_id, f.title, f.severity, "token", ("https://docs.example.org/tokens",)) for f in findings}
    made = ScanResult(
        tool=ToolInfo("secrets-guard", "0.1.0", 221, "ab" * 8),
        scan=ScanInfo("files", ".", "2026-11-23T16:01:02Z", 0.42, True),
        findings=findings,
        problems=(),
        stats=stats,
        rules=tuple(sorted(rules)),
    )
    return made._replace(**changes)


def _written(result: ScanResult, format: str) -> str:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="utf-8", newline="")
    write_report(result, format, stream)
    stream.flush()
    return buffer.getvalue().decode("utf-8")


@pytest.fixture(scope="session")
def token() -> Callable[[str], str]:
    """Return a maker of tokens that look real."""
    return _token


@pytest.fixture(scope="session")
def finding() -> Callable[..., Finding]:
    """Return a maker of findings: a path, a line and any other field."""
    return _finding


@pytest.fixture(scope="session")
def result() -> Callable[..., ScanResult]:
    """Return a maker of results: findings and any other field."""
    return _result


@pytest.fixture(scope="session")
def written() -> Callable[[ScanResult, str], str]:
    """Return a function that writes a report through a strict UTF-8 stream and returns it."""
    return _written


@pytest.fixture(scope="session")
def full() -> ScanResult:
    """Return a result with something of everything."""
    elsewhere = Occurrence("old/settings.py", 3, 10, FileOrigin("old/settings.py"))
    account = Part("github-client-id", "GitHub client id", 11, 12, "****")
    piped = Secret(fill("<alnum:24>", "piped").encode()).redacted()
    return _result(
        _finding(occurrences=(elsewhere,), occurrences_total=3, parts=(account,)),
        _finding(line=40, decoded=("base64", "percent"), confidence="medium", reasons=()),
        _finding(
            "docs/très long/clé [1].md",
            7,
            rule_id="generic-assignment",
            title="Secret in an assignment",
            severity="medium",
            context="",
            location=Location("docs/très long/clé [1].md", 7, 9, 1, 4),
        ),
        _finding(
            "<stdin>",
            1,
            rule_id="generic-entropy",
            title="High-entropy text",
            severity="low",
            confidence="low",
            reasons=("entropy 4.58", "nothing names it"),
            secret=piped,
            context=f"x {piped} y",
            origin=StreamOrigin("<stdin>"),
        ),
        scan=ScanInfo("files", ".", "2026-11-23T16:01:02Z", 0.42, False),
        problems=(
            Problem("unreadable", "secret/key.pem", "Permission denied"),
            Problem("too_large", "dump.sql", "900 MB, the limit is 100 MB"),
        ),
        notes=("./.secrets-guard.yaml: baseline has 2 entries that match nothing",),
    )


@pytest.fixture(scope="session")
def explained(full: ScanResult) -> ScanResult:
    """Return the full result with explanations."""
    return full._replace(
        explanations=(
            Explanation("github-personal-access-token", "app/settings.py", 12, 10, "****", "kept", "checksum", "right"),
            Explanation("generic-assignment", "a.py", 1, 2, "****", "dropped", "placeholder", "looks like an example"),
        )
    )


@pytest.fixture(scope="session")
def matches_golden() -> Callable[[str, str], None]:
    """Return a check of a text against a golden file; SECRETS_GUARD_GOLDEN=rewrite writes the file instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("SECRETS_GUARD_GOLDEN") == "rewrite":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        assert text == path.read_bytes().decode(), f"{path} differs; SECRETS_GUARD_GOLDEN=rewrite writes it anew"

    return check
