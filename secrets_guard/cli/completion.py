"""``completion bash|zsh|fish``: a script that completes commands, options and their values, and the ids of rules.

The script knows the commands by itself, so a press of TAB starts no Python; only for rules it asks ``rules list``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated

import typer

from secrets_guard.errors import ConfigError

SHELLS = {
    "bash": "secrets_guard.cli.completion_bash",
    "zsh": "secrets_guard.cli.completion_zsh",
    "fish": "secrets_guard.cli.completion_fish",
}
"""Shell -> module with ``script(commands)``."""


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name, help=help_text)(completion)


def completion(shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print the script of completion for a shell."""
    from secrets_guard.cli.commands import all_commands

    if shell not in SHELLS:
        from secrets_guard.located_yaml import nearest

        raise ConfigError(
            f"there is no completion for {shell!r}, but for {', '.join(SHELLS)}{nearest(shell, tuple(SHELLS))}"
        )
    sys.stdout.write(import_module(SHELLS[shell]).script(all_commands()))
