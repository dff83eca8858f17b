"""The command line of a plain ``scan files`` or ``run`` -> its parts, without typer: half of a short run's time.

Whatever is not plainly right (an unknown option, a missing value, ``--help``) is left to typer, which says so well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from secrets_guard.cli.table import SCAN_OPTIONS, TREE_OPTIONS

Parsed = tuple[tuple[str, ...], dict[str, object], "str | None"]
"""(paths, options by their names in Settings, config file)."""

_TABLE = SCAN_OPTIONS | TREE_OPTIONS
_NAMES = {f"--{name.replace('_', '-')}": name for name in _TABLE} | {
    choice.short: name for name, choice in _TABLE.items() if choice.short
}
_NAMES |= {"--config": "config", "-c": "config"}


def parse(arguments: list[str]) -> Parsed | None:
    """Return the parts of ``scan files [OPTION]... [PATH]...``; None where typer should have a look."""
    if arguments[:2] != ["scan", "files"]:
        return None
    paths: list[str] = []
    given: dict[str, object] = {}
    rest = iter(arguments[2:])
    for word in rest:
        if word == "--":
            paths += rest
        elif not word.startswith("-") or word == "-":
            paths.append(word)
        elif not _take(word, rest, given):
            return None
    config = given.pop("config", None)
    return tuple(paths) or (".",), given, None if config is None else str(config)


def parse_run(arguments: list[str]) -> tuple[list[str], str, str] | None:
    """Return command, manifest and audit of ``run [--manifest FILE] [--audit TO] -- CMD [ARG]...``; None for typer."""
    if arguments[:1] != ["run"] or "--" not in arguments:
        return None
    cut = arguments.index("--")
    options, command = arguments[1:cut], arguments[cut + 1 :]
    given = {
        "--manifest": os.environ.get("SECRETS_GUARD_MANIFEST", ""),
        "--audit": os.environ.get("SECRETS_GUARD_AUDIT", ""),
    }
    rest = iter(options)
    for word in rest:
        name, equals, value = ("--manifest", "", "") if word == "-m" else word.partition("=")
        if name not in given:
            return None
        given[name] = value if equals else next(rest, "")
        if not given[name] or given[name].startswith("-"):
            return None
    return (command, given["--manifest"], given["--audit"]) if command else None


def _take(word: str, rest: Iterator[str], given: dict[str, object]) -> bool:
    flag, equals, value = word.partition("=")
    name = _NAMES.get(flag)
    if name is None:
        return False
    kind = str if name == "config" else _TABLE[name].type
    if kind is bool:
        given[name] = True
        return not equals
    if not equals:
        following = next(rest, None)
        if following is None or following.startswith("-"):
            return False
        value = following
    elif not flag.startswith("--"):
        return False
    if kind is int:
        given[name] = int(value) if value.isascii() and value.isdigit() else None
        return given[name] is not None
    if kind is str:
        given[name] = value
    else:
        given[name] = [*list(given.get(name) or ()), value]  # type: ignore[call-overload]
    return True
