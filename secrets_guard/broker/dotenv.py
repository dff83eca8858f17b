"""The text of a dotenv file -> its variables."""

from __future__ import annotations

import re

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


def read_dotenv(text: bytes) -> dict[str, bytes]:
    r"""Return each variable's value; the last one of a name counts.

    ``NAME=value # comment``, ``export NAME=value``, ``'as it is'``, ``"with \n \" \\ and line breaks"``.
    Nothing is expanded: a ``$`` is a ``$``. Raises ValueError with the number of the first line that is none of this.
    """
    text = text.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    values: dict[str, bytes] = {}
    position = 0
    while position < len(text):
        found = _LINE.match(text, position)
        blank = None if found else _BLANK.match(text, position)
        if found:
            values[found["name"].decode()] = _value(found)
        elif not blank:
            raise ValueError(str(text.count(b"\n", 0, position) + 1))
        position = (found or blank).end()  # type: ignore[union-attr]
    return values


def _value(found: re.Match[bytes]) -> bytes:
    if found["single"] is not None:
        return found["single"]
    if found["double"] is not None:
        return _ESCAPE.sub(lambda one: _ESCAPED.get(one.group(1), one.group(1)), found["double"])
    plain = found["plain"] or b""
    if plain.startswith(b"#"):
        return b""
    return _COMMENT.split(plain, maxsplit=1)[0].strip()
