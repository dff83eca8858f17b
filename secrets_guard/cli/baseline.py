"""``baseline create``, ``audit`` and ``prune``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli import exits, perform
from secrets_guard.suppression.baseline import BASELINE_NAME

if TYPE_CHECKING:
    from secrets_guard.model.result import Problem

Paths = Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", show_default=False)]
File = Annotated[
    str | None, typer.Option("--baseline", metavar="FILE", help="The baseline; default: the one in force.")
]
Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")]


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the group."""
    group = typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)
    group.command()(create)
    group.command()(audit)
    group.command()(prune)
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
    from secrets_guard.cli.scan_files import file_source
    from secrets_guard.suppression.allow import judge_allow
    from secrets_guard.suppression.baseline import Baseline, read_baseline, write_baseline
    from secrets_guard.suppression.entry import Suppression

    options: dict[str, object] = {"min_confidence": min_confidence} if min_confidence else {}
    prepared = perform.prepare(tuple(paths or ["."]), options, config)
    old = read_baseline(output) if os.path.exists(output) else Baseline("", ())
    settings = prepared.settings
    key = old.key or settings.fingerprint_key or secrets.token_hex(16)
    allow = judge_allow(settings.allow, api.today())
    source = file_source(tuple(paths or ["."]), settings, allow)
    # Without the old entries: what is still there stays, what is gone is `prune`'s business.
    result = api.scan(source, settings=settings._replace(fingerprint_key=key), allow=allow)
    if any(problem.kind == "interrupted" for problem in result.problems):
        raise typer.Exit(exits.INTERRUPTED)
    known = {(entry.fingerprint, entry.rule) for entry in old.entries}
    new = {(finding.fingerprint, finding.rule_id) for finding in result.findings} - known
    entries = [
        Suppression(fingerprint=fingerprint, rule=rule, reason=reason, verdict="") for fingerprint, rule in sorted(new)
    ]
    write_baseline(output, [*old.entries, *entries], key)
    print(f"secrets-guard: {output}: {len(old.entries)} entries kept, {len(entries)} added", file=sys.stderr)
    _tell(result.problems)
    raise typer.Exit(exits.USAGE_OR_INCOMPLETE if result.problems else exits.CLEAN)


def audit(
    paths: Paths = None,
    baseline: File = None,
    config: Config = None,
    new: Annotated[bool, typer.Option("--new", help="Also ask about secrets that the baseline does not know.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also ask about entries that have a verdict.")] = False,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Show the values themselves.")] = False,
) -> None:
    """Decide on the entries one by one: real, false positive or accepted. Each answer is saved at once.

    PATH is by default the baseline's folder. From a pipe, each answer is a line.
    """
    from secrets_guard.cli import baseline_audit
    from secrets_guard.cli.baseline_sweep import locate, match
    from secrets_guard.suppression.baseline import read_baseline

    path = locate(baseline)
    matched = match(_paths(paths, path), read_baseline(path), config, show=show_secrets, new=new)
    if matched.interrupted:
        raise typer.Exit(exits.INTERRUPTED)
    _tell(matched.problems)
    try:
        baseline_audit.walk(path, baseline_audit.questions(matched, everything))
    except KeyboardInterrupt:
        print()
        raise typer.Exit(exits.INTERRUPTED) from None
    print(f"{path}: {baseline_audit.summary(path, matched)}")
    raise typer.Exit(exits.USAGE_OR_INCOMPLETE if matched.problems else exits.CLEAN)


def prune(
    paths: Paths = None,
    baseline: File = None,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be dropped.")] = False,
    expired: Annotated[bool, typer.Option("--expired", help="Drop entries that have expired, too.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Drop even if not everything could be swept.")] = False,
) -> None:
    """Drop the entries that nothing in PATH (default: the baseline's folder) needs any more, and say which.

    History is not looked at: an entry whose secret stands only in old commits is dropped too.
    """
    from secrets_guard import api
    from secrets_guard.cli.baseline_sweep import locate, match
    from secrets_guard.report.text import printable
    from secrets_guard.suppression.baseline import read_baseline, write_baseline

    path = locate(baseline)
    old = read_baseline(path)
    matched = match(_paths(paths, path), old, config)
    _tell(matched.problems)
    if matched.interrupted:
        raise typer.Exit(exits.INTERRUPTED)
    if matched.problems and not force:
        print(f"secrets-guard: {path}: nothing dropped: the sweep was incomplete; see --force", file=sys.stderr)
        raise typer.Exit(exits.USAGE_OR_INCOMPLETE)
    gone = {entry: "no longer found" for entry, findings in matched.known if not findings}
    if expired:
        gone |= {entry: "expired" for entry in old.entries if entry.expires and entry.expires < api.today()}
    for entry, why in gone.items():
        print(printable(f"{'would drop' if dry_run else 'dropped'} {entry.fingerprint} {entry.rule}: {why}"))
    if gone and not dry_run:
        write_baseline(path, [entry for entry in old.entries if entry not in gone], old.key)
    print(f"secrets-guard: {path}: {len(old.entries) - len(gone)} entries stay, {len(gone)} go", file=sys.stderr)


def _paths(given: list[str] | None, path: str) -> tuple[str, ...]:
    return tuple(given or [os.path.dirname(path) or "."])


def _tell(problems: tuple[Problem, ...]) -> None:
    from secrets_guard.report.text import printable

    for problem in problems:
        print(f"secrets-guard: {problem.kind}: {printable(problem.where)}: {problem.message}", file=sys.stderr)
