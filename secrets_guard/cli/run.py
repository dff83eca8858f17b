"""``run [OPTION]... -- CMD ARG…``: fetch, inject, become or supervise the command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from secrets_guard.cli.options import with_options
from secrets_guard.cli.table import RUN_OPTIONS

ManifestFile = Annotated[
    str,
    typer.Option(
        "--manifest", "-m", metavar="FILE", envvar="SECRETS_GUARD_MANIFEST",
        help="What to inject; without one, the references among the variables.",
    ),
]  # fmt: skip

AuditTarget = Annotated[
    str,
    typer.Option(
        "--audit", metavar="FILE|stderr|syslog", envvar="SECRETS_GUARD_AUDIT",
        help="Tell there what was fetched and injected, a line of JSON each, never a value.",
    ),
]  # fmt: skip


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name, help=help_text, context_settings={"allow_interspersed_args": False})(run)


@with_options(RUN_OPTIONS)
def run(
    command: Annotated[list[str], typer.Argument(metavar="-- CMD [ARG]...", help="The command and its arguments.")],
    options: dict[str, Any],
    manifest: ManifestFile = "",
    audit: AuditTarget = "",
) -> None:
    """Fetch what the manifest and the variables refer to, then become the command with it in its environment."""
    from secrets_guard.cli.start import start

    start(command, manifest, {**options, "audit": audit})
