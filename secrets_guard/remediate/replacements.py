"""Secrets of a history -> the input by which ``git filter-repo`` takes them out of it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.migrate.moves import offset_of
from secrets_guard.model.finding import Finding
from secrets_guard.sources.git.command import Git

INSTEAD = b"REDACTED"
"""A word that no format has a meaning for, and our own judges know; filter-repo's own ``***REMOVED***`` is neither."""
_BINARY_WITHIN = 8192
"""As git does, filter-repo leaves a content alone that has a NUL byte among its first ones."""
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
SHORT = 8
"""Bytes: a shorter value may well stand elsewhere, where it means something else."""


class Replacements(NamedTuple):
    """``lines`` for --replace-text and --replace-message; ``blobs`` for --strip-blobs-with-ids: can't be edited."""

    lines: tuple[bytes, ...]
    blobs: tuple[str, ...]
    short: int = 0
    """How many values are shorter than SHORT."""


def replacements(repo: str, findings: Iterable[Finding]) -> Replacements:
    """Return what takes the findings of a sweep of ``repo`` (made with plain values) out of its history.

    Raises SourceError where a content can't be read.
    """
    git = Git(repo)
    values: set[bytes] = set()
    blobs: set[str] = set()
    for one in findings:
        if one.origin.kind == "commit-message":
            values.add(one.secret.encode("utf-8", "surrogateescape"))
            continue
        blob = one.blob_id.partition("\0")[0]
        content = git.ask("cat-file", "blob", blob)
        if b"\0" in content[:_BINARY_WITHIN] or "!/" in one.location.path:
            blobs.add(blob)
        else:
            values.add(_written(content, one))
    # The longest first: another may be a part of it.
    ordered = sorted(values, key=lambda value: (-len(value), value))
    return Replacements(
        tuple(_line(value) for value in ordered), tuple(sorted(blobs)), sum(len(value) < SHORT for value in values)
    )


def _written(content: bytes, finding: Finding) -> bytes:
    """Return a secret as the content has it, encoded or not."""
    place = finding.location
    start = offset_of(content, place.start_line, place.start_column)
    value = content[start : offset_of(content, place.end_line, place.end_column + 1)]
    if not value:
        raise SourceError(f"{place.path}:{place.start_line}: the secret is not where the sweep found it")
    return value


def _line(value: bytes) -> bytes:
    if not _CONTROL.search(value):
        return b"literal:" + value + b"==>" + INSTEAD
    # A line of the input can't hold a line break, but an expression for one.
    pattern = re.escape(value)
    pattern = re.sub(rb"\\?([\x00-\x1f\x7f])", lambda found: b"\\x%02x" % found[1][0], pattern)
    return b"regex:" + pattern + b"==>" + INSTEAD


def write_private(path: str, content: bytes) -> None:
    """Write a new file that nobody else can read. Raises SourceError where it can't be, or is there already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(content)
    except FileExistsError:
        raise SourceError(f"{path}: is there already; name a new file, or delete it") from None
    except OSError as error:
        raise SourceError(f"{path}: can't be written: {error.strerror}") from None
