"""A document of a provider and a key -> the secret that stands there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeGuard

from secrets_guard.errors import BadValue, SecretNotFound
from secrets_guard.located_yaml import nearest
from secrets_guard.model.secret import Secret


def parse_document(text: bytes) -> Mapping[str, object]:
    """Return the JSON object in ``text``. Raises BadValue for anything else: then no key is in it."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BadValue("the value is no JSON, so it has no keys; leave '#key' out to have all of it") from None
    if not isinstance(document, dict):
        raise BadValue("the value is JSON, but no object, so it has no keys; leave '#key' out to have all of it")
    return document


def pick(document: Mapping[str, object], key: str) -> Secret:
    """Return the value under ``key``: a name, or else a path of names (``a.b``, ``/a/b``).

    A text is as it is; a number or boolean its JSON; a list of certificates one text.
    Raises SecretNotFound for a key that is not there and for null, BadValue for any other object or list.
    """
    return as_secret(_walk(document, key), key)


def as_secret(value: object, key: str) -> Secret:
    """Return one field's value as a secret; see ``pick``."""
    if value is None:
        raise SecretNotFound(f"the key {key!r} is null")
    if isinstance(value, str):
        return Secret(value.encode("utf-8", "surrogatepass"))
    if _is_chain(value):
        return Secret("\n".join(part.strip() for part in value).encode())
    if isinstance(value, dict | list):
        kind = "an object" if isinstance(value, dict) else "a list"
        raise BadValue(f"the key {key!r} is {kind}, not a text; name a key inside it ({key}.name)")
    return Secret(json.dumps(value).encode())


def _is_chain(value: object) -> TypeGuard[list[str]]:
    """Tell whether a value is a list of PEM texts, which are one text for every program that reads them."""
    return isinstance(value, list) and bool(value) and all(str(part).startswith("-----BEGIN ") for part in value)


def all_fields(document: Mapping[str, object]) -> dict[str, Secret]:
    """Return every field as a secret; see ``pick``."""
    return {name: as_secret(value, name) for name, value in document.items()}


def _walk(document: Mapping[str, object], key: str) -> object:
    if key in document:
        return document[key]
    names = key[1:].split("/") if key.startswith("/") else key.split(".")
    here: object = document
    for name in names:
        if not isinstance(here, dict) or name not in here:
            raise SecretNotFound(f"there is no key {key!r} in it{nearest(key, list(document))}")
        here = here[name]
    return here
