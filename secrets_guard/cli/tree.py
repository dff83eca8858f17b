"""The tree of commands, built by typer as far as a command line needs it."""

from __future__ import annotations

from importlib import import_module

import typer

COMMANDS: dict[str, tuple[str, str]] = {
    "scan": ("secrets_guard.cli.scan", "Sweep files, histories, images or a stream for secrets."),
    "rules": ("secrets_guard.cli.rules", "List, show, prove and import rules."),
    "baseline": ("secrets_guard.cli.baseline", "Accept what exists, so that only new secrets are reported."),
    "hook": ("secrets_guard.cli.hook", "Git hooks: block a secret before it is committed, pushed or received."),
    "run": ("secrets_guard.cli.run", "Fetch runtime secrets, then become the command that needs them."),
    "env": ("secrets_guard.cli.env", "Show what 'run' would inject: plan (never values) and print."),
    "report": ("secrets_guard.cli.report", "Convert a JSON report into another format; compare two."),
    "migrate": ("secrets_guard.cli.migrate", "Move a file's secrets into Vault or AWS, and leave references."),
    "remediate": ("secrets_guard.cli.remediate", "Say what to revoke where, and how to clean a history."),
    "compare": ("secrets_guard.cli.compare", "Compare with another scanner's report: what only one of them found."),
    "doctor": ("secrets_guard.cli.doctor", "Tell what is installed here, what serves, and what needs attention."),
    "completion": ("secrets_guard.cli.completion", "Print the script of completion for bash, zsh or fish."),
    "man": ("secrets_guard.cli.man", "Print the manual page: secrets-guard man | man -l -"),
    "selftest": ("secrets_guard.cli.selftest", "Prove that each source still finds a planted token."),
}
"""Name -> (module with ``register(app, arguments)``, help). Only the module of the command at hand is imported."""

_HELP = "Find leaked credentials, and keep new ones from leaking. Start with: secrets-guard scan files ."


def build(arguments: list[str] | None = None) -> typer.Typer:
    """Return the application; given the command line, only what that needs is really built."""
    app = typer.Typer(
        name="secrets-guard", help=_HELP, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
        add_completion=False, context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    app.callback()(_root)
    wanted = next((word for word in arguments or [] if not word.startswith("-")), None)
    for name, (module, help_text) in COMMANDS.items():
        if arguments is None or name == wanted:
            import_module(module).register(app, name, help_text, (arguments or [])[1:])
        else:
            app.command(name, help=help_text)(_stub)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        from secrets_guard.version import __version__

        typer.echo(f"secrets-guard {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", "-V", help="Show the version and exit.", is_eager=True, callback=_show_version
    ),
) -> None:
    """Take the options that stand before a command."""


def _stub() -> None:
    """Stand for a command that is only listed."""
