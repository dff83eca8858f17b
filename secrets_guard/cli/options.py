"""The options that every scan has: one table, from which typer's parameters are made."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, Optional

import typer


class Choice(NamedTuple):
    """One option: its value's type, its help, and other spellings."""

    type: Any
    help: str
    metavar: str = ""
    short: str = ""


SCAN_OPTIONS: dict[str, Choice] = {
    "format": Choice(str, "Report format: human, json, jsonl, sarif, junit, csv, gitlab or github.", "FORMAT", "-f"),
    "output": Choice(str, "Write the report to this file instead of standard output.", "FILE", "-o"),
    "baseline": Choice(
        str, "Known secrets: our baseline, .gitleaksignore, a gitleaks report, .secrets.baseline.", "FILE"
    ),
    "rules": Choice(list[str], "Add rules: a YAML file, a folder of them, or a gitleaks TOML (repeatable).", "PATH"),
    "only_rule": Choice(list[str], "Use only this rule (repeatable).", "ID"),
    "exclude_rule": Choice(list[str], "Leave this rule out (repeatable).", "ID"),
    "min_severity": Choice(str, "Report from this severity on: low, medium, high or critical.", "LEVEL"),
    "min_confidence": Choice(str, "Report from this confidence on: low, medium (default) or high.", "LEVEL"),
    "jobs": Choice(int, "Worker threads; default: the cores this process may use.", "N", "-j"),
    "max_file_size": Choice(str, "Leave out larger files, as problems: 10MB, 1GiB. Default: no limit.", "SIZE"),
    "max_depth": Choice(int, "How many encodings inside one another are undone; 0: none. Default 5.", "N"),
    "show_secrets": Choice(bool, "Show the values themselves. Careful with logs."),
    "exit_code": Choice(int, "Exit code when something was found; default 1.", "N"),
    "explain": Choice(bool, "Say of each candidate why it was kept or dropped."),
    "no_progress": Choice(bool, "No progress bar or heartbeat."),
    "quiet": Choice(bool, "Findings and problems only.", short="-q"),
    "strict": Choice(bool, "Exit 2 when anything could not be swept."),
    "no_inline_allow": Choice(bool, "Report in spite of 'secrets-guard: allow' and other tools' comments."),
    "fail_on_unused": Choice(bool, "Exit 2 when a suppression is no longer needed."),
    "trust_repo_config": Choice(bool, "Obey a config file that lies in what is scanned."),
    "fingerprint_key": Choice(str, "Key of the fingerprints; better given as SECRETS_GUARD_FINGERPRINT_KEY.", "KEY"),
}
"""Names are fields of Settings; the environment and the config file know them too."""

TREE_OPTIONS: dict[str, Choice] = {
    "no_ignore": Choice(bool, "Sweep what .gitignore leaves out too."),
    "follow_symlinks": Choice(bool, "Follow symbolic links."),
}
"""Options of scans that walk a file system."""


def with_options(table: dict[str, Choice]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of ``table``; it receives those that were given as the dict ``options``."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(function, eval_str=True)
        kept = [parameter for name, parameter in own.parameters.items() if name != "options"]
        made = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(name, choice))
            for name, choice in table.items()
        ]

        def command(**arguments: Any) -> None:
            options = {name: arguments.pop(name) for name in table}
            function(**arguments, options={name: value for name, value in options.items() if value not in (None, [])})

        command.__doc__ = function.__doc__
        command.__signature__ = own.replace(parameters=[*kept, *made])  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*kept, *made)}
        return command

    return decorate


def _annotation(name: str, choice: Choice) -> Any:
    flags = [f"--{name.replace('_', '-')}", *([choice.short] if choice.short else [])]
    option = typer.Option(*flags, help=choice.help, show_default=False, metavar=choice.metavar or None)
    return Annotated[Optional[choice.type], option]  # noqa: UP045 - built at run time
