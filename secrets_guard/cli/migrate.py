"""``migrate SOURCE --to PLACE``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli import exits
from secrets_guard.errors import ConfigError

if TYPE_CHECKING:
    from secrets_guard.migrate.migration import Migration, Prepared
    from secrets_guard.migrate.moves import Move, Plan, Sweep
    from secrets_guard.migrate.target import Target

_ANSWERS = "y: yes, n: no, a: this and all others, q: stop, nothing is changed"


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name, help=help_text)(migrate)


Source = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A .env, YAML, JSON or properties file, or a report of --format json.")
]
To = Annotated[
    str, typer.Option("--to", metavar="PLACE", help="Where to: vault:MOUNT/PATH or aws-sm:NAME.", show_default=False)
]
ManifestFile = Annotated[
    str,
    typer.Option(
        "--manifest", "-m", metavar="FILE", help="Write or extend this manifest; default: secrets.yaml, here."
    ),
]
Also = Annotated[
    list[str] | None, typer.Option("--also", metavar="NAME", help="Move this value, too, though no rule finds it.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask, move all.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")]


def migrate(
    source: Source,
    to: To,
    manifest: ManifestFile = "",
    also: Also = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    config: Config = None,
) -> None:
    """Write secrets to a manager, read them back, put references in their place, and prove that these resolve."""
    from secrets_guard.broker.launch import inherited
    from secrets_guard.cli.perform import prepare as find_settings
    from secrets_guard.migrate.document import read_document
    from secrets_guard.migrate.migration import Migration, check_manifest_path
    from secrets_guard.migrate.sweep import sweep_by
    from secrets_guard.migrate.target import read_target

    if not (yes or dry_run or sys.stdin.isatty()):
        raise ConfigError("migrate: there is no terminal to ask at: --yes moves all, --dry-run only says what it would")
    target = read_target(to)
    sweep = sweep_by(find_settings((source,), {}, config).settings)
    found = _plan(source, target, sweep, also or [])
    document = read_document(manifest or "secrets.yaml", missing=True)
    migration = Migration(target, document, inherited(), named=bool(manifest))
    check_manifest_path(document, (move.document for move in found.moves))
    for line in found.by_hand:
        _say(f"by hand: {line}")
    if found.gone:
        _say(f"{found.gone} findings of the report are no longer there")
    chosen = found.moves if yes or dry_run else _ask(found.moves)
    if not chosen:
        _say("nothing to move")
        raise typer.Exit(exits.FINDINGS if found.by_hand or found.moves else exits.CLEAN)
    clean = _carry_out(migration, chosen, sweep, dry_run=dry_run)
    raise typer.Exit(exits.CLEAN if clean and (dry_run or not found.by_hand) else exits.FINDINGS)


def _carry_out(migration: Migration, chosen: tuple[Move, ...], sweep: Sweep, *, dry_run: bool) -> bool:
    """Do it, or say what would be done; return whether the files are clean then."""
    from secrets_guard.migrate.migration import migrate as carry_out
    from secrets_guard.migrate.migration import prepare

    ready = prepare(migration, chosen)
    if dry_run:
        _foretell(ready, migration.manifest.path)
        return True
    for move in ready.moves:
        if not move.done:
            _say(f"{move.told} -> {move.reference}")
    return carry_out(migration, ready, sweep, _say)


def _plan(source: str, target: Target, sweep: Sweep, also: list[str]) -> Plan:
    from secrets_guard.migrate.document import read_document
    from secrets_guard.migrate.files_of_report import files_of, is_report
    from secrets_guard.migrate.literal import read_literals
    from secrets_guard.migrate.moves import plan
    from secrets_guard.report.read import read

    document = read_document(source)
    if not is_report(document):
        read_literals(source, document.content)  # one that can't be read is told, not taken for one without secrets
        return plan((document,), sweep, target, also=also)
    with open(document.real, encoding="utf-8") as stream:
        named = files_of(read(stream))
    made = plan(named.documents, sweep, target, named.wanted, also)
    return made._replace(by_hand=(*named.by_hand, *made.by_hand))


def _ask(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """Return those of the moves that the user agrees to; those that are done need no answer."""
    chosen: list[Move] = []
    everything = False
    print(f"secrets-guard: {_ANSWERS}", file=sys.stderr)
    for move in moves:
        answer = "y" if everything or move.done else ""
        while answer not in ("y", "n", "a", "q"):
            _print(f"{move.told} ({move.rule_id or '--also'}) -> {move.reference}? [y/n/a/q] ", sys.stderr)
            line = sys.stdin.readline()
            answer = line.strip().lower()[:1] if line else "q"
        if answer == "q":
            return ()
        everything = everything or answer == "a"
        chosen += [] if answer == "n" else [move]
    return tuple(chosen)


def _foretell(ready: Prepared, manifest: str) -> None:
    for move in ready.moves:
        if not move.done:
            state = "would be written" if move.key in ready.new else "is there already, with this value"
            _say(f"{move.told} -> {move.reference}: {state}")
    if ready.added:
        _say(f"{manifest}: would get {', '.join(sorted(ready.added))}")
    for document, _ in ready.files:
        _say(f"{document.path}: would be replaced")


def _say(line: str) -> None:
    _print(line + "\n", sys.stdout)


def _print(text: str, stream: object) -> None:
    from secrets_guard.report.text import printable

    ending = "\n" if text.endswith("\n") else ""
    print(printable(text.removesuffix("\n")), end=ending, file=stream, flush=True)  # type: ignore[call-overload]
