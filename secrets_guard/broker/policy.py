"""What a value must be like to be injected, and what happens when there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from secrets_guard.errors import BadValue, ManifestError
from secrets_guard.located_yaml import nearest

FORMATS = ("pem", "json", "url")
ALLOWED = ("empty", "newline", "placeholder")
OPTIONS = ("optional", "default", "format", "min_length", "allow", "fallback")
"""The keys beside ``ref``, and the same in a reference's query."""

_PLACEHOLDER = re.compile(
    rb"(?:change[ _-]?me|chamberme|placeholder|todo|fixme|tbd|dummy|example|replace[ _-]?me|redacted|x{3,40}|\*{3,40}"
    rb"|<[^<>]*>|(?:your|insert|enter)[ _-][a-z _-]{1,40}|(?:insert|enter)[ _-]?here)[!.]?",
    re.IGNORECASE,
)
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n[A-Za-z0-9+/=\s:,-]+-----END \1-----\s*")


class Policy(NamedTuple):
    """``default`` is None where there is none; ``allow`` names what is let through: empty, newline, placeholder."""

    optional: bool = False
    default: str | None = None
    format: str = ""
    min_length: int = 0
    allow: tuple[str, ...] = ()
    fallback: bool = False
    """Whether the value of an earlier run may stand in while the provider can't be reached."""


def read_policy(given: Mapping[str, object]) -> Policy:
    """Return the policy that options ask for. Raises ManifestError, naming the option."""
    default = given.get("default")
    if default is not None and not isinstance(default, str):
        raise ManifestError("default: must be a text; put it in quotes")
    form = given.get("format", "")
    if form and form not in FORMATS:
        raise ManifestError(f"format: {form!r} is none of {', '.join(FORMATS)}{nearest(str(form), FORMATS)}")
    length = given.get("min_length", 0)
    if isinstance(length, bool) or not str(length).isdecimal():
        raise ManifestError("min_length: must be a whole number from 0")
    allow = given.get("allow", [])
    words = allow.split(",") if isinstance(allow, str) else allow
    if not isinstance(words, list) or any(word not in ALLOWED for word in words):
        raise ManifestError(f"allow: must be a list of {', '.join(ALLOWED)}")
    optional, fallback = _switch("optional", given), _switch("fallback", given)
    return Policy(optional, default, str(form), int(str(length)), tuple(words), fallback)


def _switch(name: str, given: Mapping[str, object]) -> bool:
    value = given.get(name, False)
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ManifestError(f"{name}: must be true or false")
    return value


def check(value: bytes, policy: Policy) -> None:
    """Raise BadValue, saying what is wrong and never the value, for one that must not be injected."""
    if b"\0" in value and "nul" not in policy.allow:
        raise BadValue("holds a NUL byte, which no environment can carry")
    if not value.strip() and "empty" not in policy.allow:
        raise BadValue("is empty; 'allow: [empty]' lets it through")
    if len(value) < policy.min_length:
        raise BadValue(f"is shorter than min_length ({len(value)} of {policy.min_length} bytes)")
    if value.endswith((b"\n", b"\r")) and policy.format not in ("pem", "json") and "newline" not in policy.allow:
        raise BadValue("ends in a line break, which is hardly part of it; 'allow: [newline]' lets it through")
    if _PLACEHOLDER.fullmatch(value.strip()) and "placeholder" not in policy.allow:
        raise BadValue("is a placeholder that nobody has filled in; 'allow: [placeholder]' lets it through")
    _check_format(value, policy.format)


def _check_format(value: bytes, form: str) -> None:
    rest = _PEM.sub(b"", value) if form == "pem" else b""
    if form == "pem" and (rest == value or b"-----" in rest):
        raise BadValue("is no PEM (format: pem); were its line breaks lost?")
    if form == "json":
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            raise BadValue("is no JSON (format: json)") from None
    if form == "url":
        try:
            parts = urlsplit(value.decode())
            sound = bool(parts.scheme and (parts.netloc or parts.path)) and (parts.port or 0) >= 0
        except ValueError:
            sound = False
        if not sound or any(byte <= 32 for byte in value):
            raise BadValue("is no URL (format: url)")
