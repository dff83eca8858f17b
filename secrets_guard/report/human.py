"""ScanResult -> text for people, coloured where a terminal wants it; plain ASCII otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import IO

from secrets_guard.model.result import ScanResult
from secrets_guard.report.changes import change_lines
from secrets_guard.report.layout import Line, lines
from secrets_guard.report.text import fitting, printable

# For a stream of no known width, such as a file or a CI log.
_WIDTH = 160


def write(
    result: ScanResult,
    stream: IO[str],
    *,
    color: bool | None = None,
    width: int | None = None,
    quiet: bool = False,
) -> None:
    """Write the report. ``color`` None: as wants_color() says; ``width`` (characters) None: the terminal's.

    ``quiet`` leaves only findings, problems, and the word that a sweep was incomplete.
    """
    if color is None:
        color = wants_color(stream, os.environ)
    report = (change_lines if result.before else lines)(result, width or _width(stream), quiet=quiet)
    if color:
        _write_colored(report, stream)
        return
    encoding = getattr(stream, "encoding", None)
    for line in report:
        stream.write(fitting("".join(printable(piece.text) for piece in line).rstrip(), encoding) + "\n")


def wants_color(stream: IO[str], environment: Mapping[str, str]) -> bool:
    """Tell whether to colour: NO_COLOR forbids, FORCE_COLOR demands, else a capable terminal outside CI.

    Source: https://no-color.org, https://force-color.org.
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "") not in ("", "0", "false"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb" and not environment.get("CI")


def _width(stream: IO[str]) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    except (OSError, ValueError, AttributeError):
        return _WIDTH


def _write_colored(report: Iterator[Line], stream: IO[str]) -> None:
    # Imported here only: rich takes 50 ms, which plain output should not pay.
    from rich.console import Console
    from rich.text import Text

    console = Console(
        file=stream, force_terminal=True, color_system="standard", no_color=False, legacy_windows=False, highlight=False
    )
    encoding = getattr(stream, "encoding", None)
    for line in report:
        pieces = [(fitting(printable(piece.text), encoding), piece.style) for piece in line]
        console.print(Text.assemble(*pieces), soft_wrap=True)
