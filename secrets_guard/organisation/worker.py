"""What runs in a worker of a Dask cluster: the name of an order and a repository -> its report as JSON."""

from __future__ import annotations

import io
import threading
from typing import Any

from distributed import WorkerPlugin, get_worker

from secrets_guard.organisation.order import Order
from secrets_guard.organisation.station import Station
from secrets_guard.report import json
from secrets_guard.sources.git.mirrors import Target
from secrets_guard.workers import available_cores


class Worker(WorkerPlugin):  # type: ignore[misc]  # distributed has no types
    """Keeps an order in every worker, those that come later too, and its rules from the first task on."""

    def __init__(self, order: Order, name: str) -> None:
        self.name = name
        self._order = order

    def setup(self, worker: Any) -> None:
        """Get ready in a worker."""
        self._station: Station | None = None
        self._lock = threading.Lock()
        # A worker's threads each have a task, and share its cores.
        self._jobs = max(1, available_cores() // max(1, worker.state.nthreads))

    def sweep(self, target: Target) -> str:
        """Return the report of one repository. Raises ConfigError where this is not what gave the order."""
        with self._lock:
            if self._station is None:
                self._station = Station(self._order)
        stream = io.StringIO()
        json.write(self._station.sweep(target, self._jobs, lambda _: None), stream)
        return stream.getvalue()


def sweep_there(name: str, target: Target) -> str:
    """Sweep a repository by the order that was given under a name; it is what a task calls."""
    report: str = get_worker().plugins[name].sweep(target)
    return report
