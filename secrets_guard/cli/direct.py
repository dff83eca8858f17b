"""The command line of a plain ``scan files`` or ``run`` -> its parts, without typer: half of a short run's time.

Whatever is not plainly right (an unknown option, a missing value, ``--help``) is left to typer, which says so well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from secrets_guard.cli.table import RUN_OPTIONS, SCAN_OPTIONS, TREE_OPTIONS, Choice

Parsed = tuple[tuple[str, ...], dict[str, object], "str | None"]
"""(paths, options by their names in Settings, config file)."""

_CONFIG = {"config": Choice(str, "", "", "-c")}
_MANIFEST = {"manifest": Choice(str, "", "", "-m"), "audit": Choice(str, "")}


def parse(arguments: list[str]) -> Parsed | None:
    """Return the parts of ``scan files [OPTION]... [PATH]...``; None where typer should have a look."""
    if arguments[:2] != ["scan", "files"]:
        return None
    paths: list[str] = []
    given: dict[str, object] = {}
    rest = iter(arguments[2:])
    table = SCAN_OPTIONS | TREE_OPTIONS | _CONFIG
    names = _flags(table)
    for word in rest:
        if word == "--":
            paths += rest
        elif not word.startswith("-") or word == "-":
            paths.append(word)
        elif not _take(word, rest, given, table, names):
            return None
    config = given.pop("config", None)
    return tuple(paths) or (".",), given, None if config is None else str(config)


def parse_run(arguments: list[str]) -> tuple[list[str], str, dict[str, object]] | None:
    """Return command, manifest and options of ``run [OPTION]... -- CMD [ARG]...``; None where typer should look."""
    if arguments[:1] != ["run"] or "--" not in arguments:
        return None
    cut = arguments.index("--")
    command, rest = arguments[cut + 1 :], iter(arguments[1:cut])
    given: dict[str, object] = {}
    table = RUN_OPTIONS | _MANIFEST
    names = _flags(table)
    if not command or not all(_take(word, rest, given, table, names) for word in rest):
        return None
    manifest = given.pop("manifest", os.environ.get("SECRETS_GUARD_MANIFEST", ""))
    given.setdefault("audit", os.environ.get("SECRETS_GUARD_AUDIT", ""))
    return command, str(manifest), given


def _flags(table: dict[str, Choice]) -> dict[str, str]:
    """Return the name of each flag's option."""
    long = {f"--{name.replace('_', '-')}": name for name in table}
    return long | {choice.short: name for name, choice in table.items() if choice.short}


def _take(
    word: str, rest: Iterator[str], given: dict[str, object], table: dict[str, Choice], names: dict[str, str]
) -> bool:
    flag, equals, value = word.partition("=")
    name = names.get(flag)
    if name is None:
        return False
    kind = table[name].type
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
