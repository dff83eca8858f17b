"""A registry's ``WWW-Authenticate`` header -> the way in: basic, or a token and where to ask for it.

Formats: RFC 9110, section 11.6.1; distribution's docs/content/spec/auth/token.md and oauth.md.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9-]{0,31})(?:\s+|$)")
_PARAMETER = re.compile(
    r"\s*,?\s*([A-Za-z][A-Za-z0-9_-]{0,31})\s*=\s*(?:\"((?:[^\"\\]|\\.){0,4096})\"|([^\s,\"]{0,4096}))"
)


class Challenge(NamedTuple):
    """``scheme`` in lower case: ``basic`` or ``bearer``; the rest is a token's."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


def parse_challenges(header: str) -> list[Challenge]:
    """Return the challenges of a header, in its order."""
    made, at = [], 0
    while (found := _SCHEME.match(header, at)) is not None:
        scheme, at = found.group(1).lower(), found.end()
        values: dict[str, str] = {}
        while (parameter := _PARAMETER.match(header, at)) is not None:
            name, quoted, plain = parameter.groups()
            values[name.lower()] = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
            at = parameter.end()
        told = {name: values.get(name, "") for name in ("realm", "service", "scope")}
        made.append(Challenge(scheme, **told))
    return made


def may_ask(realm: str, registry_url: str) -> bool:
    """Tell whether a login may be sent to a token server: by https, or to the registry's own host as it is reached."""
    asked, own = urlsplit(realm), urlsplit(registry_url)
    if not asked.hostname or asked.username is not None:
        return False
    return asked.scheme == "https" or (asked.scheme, asked.hostname) == (own.scheme, own.hostname)
