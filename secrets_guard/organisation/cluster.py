"""Repositories -> their reports, swept by the workers of a Dask cluster: one task a repository (extra ``dask``).

Reports come back, as the JSON that is written to files: redacted findings and fingerprints, no value. What goes out is
the order, with the key of the fingerprints in it. A worker that is lost has its tasks done by another; a report counts
once however often its task ran.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from secrets_guard.errors import ConfigError, EngineError, SecretsGuardError
from secrets_guard.lazily import Pattern
from secrets_guard.model.result import Problem, ScanInfo, ScanResult, Stats
from secrets_guard.organisation.order import Order
from secrets_guard.sources.git.mirrors import Target
from secrets_guard.sources.git.remote import is_remote, shown_url

_AHEAD = 4
"""Tasks that wait for each thread of the cluster: enough that none idles, few enough for any scheduler."""
_CONNECT_S = 10
_ADDRESS = Pattern(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}")
_MISSING = "--engine dask needs the package distributed: pip install 'secrets-guard[dask]'"


def sweep_on_cluster(
    address: str, order: Order, targets: Sequence[Target], progress: Callable[[Stats], None] | None
) -> tuple[list[ScanResult], bool]:
    """Return the reports of all that was swept, and whether ^C ended it early.

    A repository whose task took several workers down with it is a Problem in a report of its own. Raises ConfigError
    where the scheduler can't be reached, a worker lacks the package or has another version or other rules, or what is
    asked for can't be had on a cluster; EngineError where a worker's sweeps can't be believed.
    """
    if not _ADDRESS.fullmatch(address):
        raise ConfigError(f"--engine dask://{address}: not an address; write dask://HOST:PORT")
    _refuse(order, targets)
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError(_MISSING) from None
    try:
        client = Client(f"tcp://{address}", timeout=_CONNECT_S, set_as_default=False)
    except OSError:
        raise ConfigError(
            f"--engine dask://{address}: no Dask scheduler answers within {_CONNECT_S} s; check host and port"
        ) from None
    results: list[ScanResult] = []
    with client:
        try:
            _check_workers(client, address, order)
            for result in _Tasks(client, order).run(_apart(targets)):
                results.append(result)
                if progress:
                    progress(_total(results))
        except KeyboardInterrupt:
            return results, True
    return results, False


def _refuse(order: Order, targets: Iterable[Target]) -> None:
    """Raise ConfigError for what would let secrets travel, or means nothing in another process."""
    if order.settings.show_secrets:
        raise ConfigError("--show-secrets: values never travel over a cluster; sweep that repository here")
    if any(entry.tag and not entry.fingerprint for entry in order.suppressions):
        raise ConfigError(
            "a .secrets.baseline names its secrets by what only this process can compare; with --engine use our own: "
            "secrets-guard baseline create"
        )
    for target in targets:
        if is_remote(target.path) and shown_url(target.path) != target.path:
            raise ConfigError(f"{target.name}: a user or password in a URL would travel; use a credential helper")


def _apart(targets: Sequence[Target]) -> Iterator[Target]:
    """Yield the targets with full paths, the largest first, so that none is begun when all others are done."""
    from secrets_guard.sources.git.mirrors import size_of

    for target in sorted(targets, key=lambda target: -size_of(target.path)):
        yield target if is_remote(target.path) else target._replace(path=os.path.abspath(target.path))


def _check_workers(client: Any, address: str, order: Order) -> None:
    """Raise ConfigError where a worker can't carry out the order."""
    from secrets_guard.version import __version__

    try:
        versions: dict[str, str] = client.run(_version)
    except Exception as error:  # noqa: BLE001 - whatever a worker raises that lacks the package, or was just lost
        raise ConfigError(
            f"--engine dask://{address}: a worker can't run secrets-guard ({type(error).__name__}); "
            f"install secrets-guard[dask] {__version__} on all of them"
        ) from None
    if not versions:
        raise ConfigError(f"--engine dask://{address}: there are no workers; start some: dask worker tcp://{address}")
    for worker, version in versions.items():
        if version != order.tool.version:
            raise ConfigError(
                f"--engine dask://{address}: worker {worker} has secrets-guard {version}, "
                f"this is {order.tool.version}; install the same version"
            )


def _version() -> str:
    from secrets_guard.version import __version__

    return __version__


class _Tasks:
    """The tasks of one run; at most some for each thread of the cluster are out at a time."""

    def __init__(self, client: Any, order: Order) -> None:
        import uuid

        from secrets_guard.organisation.worker import Worker

        self._client, self._order = client, order
        self._name = f"secrets-guard-{uuid.uuid4().hex}"
        self._plugin = Worker(order, self._name)
        self._targets: dict[str, Target] = {}
        self._out: dict[str, Any] = {}
        self._given = 0

    def run(self, targets: Iterator[Target]) -> Iterator[ScanResult]:
        """Yield the report of each target as it comes. Raises ConfigError or EngineError."""
        from distributed import as_completed

        self._client.register_plugin(self._plugin)
        try:
            waiting = as_completed(self._submit(islice(targets, self._room())), loop=self._client.loop)
            for future in waiting:
                yield self._result(future)
                future.release()
                waiting.update(self._submit(islice(targets, max(1, self._room() - waiting.count()))))
        finally:
            with suppress(Exception):  # the cluster may be gone: then there is nothing to clear away
                self._client.cancel(list(self._out.values()))
                self._client.unregister_worker_plugin(self._name)

    def _room(self) -> int:
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values())) * _AHEAD

    def _submit(self, targets: Iterable[Target]) -> list[Any]:
        from secrets_guard.organisation.worker import sweep_there

        made = []
        for target in targets:
            key = f"{self._name}-{self._given}"
            self._given += 1
            self._targets[key] = target
            self._out[key] = self._client.submit(sweep_there, self._name, target, key=key, pure=False)
            made.append(self._out[key])
        return made

    def _result(self, future: Any) -> ScanResult:
        from secrets_guard.report.read import read

        target = self._targets.pop(future.key)
        self._out.pop(future.key)
        if future.status == "finished":
            return read(io.StringIO(future.result()))
        error = future.exception()
        if isinstance(error, SecretsGuardError):
            kind = EngineError if isinstance(error, EngineError) else ConfigError
            raise kind(f"a worker of the cluster: {error}") from None
        # KilledWorker: the scheduler has given up after several workers died of it.
        problem = Problem("error", target.name, f"its task failed on the cluster: {type(error).__name__}")
        info = ScanInfo("git", target.name, "", 0.0, complete=False)
        return ScanResult(self._order.tool, info, (), (problem,), Stats())


def _total(results: Iterable[ScanResult]) -> Stats:
    total = Stats()
    for result in results:
        total.add(result.stats)
    return total
