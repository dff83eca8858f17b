"""What the broker did -> a line of JSON each, under the names of Elastic's Common Schema; never a value."""

from __future__ import annotations

import json
import os
import pwd
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from secrets_guard.broker.lease import Lease
from secrets_guard.errors import AuditFailed, SecretsGuardError, Unresolved

ACTIONS = ("open", "login", "fetch", "fallback", "inject", "print", "renew", "rotate", "roll-back", "revoke", "end")
"""Everything that is told; docs/broker.md says what each means."""

# https://www.elastic.co/docs/reference/ecs/ecs-field-reference
_ECS = "8.17.0"
_LONGEST_MESSAGE = 1000


class Event(NamedTuple):
    """One thing that was done or went wrong. ``took`` in seconds; an ``error``'s message holds no value by its kind."""

    action: str
    provider: str = ""
    reference: str = ""
    version: str = ""
    variable: str = ""
    file: str = ""
    detail: str = ""
    lease: Lease | None = None
    took: float | None = None
    error: BaseException | None = None


class Audit:
    """Tells events to whoever asked for them, from any thread; to nobody without ``write``."""

    def __init__(self, write: Callable[[str, bool], None] | None = None, command: str = "") -> None:
        """``write`` takes a line and whether it tells of a failure, and raises AuditFailed where it can't be kept."""
        self._write = write
        self._common: Mapping[str, object] = _common(command) if write else {}

    def tell(self, event: Event) -> None:
        """Write one event. Raises AuditFailed: then what was to be told of must not go on."""
        if self._write:
            fields = {**_when(time.time()), **self._common, **_fields(event)}
            self._write(json.dumps(fields, ensure_ascii=True), event.error is not None)

    @contextmanager
    def failing(self, action: str) -> Iterator[None]:
        """Tell what ends what is inside, and nothing where nothing does."""
        try:
            yield
        except Exception as error:
            self.tell(Event(action, error=error))
            raise

    @contextmanager
    def timed(self, event: Event) -> Iterator[Callable[[Event], None]]:
        """Tell how what is inside went and how long it took; what it is given tells another event instead."""
        since = time.monotonic()
        told = [event]
        try:
            yield told.append
        except BaseException as error:
            self.tell(told[-1]._replace(took=time.monotonic() - since, error=error))
            raise
        self.tell(told[-1]._replace(took=time.monotonic() - since))

    def lenient(self, warn: Callable[[str], None]) -> Audit:
        """Return the same audit for while a command runs: what can't be written is a warning, and it goes on."""
        write, other = self._write, Audit()
        if write is None:
            return other

        def attempt(line: str, failed: bool) -> None:
            try:
                write(line, failed)
            except AuditFailed as error:
                warn(str(error))

        other._write, other._common = attempt, self._common
        return other


def _when(now: float) -> Mapping[str, object]:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return {"@timestamp": f"{whole}.{int(now % 1 * 1000):03d}Z"}


def _common(command: str) -> Mapping[str, object]:
    """Return what all lines of a run have in common: who, where, and a random number that joins them."""
    number = os.geteuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    return {
        "ecs.version": _ECS,
        "event.kind": "event",
        "event.dataset": "secrets_guard.audit",
        "user.name": name,
        "user.id": str(number),
        "host.name": os.uname().nodename,
        "process.pid": os.getpid(),
        "trace.id": os.urandom(16).hex(),
        **({"secrets_guard.command": command} if command else {}),
    }


def _fields(event: Event) -> Mapping[str, object]:
    made: dict[str, object] = {
        "event.action": event.action,
        "event.outcome": "success" if event.error is None else "failure",
        "event.duration": None if event.took is None else int(event.took * 1e9),
        "event.provider": event.provider,
        "secrets_guard.reference": event.reference,
        "secrets_guard.version": event.version,
        "secrets_guard.variable": event.variable,
        "file.name": event.file,
        "message": event.detail,
    }
    if event.lease is not None:
        made["secrets_guard.lease.id"] = event.lease.id
        made["secrets_guard.lease.seconds"] = round(event.lease.seconds, 3)
        made["secrets_guard.lease.renewable"] = event.lease.renewable
    if event.error is not None:
        made["error.type"] = type(event.error).__name__
        made["error.message"] = _message(event.error)
    return {name: value for name, value in made.items() if value not in ("", None)}


def _message(error: BaseException) -> str:
    """Return our own errors' words; those of others may hold anything."""
    lines = error.failures if isinstance(error, Unresolved) else str(error).split("\n")
    return "; ".join(lines)[:_LONGEST_MESSAGE] if isinstance(error, SecretsGuardError) else ""
