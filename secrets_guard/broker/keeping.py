"""A manifest and what it came to -> the upkeep of the command that gets it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from secrets_guard.broker.audit import Audit
from secrets_guard.broker.holdings import FILE, Compose, Composed, Holdings
from secrets_guard.broker.lease import clock
from secrets_guard.broker.manifest import Manifest
from secrets_guard.broker.protocol import Outcome, SecretRef
from secrets_guard.broker.providers import open_provider
from secrets_guard.broker.resolve import Resolved, made_of
from secrets_guard.broker.tending import Means, Poll, Tending
from secrets_guard.broker.upkeep import Upkeep
from secrets_guard.model.secret import Secret

# While the command runs there is always another try, and others wait for the thread (seconds).
_LONGEST_ASKING = 10.0

Build = Callable[[Resolved], Mapping[str, Secret]]
"""Returns the command's environment. Raises Unresolved."""


def keep(
    manifest: Manifest,
    environment: Mapping[str, str],
    resolved: Resolved,
    build: Build,
    audit: Audit,
    warn: Callable[[str], None],
) -> Upkeep:
    """Return what works beside the command: ``build`` makes its environment, ``warn`` tells the user.

    Raises Unresolved.
    """
    now, chance = resolved.began, random.random
    told = audit.lenient(warn)
    means = Means(
        lambda name: open_provider(name, manifest.providers.get(name, {}), environment),
        told,
        warn,
        chance,
        min(manifest.deadline, _LONGEST_ASKING),
    )
    holdings = Holdings(
        resolved.outcomes, resolved.providers, composing(manifest, resolved.credentials, build), now, chance()
    )
    tending = Tending(holdings, _polls(manifest, now), means)
    return Upkeep(holdings, tending, manifest.rotation, told, warn, clock)


def composing(manifest: Manifest, credentials: frozenset[str], build: Build) -> Compose:
    """Return a function: outcomes -> what the command gets. It raises Unresolved for what can't be injected."""

    def compose(outcomes: Mapping[SecretRef, Outcome]) -> Composed:
        resolved = made_of(manifest, outcomes)._replace(credentials=credentials)
        named = [*((one.name, one) for one in resolved.injected), *((FILE + one.name, one) for one in resolved.files)]
        made = [(name, one) for name, one in named if one.source.value.refs]
        return Composed(
            build(resolved),
            {name: one.secret for name, one in made},
            {name: one.source.on_change or manifest.rotation.on_change for name, one in made},
            {one.name: one.secret for one in resolved.files},
            frozenset(value for _, one in made for value in one.secret_values),
        )

    return compose


def _polls(manifest: Manifest, now: float) -> list[Poll]:
    found = [(entry, manifest.refresh_of(entry)) for entry in manifest.everything]
    return [Poll(entry.name, entry.value.refs, every, now + every) for entry, every in found if every]
