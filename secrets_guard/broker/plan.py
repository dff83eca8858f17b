"""What was resolved -> rows that name everything and show no value, or the values in a format that was asked for."""

from __future__ import annotations

import json
import re
import shlex
from hashlib import scrypt

from secrets_guard.broker.lease import Lease
from secrets_guard.broker.resolve import Resolved
from secrets_guard.errors import BadValue
from secrets_guard.model.secret import Secret

FORMATS = ("dotenv", "json", "shell")
# Passwords can be guessed: this takes some 50 ms and 16 MiB a guess (RFC 7914), and needs the key.
_COST, _BLOCK, _BYTES = 1 << 14, 8, 8
_PLAIN = re.compile(rb"[\w./:@%+,-]+")


def rows(resolved: Resolved, key: str) -> list[tuple[str, str, str, str, str, str]]:
    """Return name, provider, version, lease, fingerprint (where there is a key) and origin of each variable."""
    made = []
    for one in (*resolved.injected, *resolved.files):
        mark = fingerprint(one.secret, key) if key and one.providers else "-"
        source = f"{one.source.value}{f' field {one.note}' if one.source.whole else ''} ({one.source.place})"
        provider = "default" if one.note == "default" and not one.source.whole else ", ".join(one.providers)
        lease = ", ".join(map(_lease, one.leases)) or "-"
        made.append((one.name, provider or "literal", ", ".join(one.versions) or "-", lease, mark, source))
    made += [
        (one.name, "-", "-", "-", "-", f"{one.value} ({one.place}): optional, not there") for one in resolved.omitted
    ]
    return sorted(made)


def _lease(lease: Lease) -> str:
    seconds = int(lease.seconds)
    sizes = (("h", seconds // 3600), ("m", seconds % 3600 // 60), ("s", seconds % 60))
    told = "".join(f"{count}{unit}" for unit, count in sizes if count) or "0s"
    return told if lease.renewable else f"{told} (not renewable)"


def fingerprint(secret: Secret, key: str) -> str:
    """Return 16 hex digits: equal values under the same key, and nothing else, have the same."""
    salt = b"secrets-guard env\0" + key.encode("utf-8", "surrogateescape")
    return scrypt(secret.reveal(), salt=salt, n=_COST, r=_BLOCK, p=1, dklen=_BYTES).hex()


def render(resolved: Resolved, format: str) -> bytes:
    """Return all variables and their values. Raises BadValue for one that the format can't hold."""
    values = {one.name: one.secret.reveal() for one in sorted(resolved.injected, key=lambda one: one.name)}
    if format == "json":
        return json.dumps({name: _text(name, value) for name, value in values.items()}, indent=2).encode() + b"\n"
    if format == "shell":
        quoted = {
            name: shlex.quote(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
            for name, value in values.items()
        }
        return b"".join(b"export %s=%s\n" % (name.encode(), value) for name, value in quoted.items())
    return b"".join(b"%s=%s\n" % (name.encode(), _dotenv(value)) for name, value in values.items())


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise BadValue(f"{name}: is no UTF-8, which JSON can't hold; use --format shell") from None


def _dotenv(value: bytes) -> bytes:
    if not value or _PLAIN.fullmatch(value):
        return value
    if b"'" not in value:
        return b"'" + value + b"'"
    escaped = re.sub(rb'(["\\])', rb"\\\1", value).replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return b'"' + escaped + b'"'
