"""The content of a Java properties file -> its values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secrets_guard.migrate.literal import Literal
from secrets_guard.model.secret import Secret

# https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)
_LINE = re.compile(
    rb"""[ \t\f]*(?:(?P<comment>[#!][^\r\n]*)|
    (?P<name>(?:\\[^\r\n]|[^\\\s:=])+)[ \t\f]*(?:[:=][ \t\f]*)?(?P<value>(?:\\\r?\n[ \t\f]*|\\[^\r\n]|[^\\\r\n])*)|)
    (?:\r\n|\r|\n|\Z)""",
    re.VERBOSE,
)
_ESCAPE = re.compile(rb"\\(?:\r?\n[ \t\f]*|u([0-9A-Fa-f]{4})|([\s\S]))")
_ESCAPED = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"f": b"\f"}


def read(content: bytes) -> Iterator[Literal]:
    """Yield each value; continued lines are one; see ``literal.Reader``."""
    position = 0
    while position < len(content):
        found = _LINE.match(content, position)
        if found is None or found.end() == position:
            raise ValueError(f"line {content.count(bytes([10]), 0, position) + 1} is no line of a properties file")
        position = found.end()
        if found["name"] and found["value"]:
            yield Literal(_plain(found["name"]).decode(), Secret(_plain(found["value"])), *found.span("value"))


def _plain(text: bytes) -> bytes:
    units = _ESCAPE.sub(_unescaped, text)
    # A character beyond U+FFFF is written as two escapes, a surrogate each.
    return units.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16").encode()


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return chr(int(found[1], 16)).encode("utf-8", "surrogatepass")
    return _ESCAPED.get(found[2], found[2]) if found[2] else b""
