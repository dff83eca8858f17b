"""The current folder and terminal -> hooks, config and lists of known secrets in force, and how output will look."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping

from secrets_guard.config import Settings, find_config, load_settings
from secrets_guard.doctor.check import ATTENTION, NOTE, OK, Check
from secrets_guard.errors import SecretsGuardError, SourceError


def hook_checks() -> Iterator[Check]:
    """Yield our hooks that git calls in this repository, and whether they can still run."""
    from secrets_guard.hook_install import standing

    try:
        paths = standing()
    except SourceError:
        yield Check("hooks", NOTE, "no git repository here")
        return
    if not paths:
        yield Check("hooks", NOTE, "none of ours in this repository", "secrets-guard hook install")
    for path in paths:
        program = _program_of(path)
        if not os.access(path, os.X_OK):
            yield Check("hooks", ATTENTION, f"{path}: not executable, so git passes it by", f"chmod +x {path}")
        elif not (os.access(program, os.X_OK) or shutil.which("secrets-guard-hook")):
            text = f"{path}: {program or 'its program'} is gone, so every commit stops"
            yield Check("hooks", ATTENTION, text, "secrets-guard hook install")
        else:
            yield Check("hooks", OK, path)


def _program_of(path: str) -> str:
    """Return the program that a shim of ours starts, as ``hook_install`` writes it."""
    with open(path, encoding="utf-8", errors="replace") as stream:
        line = next((line for line in stream.read(65_536).split("\n") if line.startswith("if [ -x ")), "")
    try:
        words = shlex.split(line)
    except ValueError:
        return ""
    return words[3] if len(words) > 3 else ""


def config_checks(environ: Mapping[str, str]) -> Iterator[Check]:
    """Yield the config and the known secrets that a scan of this folder obeys, and whether they can be read."""
    path = environ.get("SECRETS_GUARD_CONFIG") or None
    notes: tuple[str, ...] = ()
    if path is None:
        path, notes = find_config(os.curdir, (), False)
    yield from (Check("config", ATTENTION, note) for note in notes)
    settings, toml = Settings(), path is not None and path.endswith(".toml")
    try:
        settings = load_settings(None if toml else path, {}, environ)
        _read_rules((*settings.rules, *([path] if path and toml else [])))
    except SecretsGuardError as error:
        yield from (Check("config", ATTENTION, line, "correct it") for line in str(error).split("\n"))
    else:
        changed = sum(one != default for one, default in zip(settings, Settings(), strict=True))
        yield Check("config", OK, f"{path}, {changed} options set" if path else "none; the defaults hold")
    yield from _known_checks(settings)


def _read_rules(paths: tuple[str, ...]) -> None:
    if paths:
        from secrets_guard.cache import user_cache
        from secrets_guard.rules.active import load_rules

        load_rules(paths, cache=user_cache())


def _known_checks(settings: Settings) -> Iterator[Check]:
    from secrets_guard.suppression.own import own_files
    from secrets_guard.suppression.read import read_known

    paths = list(dict.fromkeys([*([settings.baseline] if settings.baseline else []), *own_files(os.getcwd())]))
    if not paths:
        yield Check("baseline", OK, "none")
    for path in paths:
        try:
            known = read_known(path)
        except SecretsGuardError as error:
            yield from (Check("baseline", ATTENTION, line, "correct it") for line in str(error).split("\n"))
        else:
            yield Check("baseline", OK, f"{path}, {len(known.entries)} entries")


def terminal_checks(environ: Mapping[str, str]) -> Iterator[Check]:
    """Yield how output will look."""
    encoding = (sys.stdout.encoding or "").casefold()
    width = shutil.get_terminal_size().columns
    where = f"a terminal, {width} columns wide" if sys.stdout.isatty() else "no terminal"
    told = [name for name in ("NO_COLOR", "FORCE_COLOR", "CI") if environ.get(name)]
    text = f"{where}, encoding {encoding or 'unknown'}" + (f", {', '.join(told)} set" if told else "")
    if encoding.replace("-", "") not in ("utf8", "utf16", "utf32"):
        yield Check("terminal", NOTE, f"{text}: what it can't show is escaped", "export LC_ALL=C.UTF-8")
    else:
        yield Check("terminal", OK, text)
