"""A secret's value -> the byte strings as which programs write it."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote_to_bytes, urlsplit

from secrets_guard.model.secret import Secret

SHORTEST = 5
"""Shorter values stand in any text by chance; hiding them would only show where they are."""
_SHORTEST_LINE = 8
LONGEST = 128
"""Longer forms are cut into pieces of at most this, each hidden by itself: so much of a stream is held back at most."""
MOST = 512 << 10
"""Bytes of all patterns, which compile in half a second; a password has half a kilobyte, a PEM thirty."""

_BORDER = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
_SENSITIVE = re.compile(r"pass|pwd|secret|token|key|credential|private|auth", re.IGNORECASE)
_WRAPS = (76, 64)  # RFC 2045 and RFC 7468
_URLSAFE = bytes.maketrans(b"+/", b"-_")


def patterns(secrets: Iterable[Secret]) -> tuple[bytes, ...]:
    """Return what to look for, each of SHORTEST to LONGEST bytes, the plainest forms first where there is too much."""
    values = [value for secret in secrets if hides(secret) for value in _values(secret.reveal())]
    found: dict[bytes, None] = {}
    for ways in (plain, escaped, encoded):
        for value in dict.fromkeys(values):
            for form in ways(value):
                found |= dict.fromkeys(_pieces(form)) if len(form) >= SHORTEST else {}
    taken: list[bytes] = []
    total = 0
    for pattern in found:
        total += len(pattern)
        if total > MOST and taken:
            break
        taken.append(pattern)
    return tuple(taken)


def hides(secret: Secret) -> bool:
    """Tell whether a value is long enough to be hidden."""
    return len(secret.reveal().strip()) >= SHORTEST


def _values(value: bytes) -> Iterator[bytes]:
    """Return the value, without the space around it as well, and what in it is a secret of its own."""
    yield value
    yield value.strip()
    yield from _of_url(value)
    yield from _of_json(value)


def _of_url(value: bytes) -> Iterator[bytes]:
    try:
        password = urlsplit(value.decode()).password
    except ValueError:
        return
    if password:
        yield password.encode()
        yield unquote_to_bytes(password)


def _of_json(value: bytes) -> Iterator[bytes]:
    if not value.lstrip().startswith(b"{"):
        return
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return
    waiting = [document]
    while waiting:
        one = waiting.pop()
        for name, inner in one.items():
            if isinstance(inner, dict):
                waiting.append(inner)
            elif isinstance(inner, str) and _SENSITIVE.search(name):
                yield inner.encode("utf-8", "surrogatepass")


def plain(value: bytes) -> Iterator[bytes]:
    """Return the value and its lines, the borders of a PEM left out."""
    yield value
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE and not _BORDER.fullmatch(line))


def escaped(value: bytes) -> Iterator[bytes]:
    """Return it as it stands in JSON, in a URL, in HTML, between a shell's quotes, in Python's repr."""
    for safe in ("", "/", "!*'()", ";,/?:@&=+$!*'()#"):
        yield from _either_case(quote(value, safe=safe).encode())
    yield from _either_case(quote_plus(value).encode())
    yield value.replace(b"'", b"'\\''")
    yield repr(value)[2:-1].encode()
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return
    once = [json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]]
    once += [one.replace("/", "\\/") for one in once]
    # Go's encoder, and others that mind HTML.
    once += [re.sub("[<>&]", lambda found: f"\\u{ord(found.group()):04x}", one) for one in once]
    twice = [json.dumps(one)[1:-1] for one in once]
    for made in (*once, *twice, html.escape(text), html.escape(text, quote=False), repr(text)[1:-1]):
        yield made.encode()


def _either_case(form: bytes) -> tuple[bytes, bytes]:
    return form, re.sub(rb"%[0-9A-F]{2}", lambda found: found.group().lower(), form)


def encoded(value: bytes) -> Iterator[bytes]:
    """Return it in base64, wherever in an encoded text it begins, and in hex."""
    whole = b64encode(value)
    # Many a value is piped into an encoder by echo, which adds a line break.
    for made in (
        whole,
        whole.rstrip(b"="),
        b64encode(value + b"\n"),
        *_wrapped(whole),
        *map(_aligned, (value,) * 3, range(3)),
    ):
        yield made
        yield made.translate(_URLSAFE)
    yield value.hex().encode()
    yield value.hex().upper().encode()


def _aligned(value: bytes, before: int) -> bytes:
    """Return the letters that the value alone decides when so many bytes of a group of three are before it."""
    first, last = -(-8 * before // 6), 8 * (before + len(value)) // 6
    return b64encode(bytes(before) + value)[first:last]


def _wrapped(whole: bytes) -> Iterator[bytes]:
    for width in _WRAPS:
        if len(whole) > width:
            yield from (whole[start : start + width] for start in range(0, len(whole), width))


def _pieces(form: bytes) -> list[bytes]:
    count = -(-len(form) // LONGEST)
    size = -(-len(form) // count)
    return [form[start : start + size] for start in range(0, len(form), size)]
