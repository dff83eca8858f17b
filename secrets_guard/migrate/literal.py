"""The content of a configuration file -> its values, each with where it stands, and the content with others there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.model.secret import Secret


class Literal(NamedTuple):
    """A value; ``start`` and ``end`` are the byte offsets of what a reference is put in place of, between ``mark``."""

    name: str
    """As the file calls it; in a nested one the names from the top, joined by full stops."""
    secret: Secret
    start: int
    end: int
    mark: str = ""
    """A quotation mark, where what is replaced has them around it."""


Reader = Callable[[bytes], Iterable[Literal]]
"""Raises ValueError, with words that hold no value, for a content that is not of the format."""


def reader_of(path: str) -> Reader | None:
    """Return what reads a file of that name: dotenv, YAML, JSON, properties; None for any other."""
    name = os.path.basename(path).lower()
    stem, extension = os.path.splitext(name)
    if name in (".env", ".envrc") or stem == ".env" or name.startswith(".env.") or extension == ".env":
        from secrets_guard.migrate.dotenv_literals import read

        return read
    if extension in (".yaml", ".yml"):
        from secrets_guard.migrate.yaml_literals import read

        return read
    if extension == ".json":
        from secrets_guard.migrate.json_literals import read

        return read
    if extension == ".properties":
        from secrets_guard.migrate.properties_literals import read

        return read
    return None


def read_literals(path: str, content: bytes) -> list[Literal]:
    """Return the values of a file in the order in which they stand. Raises SourceError where it can't be read so."""
    reader = reader_of(path)
    if reader is None:
        raise SourceError(f"{path}: not a .env, YAML, JSON or properties file by its name: it has to be done by hand")
    try:
        return sorted(reader(content), key=lambda one: one.start)
    except UnicodeDecodeError:
        raise SourceError(f"{path}: not UTF-8; convert it first") from None
    except ValueError as error:
        raise SourceError(f"{path}: {error}") from None


def with_references(path: str, content: bytes, references: Mapping[Literal, str]) -> bytes:
    """Return the content with references in place of literals.

    Raises SourceError unless what comes out reads as the same values in the same places but for those.
    """
    made, end = [], 0
    for one in sorted(references, key=lambda one: one.start):
        made += [content[end : one.start], f"{one.mark}{references[one]}{one.mark}".encode()]
        end = one.end
    new = b"".join((*made, content[end:]))
    wanted = [
        (one.name, references[one].encode() if one in references else one.secret.reveal())
        for one in read_literals(path, content)
    ]
    if [(one.name, one.secret.reveal()) for one in read_literals(path, new)] != wanted:
        raise SourceError(f"{path}: its values can't be replaced without changing others: it has to be done by hand")
    return new


def byte_spans(text: str, spans: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return for each end of ``spans`` (in characters) its offset in the bytes of the text (UTF-8)."""
    places = sorted({place for span in spans for place in span})
    offsets: dict[int, int] = {}
    before = total = 0
    for place in places:
        total += len(text[before:place].encode())
        offsets[place], before = total, place
    return offsets
