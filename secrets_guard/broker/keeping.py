"""A manifest and what it came to -> the upkeep of the command that gets it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence

from secrets_guard.broker.audit import Audit
from secrets_guard.broker.holdings import Compose, Composed, Holdings
from secrets_guard.broker.manifest import Manifest
from secrets_guard.broker.protocol import Outcome, SecretRef
from secrets_guard.broker.providers import open_provider
from secrets_guard.broker.resolve import Injected, Resolved, merge
from secrets_guard.broker.tending import Means, Poll, Tending
from secrets_guard.broker.upkeep import Upkeep
from secrets_guard.errors import Unresolved
from secrets_guard.model.secret import Secret

# While the command runs there is always another try, and others wait for the thread (seconds).
_LONGEST_ASKING = 10.0

Build = Callable[[Sequence[Injected]], Mapping[str, Secret]]
"""Returns the command's environment. Raises Unresolved."""


def keep(
    manifest: Manifest,
    environment: Mapping[str, str],
    resolved: Resolved,
    build: Build,
    audit: Audit,
    warn: Callable[[str], None],
) -> Upkeep:
    """Return what works beside the command; it was resolved just now. Raises Unresolved."""
    now, chance = time.monotonic(), random.random
    told = audit.lenient(warn)
    means = Means(
        lambda name: open_provider(name, manifest.providers.get(name, {}), environment),
        told,
        warn,
        chance,
        min(manifest.deadline, _LONGEST_ASKING),
    )
    holdings = Holdings(resolved.outcomes, resolved.providers, composing(manifest, build), now, chance())
    return Upkeep(
        holdings, Tending(holdings, _polls(manifest, now), means), manifest.rotation, told, warn, time.monotonic
    )


def composing(manifest: Manifest, build: Build) -> Compose:
    """Return a function: outcomes -> what the command gets. It raises Unresolved for what can't be injected."""

    def compose(outcomes: Mapping[SecretRef, Outcome]) -> Composed:
        injected, _, failures = merge(manifest.entries, outcomes)
        if failures:
            raise Unresolved(failures)
        made = [one for one in injected if one.source.value.refs]
        values = {one.name: one.secret for one in made}
        rules = {one.name: one.source.on_change or manifest.rotation.on_change for one in made}
        hidden = frozenset(value for one in made for value in one.secret_values)
        return Composed(build(injected), values, rules, hidden=hidden)

    return compose


def _polls(manifest: Manifest, now: float) -> list[Poll]:
    found = [(entry, manifest.refresh_of(entry)) for entry in manifest.entries]
    return [Poll(entry.name, entry.value.refs, every, now + every) for entry, every in found if every]
