"""Variables whose values changed -> when, and by what, the running command is told. Pure: the clock is passed in."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import NamedTuple

from secrets_guard.errors import ManifestError

# With changes that never rest, something has to happen after this many times the pause.
_PATIENCE = 4


class Rule(NamedTuple):
    """What a change does: ``restart``, send ``signal`` (0: none), or neither."""

    restart: bool = True
    signal: int = 0


class Times(NamedTuple):
    """In seconds: how long changes must rest, and how long a new child must live to be taken for good."""

    debounce: float = 5.0
    settle: float = 10.0


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
