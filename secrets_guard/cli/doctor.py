"""``doctor``: what is installed, what serves, and what needs attention."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli import exits
from secrets_guard.cli.run import ManifestFile
from secrets_guard.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from secrets_guard.doctor.check import Check

SCHEMA = "secrets-guard/doctor/1"
_FORMATS = ("human", "json")
_SIGNS = {"ok": "ok", "note": "-", "attention": "!!"}


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name, help=help_text)(doctor)


def doctor(
    providers: Annotated[
        bool, typer.Option("--providers", help="Log in to each provider of secrets, and out; no secret is read.")
    ] = False,
    manifest: ManifestFile = "",
    clean_cache: Annotated[
        bool, typer.Option("--clean-cache", help="Remove entries of the cache that nothing has used for two days.")
    ] = False,
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="human or json.")] = "human",
) -> None:
    """Tell what is installed here, what serves, and what needs attention; exit code 1 where something does."""
    if format not in _FORMATS:
        from secrets_guard.located_yaml import nearest

        raise ConfigError(f"--format: {format!r} is neither human nor json{nearest(format, _FORMATS)}")
    found = list(examine(manifest if providers else None, cleaning=clean_cache))
    (_write_json if format == "json" else _write_human)(found)
    raise typer.Exit(exits.FINDINGS if any(one.state == "attention" for one in found) else exits.CLEAN)


def examine(manifest: str | None, *, cleaning: bool) -> Iterator[Check]:
    """Yield all checks; the providers' only where ``manifest`` is given (empty: what the variables name)."""
    from secrets_guard import cache as caches
    from secrets_guard.doctor import cache_state, installation, machinery, surroundings

    cache, in_use = caches.user_cache(), set[str]()
    yield from installation.checks()
    yield from machinery.engine_checks(cache, in_use)
    yield from machinery.reader_checks()
    yield cache_state.check(caches.user_folder(), cache, in_use, cleaning=cleaning)
    yield from surroundings.hook_checks()
    yield from surroundings.config_checks(os.environ)
    if manifest is not None:
        from secrets_guard.doctor import provider_state

        yield from provider_state.checks(manifest, os.environ)
    yield from surroundings.terminal_checks(os.environ)


def _write_json(found: Sequence[Check]) -> None:
    import json

    from secrets_guard.report.text import valid

    state = "attention" if any(one.state == "attention" for one in found) else "ok"
    rows = [{field: valid(value) for field, value in one._asdict().items()} for one in found]
    print(json.dumps({"schema": SCHEMA, "state": state, "checks": rows}, indent=2))


def _write_human(found: Sequence[Check]) -> None:
    from secrets_guard.report.text import printable, put

    width = max(len(one.topic) for one in found)
    for one in found:
        put(sys.stdout, f"{_SIGNS[one.state]:<2}  {one.topic:<{width}}  {printable(one.text)}\n")
        if one.advice:
            put(sys.stdout, f"    {'':<{width}}  -> {printable(one.advice)}\n")
    wrong = sum(one.state == "attention" for one in found)
    put(sys.stdout, f"{wrong or 'nothing'} need{'' if wrong > 1 else 's'} attention\n")
