"""A token's value -> what its own structure tells: public facts, a right or wrong checksum, that it is no such thing.

Pure: no I/O, no clock. Each structure is a function in a module of its own, imported when a kept candidate asks for it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from secrets_guard.lazily import Pattern

_LONGEST = 120
_CREDENTIALS = Pattern(r"(?<=//)[^/@\s]*@")


class Reading(NamedTuple):
    """What was read of a value. ``details`` are public facts about it: a mode, an issuer, an account, a date.

    ``proof``, ``doubt`` and ``wrong`` are reasons (empty: none): it is certainly what it seems; it can't have been
    issued as it stands; it is not such a thing at all.
    """

    details: tuple[tuple[str, str], ...] = ()
    proof: str = ""
    doubt: str = ""
    wrong: str = ""


class Around(NamedTuple):
    """The text that a value stands in, some kilobytes of it, and the offset ``at`` which it stands there."""

    text: bytes
    at: int


Reader = Callable[[bytes, Around], Reading]
"""(the value, the text around it) -> what they tell. Never raises for what makes no sense."""

RIGHT = "its checksum is right"
NEVER_ISSUED = "its checksum is wrong: not a token that was ever issued"

STRUCTURES: Mapping[str, str] = MappingProxyType(
    {
        "1password": "encoded:read_1password",
        "age": "checked:read_bech32",
        "atlassian": "checked:read_atlassian",
        "aws-key-id": "aws:read_key_id",
        "aws-secret": "aws:read_secret",
        "azure-key": "azure_key:read",
        "azure-sas": "azure:read_sas",
        "base58check": "checked:read_base58check",
        "cloudflare": "checked:read_cloudflare",
        "cloudflare-tunnel": "encoded:read_cloudflare_tunnel",
        "discord": "encoded:read_discord",
        "gcp-service-account": "gcp:read_service_account",
        "gitlab": "gitlab:read",
        "grafana": "checked:read_grafana",
        "grafana-cloud": "encoded:read_grafana_cloud",
        "jfrog-reference": "encoded:read_jfrog",
        "jwt": "jwt:read",
        "mapbox": "encoded:read_mapbox",
        "parts": "parts:read",
        "private-key": "key:read",
        "pypi-macaroon": "macaroon:read_pypi",
        "sentry": "encoded:read_sentry",
        "url": "url:read",
    }
)
"""Name that a rule gives as ``structure`` -> ``module:function`` in this package."""


def look(name: str, value: bytes, around: Around) -> Reading:
    """Return what the structure ``name`` (a key of STRUCTURES) reads in ``value`` and the text ``around`` it."""
    from importlib import import_module

    module, _, function = STRUCTURES[name].partition(":")
    reader: Reader = getattr(import_module(f"secrets_guard.structure.{module}"), function)
    reading = reader(value, around)
    return reading._replace(details=tuple((key, public(told)) for key, told in reading.details if told))


def public(text: str) -> str:
    """Return a fact that content told, fit to be shown: at most 120 characters, without credentials in an address."""
    text = _CREDENTIALS.sub("****@", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
