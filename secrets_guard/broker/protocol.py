"""What a provider takes and gives: references in, for each a value or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.lease import Lease
from secrets_guard.errors import BrokerError
from secrets_guard.model.secret import Secret

WHOLE = "*"
"""The key of a reference to all fields of a path."""


class SecretRef(NamedTuple):
    """One secret at its provider; two that are equal are fetched once.

    ``options`` are the provider's own (``namespace``, ``region``), sorted.
    """

    scheme: str
    path: str
    key: str = ""
    version: str = ""
    stage: str = ""
    options: tuple[tuple[str, str], ...] = ()
    data: str = ""
    """What is sent to get it, as a JSON object with sorted keys; empty where it is only read."""

    def option(self, name: str) -> str:
        """Return an option's value, or an empty string."""
        return dict(self.options).get(name, "")

    def __str__(self) -> str:
        asked = [(n, v) for n, v in (("version", self.version), ("stage", self.stage), *self.options) if v]
        query = "?" + "&".join(f"{name}={value}" for name, value in asked) if asked else ""
        return (
            f"{self.scheme}:{self.path}{'#' + self.key if self.key else ''}{query}{' with data' if self.data else ''}"
        )


class Fetched(NamedTuple):
    """What a provider answered: the value, or for a whole path its ``fields``; the version as the provider names it.

    ``lease`` is what a credential that was made for us lives by; references that share one read share it.
    """

    secret: Secret
    version: str = ""
    fields: Mapping[str, Secret] = {}
    made: bool = False
    """Whether it was made for this read, so that the next one brings another."""
    stale: bool = False
    """Whether it is the value of an earlier run."""
    lease: Lease | None = None


Outcome = Fetched | BrokerError


class Provider(Protocol):
    """A place that keeps secrets."""

    credentials: frozenset[str]
    """Variables that it read to log in: a child has no use for them, and must not see them."""

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        """Return an outcome for each reference, within the deadline.

        A failure that concerns one reference is its outcome; one that concerns all (a refused login) may be raised
        as BrokerError. No exception of a client library leaves a provider.
        """
        ...


@runtime_checkable
class Answering(Provider, Protocol):
    """A provider that one logs in to."""

    def who_am_i(self, deadline: Deadline) -> str:
        """Log in, and return where and as whom, on one line without a credential.

        Raises BrokerError, or ManifestError for settings that only the client understands.
        """
        ...
