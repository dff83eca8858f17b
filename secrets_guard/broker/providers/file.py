"""``file:/run/secrets/token``: the content of a file, as Docker and Kubernetes mount secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.local_file import read_local
from secrets_guard.broker.protocol import Fetched, Outcome, SecretRef
from secrets_guard.broker.settings import texts
from secrets_guard.errors import BrokerError
from secrets_guard.model.secret import Secret


class FileProvider:
    """Reads files; the one line break at the end, which editors put there, is not part of the secret."""

    credentials: frozenset[str] = frozenset()

    def __init__(self, settings: Mapping[str, object], _environment: Mapping[str, str]) -> None:
        """There are no settings: any is a ManifestError."""
        texts(settings, (), "providers.file")

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        """Return an outcome for each reference; see ``Provider``."""
        with deadline.phase(f"file: read {len(refs)}"):
            return {ref: _outcome(ref) for ref in refs}


def _outcome(ref: SecretRef) -> Outcome:
    try:
        content = read_local(ref.path)
    except BrokerError as error:
        return error
    return Fetched(Secret(content.removesuffix(b"\n").removesuffix(b"\r") if content.endswith(b"\n") else content))
