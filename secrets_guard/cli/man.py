"""``man``: the manual page, written from the commands themselves."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from secrets_guard.cli.commands import Command, Option

_WIDTH = 72
# The day on which this text was last changed, not the one on which it is printed: a version has one page.
_HEAD = """.TH SECRETS-GUARD 1 2026-11-25 "secrets-guard {version}" "User Commands"
.SH NAME
secrets\\-guard \\- find leaked credentials, and keep new ones from leaking
.SH SYNOPSIS
.B secrets\\-guard
.I COMMAND
.RI [ OPTION ]...
.RI [ ARGUMENT ]...
.SH DESCRIPTION
Finds credentials in source trees, git histories, container images and
streams, and hands secrets to programs at run time.
Nothing of what is scanned is executed, nothing leaves this machine, and values
are never shown unless asked for.
.SH COMMANDS
"""
_TAIL = """.SH EXIT STATUS
{exits}.SH ENVIRONMENT
.TP
.B SECRETS_GUARD_<OPTION>
sets an option of scans, as in SECRETS_GUARD_MIN_CONFIDENCE=low
.TP
.B SECRETS_GUARD_CONFIG
the config file to use
.TP
.B SECRETS_GUARD_CACHE
the cache folder, or off
.TP
.B SECRETS_GUARD_MANIFEST
the manifest of run and env
.SH FILES
.TP
.I .secrets\\-guard.yaml
options and allow entries, in the current folder or above it, up to the root
of its git work tree
.TP
.I .secrets\\-guard\\-baseline.yaml
known secrets, as keyed fingerprints
.SH SEE ALSO
.BR git (1),
.BR githooks (5)
"""
EXITS = {
    "0": "nothing found",
    "1": "findings (scans: --exit-code changes it); rules that fail; something that needs attention",
    "2": "wrong use or config, a target that can't be read; with --strict any gap",
    "3": "a bug of ours, or the positive control was not found",
    "120": "run, env: a secret could not be fetched or injected",
    "121": "run, env: the manifest or a reference is wrong",
    "126": "run: the command can't be executed",
    "127": "run: there is no such command",
    "130": "interrupted",
}


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name, help=help_text)(man)


def man() -> None:
    """Print the manual page; 'secrets-guard man | man -l -' shows it."""
    from secrets_guard.cli.commands import all_commands

    sys.stdout.write(page(all_commands()))


def page(commands: Sequence[Command]) -> str:
    """Return the page as man(7) macros."""
    from secrets_guard.version import __version__

    parts = [_HEAD.format(version=__version__)]
    groups = {one.words[:-1] for one in commands if one.words}
    parts += [_command(one) for one in commands if one.words and one.words not in groups]
    exits = "".join(f".TP\n.B {code}\n{_text(meaning)}\n" for code, meaning in EXITS.items())
    return "".join(parts) + _TAIL.format(exits=exits)


def _command(command: Command) -> str:
    options = ["[OPTION]..."] if command.options else []
    usage = " ".join(("secrets-guard", *command.words, *options, *command.arguments))
    return f".SS {_line(usage)}\n{_text(command.help)}\n{''.join(map(_option, command.options))}"


def _option(option: Option) -> str:
    flags = ", ".join(f"\\fB{_line(flag)}\\fR" for flag in reversed(option.flags))
    value = f" \\fI{_line(option.metavar)}\\fR" if option.metavar else ""
    return f".TP\n{flags}{value}\n{_text(option.help)}\n"


def _text(text: str) -> str:
    """Return text as lines that fit a page, none of which begins as a macro does."""
    return "\n".join(_line(line) for line in textwrap.wrap(text, _WIDTH, break_on_hyphens=False))


def _line(text: str) -> str:
    """Return text in which nothing is a macro or an escape, and a hyphen is one that can be copied."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe
