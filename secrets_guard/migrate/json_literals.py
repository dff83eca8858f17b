"""The content of a JSON file -> its texts and numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from secrets_guard.migrate.literal import Literal, byte_spans
from secrets_guard.model.secret import Secret

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_CONSTANTS = ("true", "false", "null")


class _Place:
    """Where in the document we are: for each level the name or number of what comes next."""

    def __init__(self) -> None:
        self.names: list[str | int] = []
        self.named = False

    def enter(self, opening: str) -> None:
        self.names.append(0 if opening == "[" else "")
        self.named = False

    def leave(self) -> None:
        self.names.pop()

    def next(self) -> None:
        last = self.names[-1]
        if isinstance(last, int):
            self.names[-1] = last + 1
        self.named = False

    @property
    def wants_name(self) -> bool:
        return bool(self.names) and isinstance(self.names[-1], str) and not self.named


def read(content: bytes) -> Iterator[Literal]:
    """Yield each text and number that stands under a name; see ``literal.Reader``."""
    text = content.decode("utf-8-sig")
    skipped = len(content) - len(text.encode())
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: not valid JSON") from None
    except (ValueError, RecursionError):
        raise ValueError("not JSON that can be read: a number out of range, or nested too deep") from None
    found = list(_scalars(text))
    offsets = byte_spans(text, [span for _, _, span in found])
    for name, value, (start, end) in found:
        yield Literal(name, Secret(value), offsets[start] + skipped, offsets[end] + skipped, '"')


def _scalars(text: str) -> Iterator[tuple[str, bytes, tuple[int, int]]]:
    place = _Place()
    for found in _TOKEN.finditer(text):
        word = found.group()
        if word in ("{", "["):
            place.enter(word)
        elif word in ("}", "]"):
            place.leave()
        elif word == ",":
            place.next()
        elif word == ":":
            place.named = True
        elif place.wants_name:
            place.names[-1] = json.loads(word)
        elif place.names and word not in _CONSTANTS:
            value = json.loads(word) if word.startswith('"') else word
            if value:
                yield ".".join(map(str, place.names)), value.encode("utf-8", "surrogatepass"), found.span()
