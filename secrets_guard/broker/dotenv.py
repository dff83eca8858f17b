"""The text of a dotenv file -> its variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_LINE = re.compile(
    rb"""[^\S\n]*(?:export[^\S\n]+)?(?P<name>[A-Za-z_][\w.]*)[^\S\n]*=[^\S\n]*
    (?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\[\s\S])*)"|(?P<plain>[^\n'"][^\n]*)?)
    [^\S\n]*(?:\#[^\n]*)?(?:\n|\Z)""",
    re.VERBOSE,
)
_BLANK = re.compile(rb"[^\S\n]*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPE = re.compile(rb"\\([\s\S])")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_COMMENT = re.compile(rb"\s+#")
_MARK = b"\xef\xbb\xbf"


class Variable(NamedTuple):
    """One assignment; ``start`` and ``end`` are the offsets of its value as it is written, quotes left out."""

    name: str
    value: bytes
    start: int
    end: int


def read_dotenv(text: bytes) -> dict[str, bytes]:
    r"""Return each variable's value; the last one of a name counts.

    ``NAME=value # comment``, ``export NAME=value``, ``'as it is'``, ``"with \n \" \\ and line breaks"``.
    Nothing is expanded: a ``$`` is a ``$``. Raises ValueError with the number of the first line that is none of this.
    """
    return {one.name: one.value for one in variables(text)}


def variables(text: bytes) -> Iterator[Variable]:
    """Yield each assignment in its order; see ``read_dotenv``."""
    position = len(_MARK) if text.startswith(_MARK) else 0
    while position < len(text):
        found = _LINE.match(text, position)
        blank = None if found else _BLANK.match(text, position)
        if found:
            yield _variable(found)
        elif not blank:
            raise ValueError(str(text.count(b"\n", 0, position) + 1))
        position = (found or blank).end()  # type: ignore[union-attr]


def _variable(found: re.Match[bytes]) -> Variable:
    name = found["name"].decode()
    if found["single"] is not None:
        return Variable(name, _lines(found["single"]), *found.span("single"))
    if found["double"] is not None:
        value = _ESCAPE.sub(lambda one: _ESCAPED.get(one.group(1), one.group(1)), _lines(found["double"]))
        return Variable(name, value, *found.span("double"))
    plain = found["plain"] or b""
    value = b"" if plain.startswith(b"#") else _COMMENT.split(plain, maxsplit=1)[0].rstrip()
    start = found.start("plain") if plain else found.end()
    return Variable(name, value, start, start + len(value))


def _lines(value: bytes) -> bytes:
    return value.replace(b"\r\n", b"\n")
