"""JSON that a stranger wrote (manifests, indexes, configs) -> values of the types that are expected, or an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from secrets_guard.errors import SourceError

LARGEST = 4 << 20
"""Bytes of a manifest, index or config: what registries accept at most (OCI distribution 1.1, "Pushing Manifests")."""

Value = TypeVar("Value")


def load(content: bytes, where: str) -> Any:
    """Return the JSON value. Raises SourceError for what is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise SourceError(f"{where}: not JSON, or nested too deep") from None


def load_object(content: bytes, where: str) -> dict[str, Any]:
    """Return the JSON object. Raises SourceError for anything else."""
    value = load(content, where)
    if not isinstance(value, dict):
        raise SourceError(f"{where}: not a JSON object")
    return value


def field(fields: Mapping[str, Any], name: str, kind: type[Value], where: str) -> Value:
    """Return a field that must be there and of this type. Raises SourceError where it is not."""
    value = fields.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise SourceError(f"{where}: its field {name!r} is missing or of the wrong type")
    return value


def objects(fields: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list; empty where there is no list. What is no object in it is left out."""
    value = fields.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(fields: Mapping[str, Any], name: str) -> list[str]:
    """Return the texts of a list; empty where there is none."""
    value = fields.get(name)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text; empty where there is none."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def pairs(fields: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return an object's texts by name (labels, annotations); empty where there is none."""
    value = fields.get(name)
    if not isinstance(value, dict):
        return {}
    return {key: item for key, item in value.items() if isinstance(item, str)}
