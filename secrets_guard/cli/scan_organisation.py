"""``scan git`` of several repositories: what to sweep, where, and one report of all."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from secrets_guard.cli import perform
from secrets_guard.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from secrets_guard.cli.scan_git import Choice
    from secrets_guard.model.result import ScanResult
    from secrets_guard.organisation.order import Order
    from secrets_guard.sources.git.mirrors import Found, Target

_SHOWN = 5
_DASK = "dask://"


def sweep_many(
    repos: tuple[str, ...], repos_from: str, mirrors: str, engine: str, choice: Choice,
    options: Mapping[str, object], config: str | None,
) -> int:  # fmt: skip
    """Sweep all of them, report, and return the exit code. Raises ConfigError or SourceError for nothing to sweep."""
    from secrets_guard.model.result import Problem, ScanInfo
    from secrets_guard.organisation.merged import merge
    from secrets_guard.sources.git.mirrors import each_once

    choice.check_many()
    if engine and not engine.startswith(_DASK):
        raise ConfigError(f"--engine {engine!r}: not known; write dask://HOST:PORT")
    prepared = perform.prepare((), options, config)
    if perform.checker_of(prepared.settings) is not None:
        raise ConfigError("--verify asks about one repository at a time; name one")
    found = _found(repos, repos_from, mirrors)
    targets = each_once(found.targets)
    order = _order(prepared, choice)
    began, clock = time.time(), time.monotonic()
    results, stopped = _swept(targets, order, engine)
    problems = list(found.problems)
    left = sorted({target.name for target in targets} - {result.scan.target for result in results})
    what = mirrors or repos_from or f"{len(targets)} repositories"
    if left:
        names = ", ".join(left[:_SHOWN]) + (f" and {len(left) - _SHOWN:,} more" if len(left) > _SHOWN else "")
        why = "stopped by the user" if stopped else "no answer"
        told = f"{why}; {len(left):,} of {len(targets):,} repositories were not swept: {names}"
        problems.append(Problem("interrupted", what, told))
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began))
    scan = ScanInfo("git", what, started, round(time.monotonic() - clock, 3), complete=True)
    return perform.finish(prepared, merge(results, order.tool, scan, problems), partial=choice.partial)


def _found(repos: tuple[str, ...], repos_from: str, mirrors: str) -> Found:
    """Return all that was asked for. Raises SourceError when that is nothing: it would look like a clean report."""
    from secrets_guard.sources.git.mirrors import Found, find_mirrors, named, read_list

    found = find_mirrors(mirrors) if mirrors else Found([], [])
    targets = [named(repo) for repo in repos] + found.targets
    if repos_from:
        with ExitStack() as stack:
            try:
                stream = (
                    sys.stdin
                    if repos_from == "-"
                    else stack.enter_context(open(repos_from, encoding="utf-8", errors="surrogateescape"))
                )
                targets += read_list(stream, repos_from)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "not a text"
                raise SourceError(f"--repos-from {repos_from!r}: can't be read: {reason}") from None
    if not targets:
        where = " and ".join(one for one in (repos_from, mirrors) if one) or "the command line"
        raise SourceError(f"no repository in {where}: nothing to sweep")
    return found._replace(targets=targets)


def _order(prepared: perform.Prepared, choice: Choice) -> Order:
    from secrets_guard import api
    from secrets_guard.cache import user_cache
    from secrets_guard.organisation.order import Order

    rules = api.load_rules(prepared.settings.rules, cache=user_cache())
    return Order(
        # What is said of the report is said here; a station only sweeps.
        prepared.settings,
        api.tool_info(rules, prepared.settings),
        prepared.suppressions,
        choice.branch,
        choice.since,
        choice.unreachable,
        bool(choice.require),
        choice.cache,
    )


def _swept(targets: list[Target], order: Order, engine: str) -> tuple[list[ScanResult], bool]:
    """Return the reports of the repositories that were swept, and whether ^C ended it."""
    from secrets_guard.cli.progress import Progress
    from secrets_guard.workers import available_cores

    settings = order.settings
    with Progress.for_stream(sys.stderr, order, off=settings.no_progress or settings.quiet) as progress:
        if engine:
            from secrets_guard.organisation.cluster import sweep_on_cluster

            return sweep_on_cluster(engine.removeprefix(_DASK), order, targets, progress.callback)
        from secrets_guard.organisation.local import sweep_here
        from secrets_guard.organisation.station import Station

        return sweep_here(Station(order), targets, settings.jobs or available_cores(), progress.callback)
