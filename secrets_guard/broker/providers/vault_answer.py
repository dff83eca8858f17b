"""A response of Vault's -> the fields of a secret, or which of the ways to be missing this one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from secrets_guard.broker.lease import Lease
from secrets_guard.errors import AccessDenied, BrokerError, SecretNotFound


class Answer(NamedTuple):
    """A response that was no failure of the server: status 200, or one that says that something is not there."""

    status: int
    document: Mapping[str, object]
    said: str = ""
    """The server's own words, without any credential."""
    made: bool = False
    """Whether what it holds was made for this read."""

    @property
    def _data(self) -> Mapping[str, object]:
        data = self.document.get("data")
        return data if isinstance(data, dict) else {}

    @property
    def _metadata(self) -> Mapping[str, object] | None:
        """What KV version 2 says about the version that was read; None where another engine answered."""
        metadata = self._data.get("metadata")
        versioned = isinstance(metadata, dict) and "version" in metadata and "data" in self._data
        return metadata if versioned and isinstance(metadata, dict) else None

    @property
    def gone(self) -> bool:
        """Whether there was a secret, and this version of it is deleted or destroyed."""
        return self._metadata is not None and self._data.get("data") is None

    @property
    def fields(self) -> Mapping[str, object]:
        """The secret's fields."""
        inner = self._data.get("data") if self._metadata is not None else self._data
        return inner if isinstance(inner, dict) else {}

    @property
    def version(self) -> str:
        """The version that was read; empty where the engine keeps none."""
        return str(self._metadata["version"]) if self._metadata is not None else ""

    def lease(self, scope: str) -> Lease | None:
        """Return what a credential that was made for us lives by; ``scope`` is the namespace that it was asked for in.

        KV version 1 answers a time without an id: that is no lease.
        """
        name, seconds = self.document.get("lease_id"), self.document.get("lease_duration")
        if not name or not isinstance(seconds, int):
            return None
        return Lease(str(name), float(seconds), self.document.get("renewable") is True, scope)

    def data_or_raise(self, path: str, wanted: str = "") -> Answer:
        """Return the answer itself; ``wanted`` is the version that was asked for.

        Raises SecretNotFound where it holds no secret, AccessDenied where it can't be read.
        """
        if self.status != 200 or self.gone:
            raise absent(self, path, wanted)
        return self


def absent(answer: Answer, path: str, wanted: str = "") -> BrokerError:
    """Return the error that tells deleted, destroyed, never there and asked in the wrong place apart."""
    metadata = answer._metadata
    if metadata is not None:
        version = metadata.get("version")
        if metadata.get("destroyed"):
            return SecretNotFound(f"version {version} of {path} was destroyed; put a new one, or pin another")
        when = metadata.get("deletion_time")
        return SecretNotFound(f"version {version} of {path} was deleted ({when}); undelete it, or pin another")
    if answer.status in (400, 405):
        return AccessDenied(f"{path} can't be read ({answer.status}{': ' + answer.said if answer.said else ''})")
    if wrong_engine(answer):
        return SecretNotFound(f"{path}: wrong path: {answer.said or 'no secrets engine serves it'}")
    return SecretNotFound(f"there is no {f'version {wanted} of a ' if wanted else ''}secret at {path}")


def wrong_engine(answer: Answer) -> bool:
    """Tell whether nothing could ever be at the path: no engine there, or KV version 2 asked as version 1."""
    warned = "versioned" in str(answer.document.get("warnings") or "")
    return warned or "no handler for route" in answer.said or "route entry not found" in answer.said
