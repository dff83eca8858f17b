"""Secrets that a test or a program holds itself: ``memory:NAME``, the double of all other providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.protocol import Outcome, SecretRef
from secrets_guard.broker.stored import Stored, asked_of
from secrets_guard.errors import BrokerError, SecretNotFound
from secrets_guard.model.secret import Secret


class MemoryProvider:
    """Answers from a mapping of paths to values, or to the error that is to be the outcome; counts what was asked."""

    credentials: frozenset[str] = frozenset()

    def __init__(self, values: Mapping[str, object], _environment: Mapping[str, str] | None = None) -> None:
        """``values`` are bytes, texts or BrokerErrors by path; of a JSON text keys can be asked."""
        self._values = values
        self.asked: list[SecretRef] = []

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        """Return an outcome for each reference; see ``Provider``."""
        self.asked += refs
        with deadline.phase(f"memory: read {len(refs)}"):
            return {ref: self._outcome(ref) for ref in refs}

    def _outcome(self, ref: SecretRef) -> Outcome:
        value = self._values.get(ref.path, SecretNotFound(f"there is no {ref.path!r} in memory"))
        if isinstance(value, BrokerError):
            return value
        text = value if isinstance(value, bytes) else str(value).encode()
        return asked_of(ref, Stored(Secret(text), ref.version))
