"""``remediate REPORT``."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from secrets_guard.cli import exits
from secrets_guard.errors import ConfigError

if TYPE_CHECKING:
    from secrets_guard.config import Settings
    from secrets_guard.model.finding import Finding
    from secrets_guard.model.result import ScanResult


def register(app: typer.Typer, name: str, help_text: str, _arguments: list[str]) -> None:
    """Add the command."""
    app.command(name, help=help_text)(remediate)


Report = Annotated[str, typer.Argument(metavar="REPORT", help="A report of --format json.")]
Repo = Annotated[
    str, typer.Option("--repo", metavar="PATH", help="Look in this repository's history where it stands now.")
]
Replacements = Annotated[
    str,
    typer.Option(
        "--write-replacements", metavar="FILE",
        help="Write the input for git filter-repo: it holds the secrets themselves. Needs --repo.",
    ),
]  # fmt: skip
ManifestFile = Annotated[
    str, typer.Option("--manifest", "-m", metavar="FILE", help="Say how to rotate what this manifest refers to.")
]
Config = Annotated[str | None, typer.Option("--config", "-c", metavar="FILE", help="Use this config file.")]


def remediate(
    report: Report,
    repo: Repo = "",
    write_replacements: Replacements = "",
    manifest: ManifestFile = "",
    config: Config = None,
) -> None:
    """Say for each secret where to revoke it and where it still stands, and how to take it out of a history."""
    from secrets_guard.cache import user_cache
    from secrets_guard.cli.perform import prepare
    from secrets_guard.remediate.history import of_report, sweep
    from secrets_guard.remediate.steps import steps, told
    from secrets_guard.rules.active import load_rules

    if write_replacements and not repo:
        raise ConfigError("--write-replacements: needs --repo: a report holds no values, the history does")
    read = _read(report)
    settings = prepare((repo,) if repo else (), {}, config).settings
    # One sweep gives both: values stay in memory unless they are asked for.
    swept = sweep(repo, settings, show_secrets=False) if repo else None
    findings = read.findings if swept is None else of_report(swept, read)
    for step in steps(findings, load_rules(settings.rules, cache=user_cache())):
        for line in told(step):
            _say(line)
        _say("")
    if swept is not None:
        gone = len({(one.rule_id, one.fingerprint) for one in read.findings} - _names(findings))
        _say(f"{len(_names(findings))} secrets of the report are in the history of {repo}, {gone} are not")
    if write_replacements:
        _write(repo, write_replacements, settings, read)
    if manifest:
        _rotate(manifest)
    raise typer.Exit(exits.FINDINGS if findings else exits.CLEAN)


def _names(findings: Sequence[Finding]) -> set[tuple[str, str]]:
    return {(one.rule_id, one.fingerprint) for one in findings}


def _read(path: str) -> ScanResult:
    from secrets_guard.report.read import read

    try:
        with open(path, encoding="utf-8") as stream:
            return read(stream)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None


def _write(repo: str, path: str, settings: Settings, report: ScanResult) -> None:
    from secrets_guard.remediate.history import of_report, sweep
    from secrets_guard.remediate.replacements import SHORT, replacements, write_private

    made = replacements(repo, of_report(sweep(repo, settings, show_secrets=True), report))
    words = ["git", "filter-repo"]
    if made.lines:
        write_private(path, b"\n".join((*made.lines, b"")))
        print(
            f"secrets-guard: {path} holds {len(made.lines)} secrets in plain text, for your eyes only (0600): "
            "delete it when you are done",
            file=sys.stderr,
        )
        words += ["--replace-text", os.path.abspath(path), "--replace-message", os.path.abspath(path)]
    if made.short:
        print(
            f"secrets-guard: {made.short} of them are shorter than {SHORT} bytes: look where else they stand",
            file=sys.stderr,
        )
    if made.blobs:
        write_private(f"{path}.blobs", "".join(f"{blob}\n" for blob in made.blobs).encode())
        words += ["--strip-blobs-with-ids", os.path.abspath(f"{path}.blobs")]
        _say(f"{len(made.blobs)} archives and binary files can't be edited: they are taken out of the history whole")
    if made.lines or made.blobs:
        _say("in a fresh clone (git clone --mirror), after revoking:")
        _say(f"    {shlex.join(words)}")
        _say("then sweep it (secrets-guard scan git .) before you push it by force")


def _rotate(path: str) -> None:
    from secrets_guard.broker.launch import inherited
    from secrets_guard.broker.manifest import read_manifest
    from secrets_guard.remediate.rotation import rotations

    manifest = read_manifest(path, inherited())
    for line in rotations(ref for entry in manifest.everything for ref in entry.value.refs):
        _say(f"rotate {line}")


def _say(line: str) -> None:
    from secrets_guard.report.text import printable

    print(printable(line))
