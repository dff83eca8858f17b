"""Variables whose values changed -> when, and by what, the running command is told. Pure: the clock is passed in."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, NamedTuple

from secrets_guard.broker.duration import HOUR, read_seconds
from secrets_guard.errors import ManifestError
from secrets_guard.located_yaml import nearest

LONGEST_REFRESH = 24 * HOUR

# With changes that never rest, something has to happen after this many times the pause.
_PATIENCE = 4


class Rule(NamedTuple):
    """What a change does: ``restart``, send ``signal`` (0: none), or neither."""

    restart: bool = True
    signal: int = 0


class Rotation(NamedTuple):
    """What is done while the command runs, times in seconds.

    ``refresh``: after how long secrets without a lease are looked at again (0: never). ``debounce``: how long changes
    must rest. ``settle``: how long a new child must live before its values are taken for good. ``renew``: credentials
    that end are reason enough to stay beside the command.
    """

    refresh: float = 0.0
    on_change: Rule = Rule()
    debounce: float = 5.0
    settle: float = 10.0
    renew: bool = True


class Pending(NamedTuple):
    """Changes that nobody was told of yet: the rules by name, since when, until when it has to be done."""

    rules: Mapping[str, Rule]
    first: float
    last: float
    by: float

    def ripe(self, debounce: float) -> float:
        """Return the time at which to act."""
        return min(self.last + debounce, self.first + _PATIENCE * debounce, max(self.by, self.last))

    @property
    def restart(self) -> bool:
        """Whether the command must be started anew; that tells it of all."""
        return any(rule.restart for rule in self.rules.values())

    @property
    def signals(self) -> tuple[int, ...]:
        """The signals to send where it is not, each once."""
        return tuple(dict.fromkeys(rule.signal for rule in self.rules.values() if rule.signal))


def noted(pending: Pending | None, changed: Mapping[str, Rule], now: float, by: float) -> Pending | None:
    """Return what is pending after a change; ``by`` is when the old values end. Rules that do nothing are left out."""
    acting = {name: rule for name, rule in changed.items() if rule.restart or rule.signal}
    if not acting:
        return pending
    if pending is None:
        return Pending(acting, now, now, by)
    return Pending({**pending.rules, **acting}, pending.first, now, min(by, pending.by))


def read_rotation(given: Any) -> Rotation:
    """Return what ``rotation:`` asks for. Raises ManifestError with all that is wrong."""
    if given is None:
        return Rotation()
    if not isinstance(given, dict):
        raise ManifestError("rotation: must be a mapping (name: value)")
    made: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in given.items():
        try:
            if name not in Rotation._fields:
                raise ManifestError(f"{name}: is no key of rotation{nearest(str(name), Rotation._fields)}")
            made[name] = _read(name, value)
        except ManifestError as error:
            problems += [f"rotation.{problem}" for problem in error.problems]
    if problems:
        raise ManifestError(*problems)
    return Rotation(**made)


def _read(name: str, value: Any) -> Any:
    if name == "on_change":
        return read_rule(value)
    if name != "renew":
        return read_seconds(value, name, LONGEST_REFRESH if name == "refresh" else HOUR, zero=True)
    if not isinstance(value, bool):
        raise ManifestError("renew: must be true or false")
    return value


def read_rule(given: object) -> Rule:
    """Return the rule that ``on_change:`` asks for. Raises ManifestError."""
    if given == "restart":
        return Rule()
    if given == "ignore":
        return Rule(False)
    name = str(given).removeprefix("signal:").removeprefix("SIG")
    found = getattr(signal, f"SIG{name}", None) if str(given).startswith("signal:") else None
    if not isinstance(found, signal.Signals) or found in (signal.SIGKILL, signal.SIGSTOP):
        raise ManifestError(f"on_change: {given!r} is none of restart, ignore, signal:NAME (signal:HUP)")
    return Rule(False, int(found))
