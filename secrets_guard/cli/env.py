"""``env plan`` and ``env print``: what ``run`` would inject."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli.run import AuditTarget, ManifestFile
from secrets_guard.errors import ConfigError

if TYPE_CHECKING:
    from secrets_guard.broker.audit import Audit
    from secrets_guard.broker.manifest import Manifest
    from secrets_guard.broker.resolve import Resolved

_HEADERS = ("name", "provider", "version", "lease", "fingerprint", "from")


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the group."""
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    group.command()(plan)
    group.command("print")(print_values)
    app.add_typer(group, name=name)


def plan(manifest: ManifestFile = "", audit: AuditTarget = "") -> None:
    """Fetch, and show names, providers, versions, leases and keyed fingerprints of what would be there; no values."""
    from secrets_guard.broker.lender import return_all
    from secrets_guard.broker.plan import rows
    from secrets_guard.report.text import printable, put

    wanted, resolved, told = _resolved(manifest, audit)
    kept = return_all(resolved.providers, resolved.outcomes, told)
    key = os.environ.get("SECRETS_GUARD_FINGERPRINT_KEY", "")
    table = [_HEADERS, *(tuple(map(printable, row)) for row in rows(resolved, key))]
    widths = [max(len(row[column]) for row in table) for column in range(len(_HEADERS))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        put(sys.stdout, line.rstrip() + "\n")
    dropped = sorted((resolved.credentials - wanted.keep) & os.environ.keys())
    if dropped:
        print(f"secrets-guard: not for the command: {', '.join(dropped)}", file=sys.stderr)
    for loan, error in kept:
        print(f"secrets-guard: not given back: {loan.lease.id}: {printable(str(error))}", file=sys.stderr)
    if not key:
        print("secrets-guard: no fingerprints: set SECRETS_GUARD_FINGERPRINT_KEY to compare values", file=sys.stderr)


def print_values(
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="dotenv, json or shell.")] = "dotenv",
    manifest: ManifestFile = "",
    audit: AuditTarget = "",
    force: Annotated[
        bool, typer.Option("--force", help="Print even where no terminal is, into a pipe or file.")
    ] = False,
) -> None:
    """Fetch and print the values themselves. Careful with logs."""
    from secrets_guard.broker.plan import FORMATS, render
    from secrets_guard.broker.resolve import tell
    from secrets_guard.located_yaml import nearest

    if format not in FORMATS:
        raise ConfigError(f"--format: {format!r} is none of {', '.join(FORMATS)}{nearest(format, FORMATS)}")
    if not force and not sys.stdout.isatty():
        raise ConfigError("env print: standard output is no terminal; --force prints the values even so")
    _, resolved, told = _resolved(manifest, audit)
    shown = render(resolved, format)
    tell(told, "print", resolved)
    sys.stdout.flush()
    sys.stdout.buffer.write(shown)


def _resolved(path: str, audit: str) -> tuple[Manifest, Resolved, Audit]:
    from secrets_guard.broker.audit_target import open_audit
    from secrets_guard.broker.environment import build
    from secrets_guard.broker.inheritance import passed_on
    from secrets_guard.broker.launch import inherited, kernel_limits
    from secrets_guard.broker.lender import returning
    from secrets_guard.broker.manifest import load
    from secrets_guard.broker.resolve import resolve

    environment = inherited()
    wanted = load(path, environment)
    told = open_audit(audit or wanted.audit, "")
    resolved = resolve(wanted, environment, audit=told)
    for line in resolved.warnings:
        print(f"secrets-guard: warning: {line}", file=sys.stderr)
    # So that what run would refuse is refused here as well.
    passed = passed_on(environment, wanted.conduct, wanted.keep)
    with returning(resolved.providers, resolved.outcomes, told):
        build(passed, resolved.injected, resolved.credentials, wanted.keep, (), kernel_limits())
    return wanted, resolved, told
