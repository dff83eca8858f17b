"""``run [--manifest FILE] -- CMD ARG…``: fetch, inject, become the command."""

from __future__ import annotations

from typing import Annotated

import typer

ManifestFile = Annotated[
    str,
    typer.Option(
        "--manifest", "-m", metavar="FILE", envvar="SECRETS_GUARD_MANIFEST",
        help="What to inject; without one, the references among the variables.",
    ),
]  # fmt: skip


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name, help=help_text, context_settings={"allow_interspersed_args": False})(run)


def run(
    command: Annotated[list[str], typer.Argument(metavar="-- CMD [ARG]...", help="The command and its arguments.")],
    manifest: ManifestFile = "",
) -> None:
    """Fetch what the manifest and the variables refer to, then become the command with it in its environment."""
    from secrets_guard.broker.environment import build
    from secrets_guard.broker.launch import become, end_on_signals, inherited, kernel_limits
    from secrets_guard.broker.manifest import load
    from secrets_guard.broker.resolve import resolve

    end_on_signals()
    environment = inherited()
    wanted = load(manifest, environment)
    resolved = resolve(wanted, environment)
    credentials = resolved.credentials | {"SECRETS_GUARD_FINGERPRINT_KEY"}
    made = build(environment, resolved.injected, credentials, wanted.keep, command, kernel_limits())
    become(command, made)
