"""AWS Secrets Manager as a place to write to: a secret whose value is a JSON object."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from botocore import exceptions

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.field import parse_document
from secrets_guard.broker.protocol import SecretRef
from secrets_guard.broker.providers.aws import AwsProvider
from secrets_guard.broker.providers.aws_errors import translated, whole
from secrets_guard.broker.providers.aws_secrets import CURRENT
from secrets_guard.broker.retry import persist
from secrets_guard.broker.store import Held
from secrets_guard.errors import BadValue, SecretNotFound

# A version waits under this label until it takes AWSCURRENT over from the version that was read, and from no other:
# Secrets Manager has no other check-and-set.
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
_WAITING = "secrets-guard-migrate"
_MOVED_ON = ("InvalidParameterException", "ResourceExistsException")


class SecretsManagerStore:
    """One secret; what is stored becomes the current version only in place of the one that was read."""

    def __init__(self, provider: AwsProvider, place: SecretRef) -> None:
        self._provider, self._place = provider, place

    def read(self, deadline: Deadline) -> Held:
        """Return the keys of the current version; see ``Store``. Raises BadValue where it is no JSON object."""
        client = self._provider.manager(self._place, deadline)
        try:
            answer = self._persist(
                lambda: whole(
                    client.get_secret_value(SecretId=self._place.path, VersionStage=CURRENT),
                    "SecretString", "SecretBinary",
                ),
                "read", deadline,
            )  # fmt: skip
        except SecretNotFound as error:
            if "deletion" in str(error):
                raise
            return Held({}, None)
        if "SecretString" not in answer:
            raise BadValue(f"{self._place}: holds bytes, not JSON: no key can be added to it")
        return Held(parse_document(answer["SecretString"].encode()), answer["VersionId"])

    def write(self, fields: Mapping[str, object], held: Held, deadline: Deadline) -> bool:
        """Store the fields as a new version and make it the current one; see ``Store``."""
        client = self._provider.manager(self._place, deadline)
        name, text, token = self._place.path, json.dumps(fields, ensure_ascii=False), str(uuid.uuid4())
        if held.version is None:
            return self._settled(
                lambda: client.create_secret(Name=name, SecretString=text, ClientRequestToken=token), deadline
            )
        self._persist(
            lambda: client.put_secret_value(
                SecretId=name, SecretString=text, ClientRequestToken=token, VersionStages=[_WAITING]
            ),
            "write", deadline,
        )  # fmt: skip
        current = {"SecretId": name, "VersionStage": CURRENT}
        return self._settled(
            lambda: client.update_secret_version_stage(
                **current, MoveToVersionId=token, RemoveFromVersionId=held.version
            ),
            deadline,
        ) & self._settled(
            lambda: client.update_secret_version_stage(
                SecretId=name, VersionStage=_WAITING, RemoveFromVersionId=token
            ),
            deadline,
        )  # fmt: skip

    def _settled(self, call: Callable[[], Any], deadline: Deadline) -> bool:
        """Make a call; False where another was faster (or the call has been made, and only its answer was lost)."""

        def attempt() -> bool:
            try:
                call()
            except exceptions.ClientError as error:
                if error.response.get("Error", {}).get("Code") in _MOVED_ON:
                    return False
                raise
            return True

        return bool(self._persist(attempt, "write", deadline))

    def _persist(self, call: Callable[[], Any], what: str, deadline: Deadline) -> Any:
        return persist(
            lambda: translated(call), deadline, f"aws: {what} {self._place.path}", of=(self._place.path,)
        )  # fmt: skip
