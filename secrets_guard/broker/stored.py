"""A whole value of a provider's -> what a reference asks of it: all, a key of its JSON, or each key."""

from __future__ import annotations

from typing import NamedTuple

from secrets_guard.broker.field import all_fields, parse_document, pick
from secrets_guard.broker.protocol import WHOLE, Fetched, Outcome, SecretRef
from secrets_guard.errors import BrokerError
from secrets_guard.model.secret import Secret


class Stored(NamedTuple):
    """The whole value, and its version as the provider names it."""

    secret: Secret
    version: str = ""


def asked_of(ref: SecretRef, stored: Stored | BrokerError) -> Outcome:
    """Return the outcome of a reference to a value, or to one that could not be had."""
    if isinstance(stored, BrokerError):
        return stored
    try:
        if not ref.key:
            return Fetched(stored.secret, stored.version)
        document = parse_document(stored.secret.reveal())
        if ref.key == WHOLE:
            return Fetched(Secret(b""), stored.version, all_fields(document))
        return Fetched(pick(document, ref.key), stored.version)
    except BrokerError as error:
        return error
