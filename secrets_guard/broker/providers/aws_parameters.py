"""SSM Parameter Store: spots -> the parameters there, ten by one GetParameters, or all below a path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from secrets_guard.broker.providers.aws_errors import whole
from secrets_guard.broker.providers.aws_secrets import Ask
from secrets_guard.broker.providers.aws_spot import Spot, cut
from secrets_guard.broker.stored import Stored
from secrets_guard.errors import AccessDenied, SecretNotFound
from secrets_guard.model.secret import Secret

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
_BATCH = 10
_PARTS = ("Parameters", "InvalidParameters")


def batches(spots: Sequence[Spot]) -> list[tuple[Spot, ...]]:
    """Return the spots as they are to be read: one call takes a name once, so pinned ones go alone."""
    own = [spot for spot in spots if spot.scheme == "aws-ssm"]
    alone = [spot for spot in own if spot.version or _is_path(spot)]
    return [*cut([spot for spot in own if spot not in alone], _BATCH), *((spot,) for spot in alone)]


def read_batch(client: Any, batch: Sequence[Spot], ask: Ask) -> Mapping[Spot, Stored]:
    """Return what a batch brings; nothing where one name in it is refused, for that refuses all."""
    names = [spot.name for spot in batch]
    try:
        answer = ask(
            lambda: client.get_parameters(Names=names, WithDecryption=True),
            f"batch of {len(names)} parameters",
            *_PARTS,
        )
    except AccessDenied:
        return {}
    return {
        spot: _stored(item)
        for item in answer.get("Parameters", ())
        if "Value" in item
        for spot in batch
        if spot.name in (item.get("Name"), item.get("ARN"))
    }


def read_one(client: Any, spot: Spot, ask: Ask) -> Stored:
    """Return one parameter. Raises BrokerError."""
    if _is_path(spot):
        return _read_path(client, spot, ask)
    name = f"{spot.name}:{spot.version}" if spot.version else spot.name
    answer = ask(lambda: client.get_parameters(Names=[name], WithDecryption=True), f"read {name}", *_PARTS)
    if not answer.get("Parameters"):
        raise SecretNotFound(f"there is no parameter {name}")
    return _stored(whole(answer["Parameters"][0], "Value"))


def _is_path(spot: Spot) -> bool:
    """Tell whether all below a path is meant: no name of a parameter ends in a slash."""
    return spot.name.endswith("/")


def _read_path(client: Any, spot: Spot, ask: Ask) -> Stored:
    """Return all parameters below a path as one JSON object, by their names from there on. Raises BrokerError."""
    found: dict[str, str] = {}
    token: dict[str, str] = {}
    path = spot.name.rstrip("/") or "/"
    while True:
        call = partial(client.get_parameters_by_path, Path=path, Recursive=True, WithDecryption=True, **token)
        answer = ask(call, f"read all below {path}", "Parameters")
        items = [whole(item, "Value") for item in answer["Parameters"]]
        found |= {item["Name"].removeprefix(spot.name): item["Value"] for item in items}
        if not answer.get("NextToken"):
            break
        token = {"NextToken": answer["NextToken"]}
    if not found:
        raise SecretNotFound(f"there is no parameter below {spot.name}")
    return Stored(Secret(json.dumps(found).encode()))


def _stored(item: Mapping[str, Any]) -> Stored:
    return Stored(Secret(item["Value"].encode("utf-8", "surrogatepass")), str(item.get("Version", "")))
