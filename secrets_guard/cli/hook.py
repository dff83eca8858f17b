"""``hook pre-commit|pre-push|pre-receive|install|uninstall``; the fast way to the first three is secrets-guard-hook."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")]
Hooks = Annotated[
    list[str] | None,
    typer.Option("--hook", metavar="NAME", help="pre-commit (default), pre-push or pre-receive; repeatable."),
]
Everywhere = Annotated[
    bool, typer.Option("--global", help="For all repositories of this user, by core.hooksPath of the git config.")
]


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the group."""
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    commands: tuple[Callable[..., None], ...] = (pre_commit, pre_push, pre_receive, install, uninstall)
    for function in commands:
        group.command(function.__name__.replace("_", "-"))(function)
    app.add_typer(group, name=name)


def pre_commit(config: Config = None) -> None:
    """Sweep what is staged, as git calls it before a commit."""
    _run("pre-commit", config)


def pre_push(
    remote: Annotated[str, typer.Argument(help="The remote's name, as git gives it.")] = "",
    url: Annotated[str, typer.Argument(help="The remote's address, as git gives it.")] = "",
    config: Config = None,
) -> None:
    """Sweep the commits about to leave; git tells them on standard input."""
    _run("pre-push", config, remote, url)


def pre_receive(config: Config = None) -> None:
    """Sweep, on a server, the commits that were pushed; git tells them on standard input."""
    _run("pre-receive", config)


def install(hook: Hooks = None, everywhere: Everywhere = False) -> None:
    """Install the hooks in this repository; a hook that is there is kept and runs after ours."""
    from secrets_guard.hook_install import install as install_hooks

    _tell(install_hooks(hook or (), everywhere=everywhere, cwd=os.curdir))


def uninstall(hook: Hooks = None, everywhere: Everywhere = False) -> None:
    """Take the hooks out and bring back what was there before."""
    from secrets_guard.hook_install import uninstall as uninstall_hooks

    _tell(uninstall_hooks(hook or (), everywhere=everywhere, cwd=os.curdir))


def _run(name: str, config: str | None, *given: str) -> None:
    from importlib import import_module

    # The door stands a floor above this one, so it is started by its name, as every command is.
    door = import_module("secrets_guard.hook")
    raise typer.Exit(door.guarded([name, *([f"--config={config}"] if config else []), *given]))


def _tell(lines: list[str]) -> None:
    from secrets_guard.report.text import printable

    for line in lines:
        typer.echo(f"secrets-guard: {printable(line)}")
