"""Hostile text -> text that is safe to write: valid UTF-8, no control characters, no more than a stream can take."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO

_SURROGATE = re.compile("[\ud800-\udfff]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# What a redaction leaves: see Secret.redacted(); of a private key its first line, see attribute.py.
_REDACTED = re.compile(r"\*{4}|.{1,4}…(?s:.){1,4}|-{2,5}[^-\n]{0,80}BEGIN[^-\n]{0,80}-----…")


def valid(text: str) -> str:
    r"""Return text that encodes to UTF-8: a byte that was none (a lone surrogate) becomes ``\xff``.

    This is how a file name that is not UTF-8 looks in every report. Doing it twice changes nothing.
    """
    return _SURROGATE.sub(lambda found: _escape(found.group()), text) if _SURROGATE.search(text) else text


def printable(text: str) -> str:
    r"""Return text that moves no cursor and hides nothing: valid, all that is not printable escaped (``\x1b``).

    Escapes control, format (bidirectional, zero width) and unassigned characters, so also all that XML forbids.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def fitting(text: str, encoding: str | None) -> str:
    """Return text that ``encoding`` (None: UTF-8) can write; what it can't is escaped, the ellipsis as three dots."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        dotted = text.replace("…", "...")
        return dotted.encode(encoding, "backslashreplace").decode(encoding)
    return text


def put(stream: IO[str], text: str) -> None:
    """Write ``text``, fitted to the stream's encoding."""
    stream.write(fitting(text, getattr(stream, "encoding", None)))


def tidy(value: object, clean: Callable[[str], str] = valid) -> object:
    """Return a JSON value with every string in it (keys too) made ``clean``: valid, or printable."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): tidy(inner, clean) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [tidy(inner, clean) for inner in value]
    return value


def is_redacted(secret: str) -> bool:
    """Tell whether a finding's secret is the redacted form, and not the value itself."""
    return _REDACTED.fullmatch(secret) is not None


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if character in _NAMED:
        return _NAMED[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def number_of(count: int, noun: str) -> str:
    """Return ``1 finding``, ``2 findings``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def size_of(number: float) -> str:
    """Return ``512 bytes``, ``3.2 MB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} bytes" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"
