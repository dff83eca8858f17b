"""Values that a manager is to hold -> the manager holds them: nothing is overwritten, and all is read back."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple, Protocol

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.protocol import SecretRef
from secrets_guard.broker.providers import open_provider
from secrets_guard.broker.refs import SCHEMES
from secrets_guard.errors import AccessDenied, BrokerError, ManifestError, OtherValue
from secrets_guard.model.secret import Secret

# Each time somebody else was faster; who is that unlucky is told.
_MOST_TRIES = 5


class Held(NamedTuple):
    """What a place holds: its fields as the manager has them; ``version`` is None where there is nothing."""

    fields: Mapping[str, object]
    version: str | None


class Store(Protocol):
    """A place of a manager that can be written to."""

    def read(self, deadline: Deadline) -> Held:
        """Return what is there. Raises BrokerError; a place that is not there holds nothing."""
        ...

    def write(self, fields: Mapping[str, object], held: Held, deadline: Deadline) -> bool:
        """Put ``fields`` in place of what was ``held``; False where that is no longer what is there."""
        ...


STORES = {
    "vault": "secrets_guard.broker.providers.vault_store:VaultStore",
    "aws-sm": "secrets_guard.broker.providers.aws_store:SecretsManagerStore",
}
"""Scheme -> ``module:Class``, made from the provider that reads there and a reference to the place."""


def open_store(place: SecretRef, settings: Mapping[str, Mapping[str, object]], environment: Mapping[str, str]) -> Store:
    """Return what writes to where ``place`` is, by the settings of its provider in a manifest.

    Raises ProviderMissing, or ManifestError for settings it can't use.
    """
    if place.scheme not in STORES:
        raise ManifestError(f"{place}: nothing can be written there, only to {' and '.join(STORES)}")
    name = SCHEMES[place.scheme]
    provider = open_provider(name, settings.get(name, {}), environment)
    module, _, made = STORES[place.scheme].partition(":")
    store: Store = getattr(import_module(module), made)(provider, place)
    return store


def missing(held: Held, wanted: Mapping[str, Secret], place: SecretRef) -> dict[str, Secret]:
    """Return those of the wanted fields that are not held yet. Raises OtherValue, with a line for each that differs."""
    taken = [key for key, secret in wanted.items() if key in held.fields and not _same(held.fields[key], secret)]
    if taken:
        what = "holds another value already; nothing is overwritten: choose another place, or settle which is right"
        raise OtherValue("\n".join(f"{place._replace(key=key)}: {what}" for key in taken))
    return {key: secret for key, secret in wanted.items() if key not in held.fields}


def keep(store: Store, wanted: Mapping[str, Secret], place: SecretRef, deadline: Deadline) -> str:
    """Make sure that the place holds each of the wanted fields, beside what it holds already; return its version.

    Raises OtherValue, and nothing is written, where one of them is there with another value; AccessDenied where what
    is read back is not what was written.
    """
    for _ in range(_MOST_TRIES):
        held = store.read(deadline)
        new = missing(held, wanted, place)
        if not new:
            return held.version or ""
        texts = {key: secret.reveal().decode() for key, secret in new.items()}
        if store.write({**held.fields, **texts}, held, deadline):
            back = store.read(deadline)
            if missing(back, wanted, place):
                raise AccessDenied(f"{place}: what was written can't be read back; nothing else was changed")
            return back.version or ""
    raise BrokerError(f"{place}: others write there all the time; run this again")


def _same(held: object, secret: Secret) -> bool:
    return isinstance(held, str) and held.encode("utf-8", "surrogatepass") == secret.reveal()
