"""``compare OURS… --with THEIRS``: what only we, what only they and what both found."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from secrets_guard.cli import exits
from secrets_guard.errors import ConfigError

_FORMATS = ("human", "json")


def register(app: typer.Typer, name: str, _help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name)(compare)


def compare(
    reports: Annotated[list[str], typer.Argument(metavar="OURS...", help="Reports of ours: --format json or jsonl.")],
    theirs: Annotated[
        list[str],
        typer.Option(
            "--with",
            metavar="THEIRS",
            help="Their report: gitleaks, betterleaks, kingfisher, trufflehog, detect-secrets, SARIF (repeatable).",
        ),
    ],
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="human or json.")] = "human",
) -> None:
    """Compare reports by file and line: what only one scanner found, and what both did."""
    from secrets_guard.report import comparison
    from secrets_guard.report.peers import Report, read_report

    if format not in _FORMATS:
        raise ConfigError(f"--format {format}: a comparison is written as {' or '.join(_FORMATS)}")
    mine, others = [read_report(path) for path in reports], [read_report(path) for path in theirs]

    def kind(read: list[Report]) -> str:
        return ", ".join(dict.fromkeys(report.kind for report in read))

    made = comparison.compare(
        (seen for report in mine for seen in report.seen), (seen for report in others for seen in report.seen)
    )
    write = comparison.write_json if format == "json" else comparison.write_human
    write(made, (kind(mine), kind(others)), sys.stdout)
    raise typer.Exit(exits.CLEAN if made.same else exits.FINDINGS)
