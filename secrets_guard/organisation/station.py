"""An order -> the sweep of one repository after the other, with rules and database loaded once for all of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from secrets_guard import api
from secrets_guard.cache import user_cache
from secrets_guard.digest import blake2b
from secrets_guard.errors import ConfigError, EngineError, SourceError, broke_at
from secrets_guard.model.result import Problem, ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.organisation.merged import under
from secrets_guard.organisation.order import Order
from secrets_guard.sources.archive.limits import limits_of
from secrets_guard.sources.git.clean import CleanContents
from secrets_guard.sources.git.history import GitHistorySource
from secrets_guard.sources.git.mirrors import Target, git_folder
from secrets_guard.sources.git.remote import cloned, is_remote
from secrets_guard.sources.git.shared import SharedContents

Tick = Callable[[Stats], None]


class Station:
    """One process that carries out an order; its methods may be called from several threads."""

    def __init__(self, order: Order) -> None:
        """Load the rules. Raises RuleError, or ConfigError where they or the version are not those of the order."""
        self._order = order
        self._rules = api.load_rules(order.settings.rules, cache=user_cache())
        self._ready = api.ready(self._rules, order.settings)
        own = api.tool_info(self._rules, order.settings)
        if own != order.tool:
            raise ConfigError(_difference(own, order.tool))

    def sweep(self, target: Target, jobs: int, tick: Tick, shared: SharedContents | None = None) -> ScanResult:
        """Sweep one repository with ``jobs`` threads; whatever keeps it from being read is a Problem in the result.

        ``tick`` gets the counters so far now and then; a KeyboardInterrupt that it raises ends the sweep as ^C does.
        Raises EngineError: then no sweep of this process can be believed.
        """
        started, clock = time.time(), time.monotonic()
        try:
            if not is_remote(target.path):
                return self._sweep(target, target.path, jobs, tick, shared)
            with cloned(target.path) as folder:
                return self._sweep(target, folder, jobs, tick, shared)
        except EngineError:
            raise
        except SourceError as error:
            # By the name that the report knows it by: paths are this process's.
            problem = Problem("unreadable", target.name, str(error).replace(target.path, target.name))
        except OSError as error:
            problem = Problem("unreadable", target.name, error.strerror or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the others' findings are not to be lost by a bug of ours
            problem = Problem("error", target.name, f"this is a bug of ours: {broke_at(error)}; please report it")
        begun = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started))
        info = ScanInfo("git", target.name, begun, round(time.monotonic() - clock, 3), complete=False)
        return ScanResult(self._order.tool, info, (), (problem,), Stats())

    def _sweep(self, target: Target, folder: str, jobs: int, tick: Tick, shared: SharedContents | None) -> ScanResult:
        order = self._order
        cache = os.path.join(order.cache, f"repository-{_digest(target.path)}") if order.cache else ""
        source = GitHistorySource(
            folder,
            branch=order.branch,
            since=order.since,
            unreachable=order.unreachable,
            require_full=order.require_full,
            max_file_size=order.settings.max_file_size,
            jobs=jobs,
            target=target.name,
            clean=CleanContents(cache) if cache else None,
            limits=limits_of(order.settings),
            shared=shared,
        )
        settings = order.settings._replace(jobs=jobs)
        swept = api.scan(
            source,
            rules=self._rules,
            settings=settings,
            suppressions=order.suppressions,
            progress=tick,
            ready=self._ready,
        )
        return under(target.name, swept._replace(notes=(*source.notes, *swept.notes)), folder)


def _digest(path: str) -> str:
    where = path if is_remote(path) else git_folder(path)
    return blake2b(os.fsencode(where), digest_size=16).hexdigest()


def _difference(own: ToolInfo, ordered: ToolInfo) -> str:
    if own.version != ordered.version:
        return f"it has secrets-guard {own.version}, the order is from {ordered.version}; install the same version"
    return "its rules are not those of the order; give it the same version and the same files of --rules"
