"""``env-file:.env#NAME``: one variable of a dotenv file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.dotenv import read_dotenv
from secrets_guard.broker.local_file import read_local
from secrets_guard.broker.protocol import WHOLE, Fetched, Outcome, SecretRef
from secrets_guard.broker.settings import texts
from secrets_guard.errors import BadValue, BrokerError, SecretNotFound
from secrets_guard.located_yaml import nearest
from secrets_guard.model.secret import Secret


class EnvFileProvider:
    """Reads each file once."""

    credentials: frozenset[str] = frozenset()

    def __init__(self, settings: Mapping[str, object], _environment: Mapping[str, str]) -> None:
        """There are no settings: any is a ManifestError."""
        texts(settings, (), "providers.env-file")

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        """Return an outcome for each reference; see ``Provider``."""
        files: dict[str, Mapping[str, bytes] | BrokerError] = {}
        with deadline.phase("env-file: read"):
            for path in dict.fromkeys(ref.path for ref in refs):
                files[path] = _read(path)
        return {ref: _outcome(ref, files[ref.path]) for ref in refs}


def _read(path: str) -> Mapping[str, bytes] | BrokerError:
    try:
        return read_dotenv(read_local(path))
    except BrokerError as error:
        return error
    except ValueError as error:
        return BadValue(f"{path}:{error}: no line of a dotenv file (NAME=value)")


def _outcome(ref: SecretRef, values: Mapping[str, bytes] | BrokerError) -> Outcome:
    if isinstance(values, BrokerError):
        return values
    if ref.key == WHOLE:
        return Fetched(Secret(b""), fields={name: Secret(value) for name, value in values.items()})
    if ref.key not in values:
        return SecretNotFound(f"there is no {ref.key} in {ref.path}{nearest(ref.key, list(values))}")
    return Fetched(Secret(values[ref.key]))
