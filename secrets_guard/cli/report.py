"""``report convert``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from secrets_guard.cli.output import write
from secrets_guard.config import Settings
from secrets_guard.errors import ConfigError


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the group."""
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    group.command()(convert)
    group.callback()(lambda: None)
    app.add_typer(group, name=name)


def convert(
    report: Annotated[str, typer.Argument(metavar="IN", help="A report of --format json; - for standard input.")],
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="The format to write.")] = "human",
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="Write here.")] = "",
) -> None:
    """Write a JSON report in another format."""
    from secrets_guard.report.read import read

    if report == "-":
        result = read(sys.stdin)
    else:
        try:
            with open(report, encoding="utf-8") as stream:
                result = read(stream)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{report}: can't be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    write(result, Settings(format=format, output=output, quiet=True) if output else Settings(format=format))
