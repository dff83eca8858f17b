"""ScanResult -> GitHub Actions workflow commands, which become annotations of a run.

Format: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import IO

from secrets_guard.model.finding import Finding
from secrets_guard.model.result import ScanResult
from secrets_guard.report.facts import parts_of, why_incomplete, without_plain
from secrets_guard.report.text import printable, put

_COMMANDS = {"critical": "error", "high": "error"}


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write a command a line: findings, then problems, then a warning when not everything was swept."""
    for finding in result.findings:
        put(stream, _finding_command(without_plain(finding)))
    for problem in result.problems:
        message = f"{problem.where}: {problem.message}"
        put(stream, _command("warning", {"title": f"secrets-guard: {problem.kind}"}, message))
    reason = why_incomplete(result)
    if reason:
        put(stream, _command("warning", {"title": "secrets-guard: INCOMPLETE"}, reason))


def _finding_command(finding: Finding) -> str:
    place = finding.location
    properties: dict[str, str | int] = {"file": place.path, "line": place.start_line, "endLine": place.end_line}
    if place.start_line == place.end_line:
        # GitHub refuses columns on an annotation of several lines.
        properties |= {"col": place.start_column, "endColumn": place.end_column}
    properties["title"] = finding.title
    told = f"{finding.rule_id}, {finding.severity}, confidence {finding.confidence}"
    message = "; with ".join([f"{finding.secret} ({told})", *parts_of(finding)])
    return _command(_COMMANDS.get(finding.severity, "warning"), properties, message)


def _command(name: str, properties: dict[str, str | int], message: str) -> str:
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}\n"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
