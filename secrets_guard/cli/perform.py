"""Options -> a sweep -> a report -> an exit code: what all scan commands share."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard.cli import exits
from secrets_guard.cli.output import write
from secrets_guard.config import Settings, find_config, load_settings
from secrets_guard.errors import BaselineError, ConfigError
from secrets_guard.model.protocols import Source
from secrets_guard.model.result import ScanResult
from secrets_guard.suppression.allow import AllowJudge, judge_allow
from secrets_guard.suppression.entry import Suppression

if TYPE_CHECKING:
    from secrets_guard.verify.checker import Checker

MakeSource = Callable[[Settings, AllowJudge], Source]
_GAPS = ("archive", "too_large")
"""Kinds of skipped content that nobody asked to skip."""
_UNUSED = "unused "


class Prepared(NamedTuple):
    """What a sweep is to be done with."""

    settings: Settings
    suppressions: tuple[Suppression, ...]
    notes: tuple[str, ...]


def prepare(targets: Sequence[str], options: Mapping[str, object], config: str | None) -> Prepared:
    """Find and read config, rules to import, baseline and ignore files. Raises ConfigError listing every problem."""
    notes: tuple[str, ...] = ()
    path = config or os.environ.get("SECRETS_GUARD_CONFIG") or None
    if path is None:
        path, notes = find_config(_cwd(), targets, False)
        settings = load_settings(path, options, os.environ)
        # Whether a foreign config is to be trusted can be said anywhere but in that config.
        if settings.trust_repo_config:
            path, notes = find_config(_cwd(), targets, True)
            settings = load_settings(path, options, os.environ)
    elif path.endswith(".toml"):  # a gitleaks config: rules and allowlists, no settings
        settings = load_settings(None, {**options, "rules": [*_listed(options.get("rules")), path]}, os.environ)
    else:
        settings = load_settings(path, options, os.environ)
    settings, imported = _with_imports(settings)
    suppressions, key, read = _suppressions(settings)
    if key and not settings.fingerprint_key:
        settings = settings._replace(fingerprint_key=key)
    return Prepared(settings, suppressions, (*notes, *imported, *read))


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise ConfigError(f"the current folder can't be used: {error.strerror}; change into another") from None


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def perform(prepared: Prepared, make_source: MakeSource, *, partial: bool = False) -> int:
    """Sweep, report, and return the exit code.

    ``partial``: the source is a part of what the suppressions are about, so that none of them can be told to be unused.
    """
    from secrets_guard import api
    from secrets_guard.cli.progress import Progress

    settings = prepared.settings
    allow = judge_allow(settings.allow, api.today())
    source = make_source(settings, allow)
    progress = Progress.for_stream(sys.stderr, source, off=settings.no_progress or settings.quiet)
    checker = checker_of(settings)
    with progress:
        result = api.scan(
            source,
            settings=settings,
            suppressions=prepared.suppressions,
            allow=allow,
            progress=progress.callback,
            keep=checker.kept.keep if checker else None,
        )
    if checker:
        if result.findings and not (settings.quiet or settings.no_progress):
            print("secrets-guard: asking who issued what was found", file=sys.stderr)
        result = checker.check(result)
    return finish(prepared, result, getattr(source, "notes", ()), partial=partial)


def finish(prepared: Prepared, result: ScanResult, notes: Sequence[str] = (), *, partial: bool = False) -> int:
    """Write the report and return the exit code; ``notes`` are the source's."""
    told = [note for note in result.notes if not (partial and note.startswith(_UNUSED))]
    result = result._replace(notes=(*prepared.notes, *notes, *told))
    write(result, prepared.settings)
    return exit_code(result, prepared.settings)


def checker_of(settings: Settings) -> "Checker | None":
    """Return who asks issuers, where that is wanted. Raises ConfigError for its options without ``--verify``."""
    if settings.verify:
        from secrets_guard.verify.checker import Checker

        return Checker(settings)
    if settings.verify_endpoint or settings.verify_allow_private or settings.only_live:
        raise ConfigError("--verify-endpoint, --verify-allow-private and --only-live mean nothing without --verify")
    return None


def exit_code(result: ScanResult, settings: Settings) -> int:
    """Return the exit code: interrupted, then findings, then what ``--strict`` and ``--fail-on-unused`` object to."""
    if any(problem.kind == "interrupted" for problem in result.problems):
        return exits.INTERRUPTED
    if result.scan.kind == "stdin" and result.problems and not result.stats.blobs:
        return exits.USAGE_OR_INCOMPLETE  # the one target can't be read at all
    if result.findings and settings.exit_code:
        return settings.exit_code
    gaps = [kind for kind in _GAPS if result.stats.skipped.get(kind) and not (kind == "archive" and _closed(settings))]
    if settings.strict and (result.problems or gaps):
        print("secrets-guard: incomplete: not everything could be swept (--strict)", file=sys.stderr)
        return exits.USAGE_OR_INCOMPLETE
    if settings.fail_on_unused and any(note.startswith((_UNUSED, "expired ")) for note in result.notes):
        print("secrets-guard: some suppressions are no longer needed (--fail-on-unused)", file=sys.stderr)
        return exits.USAGE_OR_INCOMPLETE
    return exits.CLEAN


def _closed(settings: Settings) -> bool:
    """Tell whether archives are left closed because somebody said so."""
    return settings.no_archives or not settings.max_depth


def _with_imports(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Read the allowlists of gitleaks configs among ``settings.rules``; their rules are read with all other rules."""
    configs = [path for path in settings.rules if path.endswith(".toml")]
    if not configs:
        return settings, ()
    from secrets_guard.cache import user_cache
    from secrets_guard.rules.active import load_rules
    from secrets_guard.rules.import_gitleaks import read_gitleaks

    others = tuple(path for path in settings.rules if path not in configs)
    taken = [rule.id for rule in load_rules(others, cache=user_cache()).rules]
    notes: list[str] = []
    for path in configs:
        imported = read_gitleaks(path, taken)
        taken += [rule.id for rule in imported.rules]
        settings = settings._replace(allow=(*settings.allow, *imported.allow))
        notes += [f"{path}: {note}" for note in imported.notes]
    return settings, tuple(notes)


def _suppressions(settings: Settings) -> tuple[tuple[Suppression, ...], str, tuple[str, ...]]:
    """Return the known secrets, the fingerprint key of our own baseline, and notes on files read unasked."""
    from secrets_guard.suppression.own import own_files

    paths = [settings.baseline] if settings.baseline else []
    notes = []
    for path in own_files(_cwd()):
        if not settings.baseline or os.path.realpath(path) != os.path.realpath(settings.baseline):
            paths.append(path)
            notes.append(f"{os.path.relpath(path)}: its entries are obeyed")
    if not paths:
        return (), "", ()
    from secrets_guard.suppression.read import read_known

    files = [read_known(path) for path in paths]
    keys = {known.key for known in files if known.key}
    if len(keys) > 1:
        raise BaselineError(f"{' and '.join(paths)} have different keys; use one baseline, or merge them into one")
    return tuple(entry for known in files for entry in known.entries), "".join(keys), tuple(notes)
