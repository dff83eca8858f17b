"""What every container reader yields: one member, readable until the next is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

Read = Callable[[int], bytes]
"""``read(n)`` returns at most n bytes, and none at the end only."""

NO_XATTRS: Mapping[str, bytes] = MappingProxyType({})


class Entry(NamedTuple):
    """A member of a container. ``path`` is a name to show, never one to open: ``..`` and a first ``/`` stay in it."""

    path: str
    """``/``-separated, without ``./`` in front and ``/`` behind; bytes that are not UTF-8 as surrogates."""
    raw: bytes
    """The name as it is stored."""
    size: int
    """Bytes as stored in the container's header, holes included; -1 where only the end of the content tells."""
    kind: str
    """``file``, ``hardlink``, ``symlink``, ``dir``, ``device``, ``other``, ``raw`` (swept as it is), or an RPM's
    ``payload``."""
    link: str
    """Where a link leads, as it is stored."""
    read: Read
    """The content, until the next entry is asked for."""
    xattrs: Mapping[str, bytes] = NO_XATTRS
    """Extended attributes by name."""


def shown_path(raw: bytes) -> str:
    """Return a stored name as a path to show."""
    path = raw.decode("utf-8", "surrogateescape")
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    if "//" in path or "/./" in path:
        path = "/".join(part for index, part in enumerate(path.split("/")) if not index or part not in ("", "."))
    return path[:-1] if len(path) > 1 and path.endswith("/") else path


def chained(begun: bytes, read: Read) -> Read:
    """Return a read of what was begun and then of the rest."""
    at = 0

    def both(wanted: int) -> bytes:
        nonlocal at
        if at >= len(begun):
            return read(wanted)
        data = begun[at : at + wanted]
        at += len(data)
        return data

    return both


def gather(read: Read, size: int) -> bytes:
    """Return the next ``size`` bytes, fewer at the end only."""
    data = read(size)
    if len(data) == size or not data:
        return data
    parts, missing = [data], size - len(data)
    while missing > 0 and (data := read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


def nothing(_wanted: int) -> bytes:
    """Read of an entry without content."""
    return b""
