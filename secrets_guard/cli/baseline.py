"""``baseline create``."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from secrets_guard.cli import exits, perform
from secrets_guard.suppression.baseline import BASELINE_NAME


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the group."""
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    group.command()(create)
    group.callback()(lambda: None)
    app.add_typer(group, name=name)


def create(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", show_default=False)] = None,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The baseline file.")] = BASELINE_NAME,
    config: Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")] = None,
    reason: Annotated[str, typer.Option(help="Why these are accepted; kept with each entry.")] = "",
    min_confidence: Annotated[str | None, typer.Option(metavar="LEVEL", help="As for scan.")] = None,
) -> None:
    """Sweep PATH (default: this folder) and accept all that is found. An existing file keeps its key and entries."""
    import secrets

    from secrets_guard import api
    from secrets_guard.report.text import printable
    from secrets_guard.sources.files import FileSource
    from secrets_guard.suppression.allow import judge_allow
    from secrets_guard.suppression.baseline import Baseline, read_baseline, write_baseline
    from secrets_guard.suppression.entry import Suppression

    options: dict[str, object] = {"min_confidence": min_confidence} if min_confidence else {}
    prepared = perform.prepare(tuple(paths or ["."]), options, config)
    old = read_baseline(output) if os.path.exists(output) else Baseline("", ())
    settings = prepared.settings
    key = old.key or settings.fingerprint_key or secrets.token_hex(16)
    allow = judge_allow(settings.allow, api.today())
    source = FileSource(tuple(paths or ["."]), skip_path=allow.path_allowed)
    # Without the old entries: what is still there stays, what is gone is `prune`'s business.
    result = api.scan(source, settings=settings._replace(fingerprint_key=key), allow=allow)
    known = {(entry.fingerprint, entry.rule) for entry in old.entries}
    new = {(finding.fingerprint, finding.rule_id) for finding in result.findings} - known
    entries = [Suppression(fingerprint=fingerprint, rule=rule, reason=reason) for fingerprint, rule in sorted(new)]
    write_baseline(output, [*old.entries, *entries], key)
    print(f"secrets-guard: {output}: {len(old.entries)} entries kept, {len(entries)} added", file=sys.stderr)
    for problem in result.problems:
        print(f"secrets-guard: {problem.kind}: {printable(problem.where)}: {problem.message}", file=sys.stderr)
    raise typer.Exit(exits.USAGE_OR_INCOMPLETE if result.problems else exits.CLEAN)
