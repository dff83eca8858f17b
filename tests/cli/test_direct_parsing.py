"""The short way of reading a plain command line says the same as typer's long one, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main

from secrets_guard.cli.direct import parse
from secrets_guard.cli.table import SCAN_OPTIONS, TREE_OPTIONS
from secrets_guard.cli.tree import build

PLAIN = [
    [],
    ["."],
    ["a", "b c", "-f", "json"],
    ["--format=sarif", "--output", "out.sarif", "src"],
    ["--only-rule", "a", "--only-rule=b", "--exclude-rule", "c", "x"],
    ["-j", "4", "--max-depth", "0", "--exit-code=3"],
    ["--strict", "--quiet", "--explain", "--no-ignore", "--follow-symlinks", "."],
    ["-c", "conf.yaml", "--", "--strict", "-x"],
    ["--config=conf.yaml", "--min-confidence", "low", "--max-file-size", "10MB"],
    ["--format", "json", "--format", "csv"],
]
LEFT_TO_TYPER = [
    ["--help"],
    ["-h"],
    ["--formt", "json"],
    ["--format"],
    ["--format", "--strict"],
    ["--jobs", "many"],
    ["--jobs", "-1"],
    ["--strict=yes"],
    ["-fjson"],
    ["-f=json"],
    ["--why-not", "a:1"],
    ["--output", "-"],
]


def by_typer(arguments: list[str]) -> tuple[tuple[str, ...], dict[str, object], str | None]:
    command: Any = typer.main.get_command(build(["scan", "files"]))
    files = command.commands["scan"].commands["files"]
    told: dict[str, Any] = files.make_context("files", list(arguments)).params
    # typer makes lists of the tuples, and None of empty ones, when it calls the command.
    given = {
        name: list(told[name]) if isinstance(told[name], tuple) else told[name]
        for name in SCAN_OPTIONS | TREE_OPTIONS
        if told[name] not in (None, ())
    }
    return tuple(told["paths"] or ["."]), given, told["config"]


@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_a_plain_command_line_is_read_as_typer_reads_it(arguments: list[str]) -> None:
    assert parse(["scan", "files", *arguments]) == by_typer(arguments)


@pytest.mark.parametrize("arguments", LEFT_TO_TYPER, ids=" ".join)
def test_whatever_is_not_plainly_right_is_left_to_typer(arguments: list[str]) -> None:
    assert parse(["scan", "files", *arguments]) is None


@pytest.mark.parametrize(
    "arguments", [[], ["scan"], ["files"], ["scan", "git", "."], ["--version"], ["-V", "scan", "files"]]
)
def test_other_commands_are_left_to_typer(arguments: list[str]) -> None:
    assert parse(arguments) is None
