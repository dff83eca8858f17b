"""Secrets Manager: spots -> the secrets there, many by one BatchGetSecretValue where that is possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from secrets_guard.broker.providers.aws_spot import Spot, cut
from secrets_guard.broker.stored import Stored
from secrets_guard.errors import AccessDenied
from secrets_guard.model.secret import Secret

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
_BATCH = 20
CURRENT = "AWSCURRENT"
"""The label of the version that counts."""

Ask = Callable[..., Any]
"""Makes a call, again while that may help: (call, what it does, keys of which a whole answer has one)."""


def batches(spots: Sequence[Spot]) -> list[tuple[Spot, ...]]:
    """Return the spots as they are to be read: a batch gives current versions only, so pinned ones go alone."""
    own = [spot for spot in spots if spot.scheme == "aws-sm"]
    pinned = [spot for spot in own if spot.version or spot.stage]
    return [*cut([spot for spot in own if spot not in pinned], _BATCH), *((spot,) for spot in pinned)]


def read_batch(client: Any, batch: Sequence[Spot], ask: Ask) -> Mapping[Spot, Stored]:
    """Return what a batch brings: not what its Errors name, and nothing where the right to batches is missing."""
    found: dict[Spot, Stored] = {}
    token: dict[str, str] = {}
    ids = [spot.name for spot in batch]
    while True:
        try:
            call = partial(client.batch_get_secret_value, SecretIdList=ids, **token)
            answer = ask(call, f"batch of {len(ids)} secrets", "SecretValues", "Errors")
        except AccessDenied:
            return found
        for item in answer.get("SecretValues", ()):
            found |= {spot: _stored(item) for spot in batch if _is_of(spot.name, item)}
        if not answer.get("NextToken"):
            return found
        token = {"NextToken": answer["NextToken"]}


def read_one(client: Any, spot: Spot, ask: Ask) -> Stored:
    """Return one secret. Raises BrokerError."""
    # What is meant where neither is given; moto has to be told once the label has been moved by hand.
    stage = spot.stage or ("" if spot.version else CURRENT)
    pinned = {"VersionId": spot.version, "VersionStage": stage}
    asked = {"SecretId": spot.name, **{name: value for name, value in pinned.items() if value}}
    return _stored(ask(lambda: client.get_secret_value(**asked), f"read {spot.name}", "SecretString", "SecretBinary"))


def _is_of(name: str, item: Mapping[str, Any]) -> bool:
    # An ARN may be given without the six random characters at its end.
    arn = item.get("ARN", "")
    return name in (item.get("Name"), arn) or (name.startswith("arn:") and arn.rpartition("-")[0] == name)


def _stored(item: Mapping[str, Any]) -> Stored:
    text = item.get("SecretString")
    value = item.get("SecretBinary", b"") if text is None else text.encode("utf-8", "surrogatepass")
    return Stored(Secret(value), str(item.get("VersionId", "")))
