"""``report convert`` and ``report diff``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli import exits
from secrets_guard.cli.output import write
from secrets_guard.config import Settings
from secrets_guard.errors import ConfigError

if TYPE_CHECKING:
    from secrets_guard.model.result import ScanResult

Format = Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="The format to write.")]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write here.")]


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the group."""
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    group.command()(convert)
    group.command()(diff)
    app.add_typer(group, name=name)


def convert(
    report: Annotated[str, typer.Argument(metavar="IN", help="A report of --format json; - for standard input.")],
    format: Format = "human",
    output: Output = "",
) -> None:
    """Write a JSON report in another format."""
    write(_read(report), _settings(format, output))


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The older report of --format json; - for standard input.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The newer one.")],
    format: Format = "human",
    output: Output = "",
) -> None:
    """Compare two JSON reports: what is new, gone, unchanged. Exits 1 when something is new, else 0."""
    from secrets_guard.model.finding import NEW
    from secrets_guard.report import KNOWS_CHANGES
    from secrets_guard.report.diff import diff as compare

    if old == new == "-":
        raise ConfigError("only one of the two reports can be standard input")
    result = compare(_read(old), _read(new))
    write(result, _settings(format, output))
    if format not in KNOWS_CHANGES:
        print(f"secrets-guard: --format {format} can't tell changes; only new findings are in it", file=sys.stderr)
    raise typer.Exit(exits.FINDINGS if any(finding.change == NEW for finding in result.findings) else exits.CLEAN)


def _settings(format: str, output: str) -> Settings:
    return Settings(format=format, output=output, quiet=True) if output else Settings(format=format)


def _read(report: str) -> ScanResult:
    from secrets_guard.report.read import read

    if report == "-":
        return read(sys.stdin)
    try:
        with open(report, encoding="utf-8") as stream:
            return read(stream)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{report}: can't be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
