"""AWS Secrets Manager and SSM Parameter Store, by boto3 and its chain of credentials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from secrets_guard.broker.audit import Event
from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.parallel import AT_ONCE, each
from secrets_guard.broker.protocol import Outcome, SecretRef
from secrets_guard.broker.providers import aws_credentials, aws_parameters, aws_secrets
from secrets_guard.broker.providers.aws_errors import translated, whole
from secrets_guard.broker.providers.aws_spot import Spot
from secrets_guard.broker.retry import persist
from secrets_guard.broker.settings import texts
from secrets_guard.broker.stored import Stored, asked_of
from secrets_guard.errors import BrokerError

KEYS = ("region", "profile", "endpoint", "role_arn", "external_id")
# A role that was assumed is assumed again this long before it ends.
_BEFORE_THE_END = timedelta(minutes=1)
# Less than what the batches around it are waited for.
_GRACE = 0.05
_SERVICES = {"aws-sm": "secretsmanager", "aws-ssm": "ssm"}


class AwsProvider:
    """Reads secrets and parameters of one account's regions."""

    def __init__(self, settings: Mapping[str, object], environment: Mapping[str, str]) -> None:
        """Raise ManifestError for settings that can't be used. Credentials are found as boto3 always finds them."""
        self._settings = texts(settings, KEYS, "providers.aws")
        # Fargate sets AWS_REGION only, which boto3 does not read.
        self._otherwise = environment.get("AWS_REGION") or None
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}
        self._until: datetime | None = None
        self._lock = Lock()
        self.credentials = aws_credentials.VARIABLES

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        """Return an outcome for each reference; see ``Provider``."""
        spots = {ref: _spot(ref) for ref in refs}
        distinct = list(dict.fromkeys(spots.values()))
        batches = [*aws_secrets.batches(distinct), *aws_parameters.batches(distinct)]
        found: dict[Spot, Stored | BrokerError] = {}
        for batch, answer in each(batches, lambda batch: self._read(batch, deadline), deadline).items():
            found |= dict.fromkeys(batch, answer) if isinstance(answer, BrokerError) else answer
        return {ref: asked_of(ref, found[spot]) for ref, spot in spots.items()}

    def manager(self, ref: SecretRef, deadline: Deadline) -> Any:
        """Return the client of a reference's service in its region; to write."""
        return self._client(_spot(ref), deadline)

    def who_am_i(self, deadline: Deadline) -> str:
        """Return the account and role that AWS takes us for; see ``Answering``."""
        session = self._log_in(deadline)
        endpoint = self._settings.get("endpoint")
        client = translated(lambda: session.client("sts", config=_config(deadline), endpoint_url=endpoint))
        answer = persist(lambda: whole(translated(client.get_caller_identity), "Arn"), deadline, "aws: who am I")
        return f"{session.region_name or 'no region'}: {answer['Arn']}"

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
        return {**found, **each(missing, lambda spot: service.read_one(client, spot, ask), deadline, _GRACE)}

    def _client(self, spot: Spot, deadline: Deadline) -> Any:
        """Return the client of a service in a region, made once."""
        with self._lock:
            if self._until and self._until - _BEFORE_THE_END < datetime.now(UTC):
                self._session, self._clients, self._until = None, {}, None
            key = (spot.scheme, spot.region)
            if key not in self._clients:
                with deadline.phase(f"aws: client for {_SERVICES[spot.scheme]}"):
                    session = self._session = self._session or self._log_in(deadline)
                    self._clients[key] = translated(
                        lambda: session.client(
                            _SERVICES[spot.scheme], config=_config(deadline), region_name=spot.region or None,
                            endpoint_url=self._settings.get("endpoint"),
                        )
                    )  # fmt: skip
            return self._clients[key]

    def _log_in(self, deadline: Deadline) -> Any:
        """Return a session with the credentials of the chain, or of the role to assume with them."""
        given = {"region_name": self._settings.get("region"), "profile_name": self._settings.get("profile")}
        session = translated(lambda: boto3.session.Session(**given))
        if session.region_name is None and self._otherwise:
            session = translated(lambda: boto3.session.Session(**given | {"region_name": self._otherwise}))
        return self._assumed(session, deadline) if self._settings.get("role_arn") else session

    def _assumed(self, session: Any, deadline: Deadline) -> Any:
        asked = {"RoleArn": self._settings["role_arn"], "RoleSessionName": "secrets-guard"}
        if self._settings.get("external_id"):
            asked["ExternalId"] = self._settings["external_id"]
        endpoint = self._settings.get("endpoint")
        client = translated(lambda: session.client("sts", config=_config(deadline), endpoint_url=endpoint))
        with deadline.audit.timed(Event("login", "aws", detail=f"role {asked['RoleArn']}")):
            answer = persist(
                lambda: translated(lambda: client.assume_role(**asked)), deadline, "aws: assume role"
            )  # fmt: skip
        made = answer["Credentials"]
        self._until = made["Expiration"]
        return boto3.session.Session(
            made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"], session.region_name
        )


def _config(deadline: Deadline) -> Config:
    """Return settings by which a client tries once: waiting and trying again is our own, under the one deadline."""
    wait = deadline.wait()
    return Config(
        connect_timeout=wait, read_timeout=wait, max_pool_connections=AT_ONCE,
        retries={"mode": "standard", "total_max_attempts": 1},
    )  # fmt: skip


def _spot(ref: SecretRef) -> Spot:
    parts = ref.path.split(":")
    region = ref.option("region") or (parts[3] if ref.path.startswith("arn:") and len(parts) > 5 else "")
    return Spot(ref.scheme, region, ref.path, ref.version, ref.stage)
