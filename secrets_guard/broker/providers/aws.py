"""AWS Secrets Manager and SSM Parameter Store, by boto3 and its chain of credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from secrets_guard.broker.audit import Event
from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.field import all_fields, parse_document, pick
from secrets_guard.broker.parallel import AT_ONCE, each
from secrets_guard.broker.protocol import WHOLE, Fetched, Outcome, SecretRef
from secrets_guard.broker.providers import aws_parameters, aws_secrets
from secrets_guard.broker.providers.aws_errors import translated, whole
from secrets_guard.broker.providers.aws_spot import Spot, Stored
from secrets_guard.broker.retry import persist
from secrets_guard.broker.settings import texts
from secrets_guard.errors import BrokerError
from secrets_guard.model.secret import Secret

KEYS = ("region", "profile", "endpoint", "role_arn")
_SERVICES = {"aws-sm": "secretsmanager", "aws-ssm": "ssm"}
_CREDENTIALS = frozenset(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"))


class AwsProvider:
    """Reads secrets and parameters of one account's regions."""

    def __init__(self, settings: Mapping[str, object], _environment: Mapping[str, str]) -> None:
        """Raise ManifestError for settings that can't be used. Credentials are found as boto3 always finds them."""
        self._settings = texts(settings, KEYS, "providers.aws")
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()
        self.credentials = _CREDENTIALS

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        """Return an outcome for each reference; see ``Provider``."""
        spots = {ref: _spot(ref) for ref in refs}
        distinct = list(dict.fromkeys(spots.values()))
        batches = [*aws_secrets.batches(distinct), *aws_parameters.batches(distinct)]
        found: dict[Spot, Stored | BrokerError] = {}
        for batch, answer in each(batches, lambda batch: self._read(batch, deadline), deadline).items():
            found |= dict.fromkeys(batch, answer) if isinstance(answer, BrokerError) else answer
        return {ref: _outcome(ref, found[spot]) for ref, spot in spots.items()}

    def _read(self, batch: tuple[Spot, ...], deadline: Deadline) -> Mapping[Spot, Stored | BrokerError]:
        """Return what is stored at each spot of a batch; what the batch did not bring is asked for by itself."""
        first = batch[0]
        client = self._client(first, deadline)
        service = aws_secrets if first.scheme == "aws-sm" else aws_parameters

        def ask(call: Callable[[], Any], what: str, *parts: str) -> Any:
            phase, names = f"aws: {what}", tuple(spot.name for spot in batch)
            return persist(lambda: whole(translated(call), *parts), deadline, phase, of=names)

        found: dict[Spot, Stored | BrokerError] = dict(service.read_batch(client, batch, ask)) if len(batch) > 1 else {}
        missing = [spot for spot in batch if spot not in found]
        return {**found, **each(missing, lambda spot: service.read_one(client, spot, ask), deadline)}

    def _client(self, spot: Spot, deadline: Deadline) -> Any:
        """Return the client of a service in a region, made once."""
        with self._lock:
            key = (spot.scheme, spot.region)
            if key not in self._clients:
                wait = deadline.wait()
                # Only one try here: waiting and trying again is our own, under the one deadline.
                config = Config(
                    connect_timeout=wait, read_timeout=wait, max_pool_connections=AT_ONCE,
                    retries={"mode": "standard", "total_max_attempts": 1},
                )  # fmt: skip
                with deadline.phase(f"aws: client for {_SERVICES[spot.scheme]}"):
                    session = self._session = self._session or self._log_in(deadline)
                    self._clients[key] = translated(
                        lambda: session.client(
                            _SERVICES[spot.scheme], config=config, region_name=spot.region or None,
                            endpoint_url=self._settings.get("endpoint"),
                        )
                    )  # fmt: skip
            return self._clients[key]

    def _log_in(self, deadline: Deadline) -> Any:
        """Return a session with the credentials of the chain, or of the role to assume with them."""
        region = self._settings.get("region")
        session = translated(
            lambda: boto3.session.Session(region_name=region, profile_name=self._settings.get("profile"))
        )
        role = self._settings.get("role_arn")
        if not role:
            return session
        client = translated(lambda: session.client("sts", endpoint_url=self._settings.get("endpoint")))
        with deadline.audit.timed(Event("login", "aws", detail=f"role {role}")):
            answer = persist(
                lambda: translated(lambda: client.assume_role(RoleArn=role, RoleSessionName="secrets-guard")),
                deadline, "aws: assume role",
            )  # fmt: skip
        given = answer["Credentials"]
        return boto3.session.Session(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region or session.region_name
        )


def _spot(ref: SecretRef) -> Spot:
    parts = ref.path.split(":")
    region = ref.option("region") or (parts[3] if ref.path.startswith("arn:") and len(parts) > 5 else "")
    return Spot(ref.scheme, region, ref.path, ref.version, ref.stage)


def _outcome(ref: SecretRef, stored: Stored | BrokerError) -> Outcome:
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
