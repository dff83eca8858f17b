"""The matching engine and the readers of git -> which serve, and whether they do what they should."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from secrets_guard.cache import Cache
from secrets_guard.doctor.check import ATTENTION, NOTE, OK, Check
from secrets_guard.errors import SecretsGuardError, SourceError


def engine_checks(cache: Cache, in_use: set[str]) -> Iterator[Check]:
    """Yield whether the rules load, and whether the engine finds the control with them; fills ``in_use`` (entries)."""
    from secrets_guard.rules.active import builtin_name, load_rules

    try:
        import hyperscan

        from secrets_guard import api, canary
        from secrets_guard.config import Settings
        from secrets_guard.detect.matcher import Matcher
    except ImportError as error:
        yield Check("engine", ATTENTION, f"hyperscan can't be used: {error}", "pip install --force-reinstall hyperscan")
        return
    try:
        rules = load_rules(cache=cache)
        in_use.add(builtin_name())
        yield Check("rules", OK, f"{len(rules.rules)} of {len({rule.vendor for rule in rules.rules})} vendors")
        since = time.monotonic()
        matcher = Matcher((*api.active_rules(rules, Settings()), canary.RULE), cache)
        took = time.monotonic() - since
    except SecretsGuardError as error:
        yield Check("rules", ATTENTION, str(error).split("\n", 1)[0], "reinstall secrets-guard")
        return
    in_use.add(matcher.database_name)
    hits, _ = matcher.scan(canary.blob(0).data, matcher.scratch())
    found = any(matcher.rules[index].id == canary.RULE.id for index, _end in hits)
    text = f"hyperscan {getattr(hyperscan, '__version__', '?')}, database there in {took * 1000:.0f} ms"
    if not found:
        yield Check("engine", ATTENTION, f"{text}, but the control is not found", "secrets-guard selftest")
        return
    yield Check("engine", OK, f"{text}, the control is found")


def reader_checks() -> Iterator[Check]:
    """Yield which git is there, and what reads the history of the repository in the current folder, and why."""
    from secrets_guard.sources.git.command import Git
    from secrets_guard.sources.git.native import open_store
    from secrets_guard.sources.git.repository import open_repository

    said = Git(".").run("version", time_limit=5.0)
    if said.code:
        advice = "install git: histories, hooks and staged changes are read by it"
        yield Check("git", ATTENTION, said.reason, advice)
        return
    yield Check("git", OK, os.fsdecode(said.output).strip())
    try:
        repository = open_repository(os.curdir)
    except SourceError as error:
        yield _extension(str(error))
        return
    opened = open_store(repository)
    if opened.store is not None:
        yield Check("history reader", OK, f"our extension: {len(opened.store)} objects in packs and loose")
    else:
        yield Check("history reader", NOTE, f"git: {opened.reason}; the findings are the same, it takes longer")


def _extension(why: str) -> Check:
    try:
        import secrets_guard._native  # noqa: F401 - whether it is there is the question
    except ImportError:
        return Check("history reader", NOTE, "git: the extension is not installed; it takes longer", _RUST)
    return Check("history reader", OK, f"our extension is installed; no repository here ({why})")


_RUST = "install a Rust toolchain (1.83 or later), then reinstall secrets-guard"
