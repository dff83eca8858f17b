"""References -> what their providers answer: each secret asked for once, all providers at once, under one deadline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from secrets_guard.broker.audit import Event
from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.parallel import each
from secrets_guard.broker.protocol import Fetched, Outcome, Provider, SecretRef
from secrets_guard.broker.providers import open_provider
from secrets_guard.broker.refs import SCHEMES
from secrets_guard.errors import BrokerError

# Providers keep the deadline themselves; this is how long their own word on what was late is waited for.
_GRACE = 0.25

Settings = Mapping[str, Mapping[str, object]]
"""By the name of a provider, its part of the manifest."""


def open_providers(
    refs: Iterable[SecretRef], settings: Settings, environment: Mapping[str, str], given: Mapping[str, Provider]
) -> dict[str, Provider | BrokerError]:
    """Return the providers that the references need, by name; one that can't be opened is the error that says why.

    Those ``given`` are used instead of one of the same name. Raises ManifestError for bad settings.
    """
    opened: dict[str, Provider | BrokerError] = {}
    for name in grouped(refs):
        try:
            opened[name] = given[name] if name in given else open_provider(name, settings.get(name, {}), environment)
        except BrokerError as error:
            opened[name] = error
    return opened


def fetch(
    refs: Iterable[SecretRef], providers: Mapping[str, Provider | BrokerError], deadline: Deadline
) -> dict[SecretRef, Outcome]:
    """Return an outcome for each distinct reference; each is told to the deadline's audit as well."""
    groups = grouped(refs)
    outcomes: dict[SecretRef, Outcome] = {}
    asked: dict[str, Provider] = {}
    for name, group in groups.items():
        provider = providers[name]
        if isinstance(provider, BrokerError):
            outcomes |= dict.fromkeys(group, provider)
        else:
            asked[name] = provider
    answers = each(list(asked), lambda name: asked[name].fetch(groups[name], deadline), deadline, _GRACE)
    for name, answer in answers.items():
        outcomes |= dict.fromkeys(groups[name], answer) if isinstance(answer, BrokerError) else answer
    for ref, outcome in outcomes.items():
        deadline.audit.tell(_event(ref, outcome, deadline))
    return outcomes


def grouped(refs: Iterable[SecretRef]) -> dict[str, list[SecretRef]]:
    """Return the distinct references of each provider, by its name."""
    groups: dict[str, dict[SecretRef, None]] = {}
    for ref in refs:
        groups.setdefault(SCHEMES[ref.scheme], {})[ref] = None
    return {name: list(distinct) for name, distinct in groups.items()}


def _event(ref: SecretRef, outcome: Outcome, deadline: Deadline) -> Event:
    name = SCHEMES[ref.scheme]
    event = Event("fetch", name, str(ref), took=deadline.spent(name, ref.path.strip("/")))
    if isinstance(outcome, Fetched):
        return event._replace(version=outcome.version, lease=outcome.lease)
    return event._replace(error=outcome)
