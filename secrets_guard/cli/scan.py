"""``scan files`` and ``scan stdin``; the group of all scans."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli.options import with_options
from secrets_guard.cli.scan_git import git
from secrets_guard.cli.scan_image import image
from secrets_guard.cli.table import SCAN_OPTIONS, TREE_OPTIONS, VERIFY_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from secrets_guard.config import Settings
    from secrets_guard.model.protocols import Source
    from secrets_guard.suppression.allow import AllowJudge

Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")]
WhyNot = Annotated[
    str | None, typer.Option("--why-not", metavar="FILE:LINE", help="Say why nothing is reported at this line.")
]


def register(app: typer.Typer, name: str, help_text: str, arguments: list[str]) -> None:
    """Add the group; of its commands only the one that ``arguments`` names, where they name one."""
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    commands: dict[str, Callable[..., None]] = {"files": files, "git": git, "image": image, "stdin": stdin}
    wanted = next((word for word in arguments if word in commands), None)
    for command, function in commands.items():
        if wanted in (None, command):
            group.command(command)(function)
    group.callback()(lambda: None)
    app.add_typer(group, name=name)


@with_options(SCAN_OPTIONS | VERIFY_OPTIONS | TREE_OPTIONS)
def files(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", show_default=False)] = None,
    config: Config = None,
    why_not: WhyNot = None,
    options: dict[str, object] | None = None,
) -> None:
    """Sweep working trees and single files; the current folder by default.

    Inside a git work tree what .gitignore leaves out is left out. Everything else is read, binaries too.
    """
    from secrets_guard.cli.scan_files import explain_line, sweep_files

    run = sweep_files if why_not is None else partial(explain_line, why_not)
    raise typer.Exit(run(tuple(paths or ["."]), options or {}, config))


@with_options(SCAN_OPTIONS | VERIFY_OPTIONS)
def stdin(
    name: Annotated[str, typer.Option("--name", help="What to call the stream in the report.")] = "stdin",
    config: Config = None,
    options: dict[str, object] | None = None,
) -> None:
    """Sweep one stream: a CI log, a patch."""
    from secrets_guard.cli import perform
    from secrets_guard.errors import SourceError

    if sys.stdin is None:
        raise SourceError("standard input is closed; pipe into it what is to be swept")

    def source(settings: Settings, _allow: AllowJudge) -> Source:
        from secrets_guard.sources.archive.limits import limits_of

        if os.name == "nt":  # knows no select() on a pipe
            from secrets_guard.sources.stdin import StreamSource

            return StreamSource(sys.stdin.buffer, name, limits_of(settings))
        from secrets_guard.cli.stream import InterruptibleStream

        return InterruptibleStream(sys.stdin.buffer, name, limits_of(settings))

    raise typer.Exit(perform.perform(perform.prepare((), options or {}, config), source))
