"""Files of git repositories that lie in a layer (``.git`` copied along) -> the objects of their histories."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.limits import Budget, Limits
from secrets_guard.sources.image.git_object import GitObject, TreeNames, loose_object
from secrets_guard.sources.image.git_pack import Pack

# Where objects lie: gitrepository-layout(5).
_OBJECT = re.compile(r"(?:(.*)/)?objects/(?:[0-9a-f]{2}/(?:[0-9a-f]{38}|[0-9a-f]{62})|pack/[^/]{1,100}\.pack)")
_LARGEST = 32 << 20
_MOST_SEEN = 300_000
MEMBER = "!/"


class GitFolders:
    """All repositories of one layer; their objects' ids end with ``!/`` and the object's name."""

    def __init__(self, prefix: str, where: str, limits: Limits) -> None:
        self._prefix, self._where, self._limits = prefix, where, limits
        self._names: dict[str, TreeNames] = {}
        self._seen: set[int] = set()

    def holds(self, path: str) -> bool:
        """Tell whether a file is one of a repository's objects, or a pack of them."""
        return "objects/" in path and _OBJECT.fullmatch(path) is not None

    def objects(self, path: str, data: bytes) -> Iterator[Blob | Problem]:
        """Yield the contents that a file of objects holds: of files, and the messages of commits and tags."""
        names = self._names.setdefault(_root(path), TreeNames())
        budget = Budget(self._limits, len(data))
        if path.endswith(".pack"):
            pack = Pack(data)
            yield from self._blobs(path, names, pack.objects(), budget)
            yield from self._gaps(path, pack, budget)
            return
        inner = zlib.decompressobj()
        try:
            inflated = inner.decompress(data, _LARGEST)
        except zlib.error:
            inflated = b""
        made = loose_object(inflated) if inner.eof else None
        if made is not None:
            yield from self._blobs(path, names, (made,), budget)
            return
        yield Blob(self._prefix + path, data, path)
        if inflated:
            message = f"a git object that breaks off, or has more than {_LARGEST:,} bytes: swept as it is stored"
            yield Problem("damaged", f"{self._where}: {path}", message)

    def shown(self, path: str) -> str:
        """Return a blob's path, the object's name replaced by the path that it had in the history, if it had one."""
        file, inside, name = path.rpartition(MEMBER)
        names = self._names.get(_root(file)) if inside else None
        known = "" if names is None else names.path(bytes.fromhex(name))
        return f"{file}{inside}{known}" if known else path

    def _blobs(self, path: str, names: TreeNames, objects: Iterable[GitObject], budget: Budget) -> Iterator[Blob]:
        for one in objects:
            if not budget.expand(len(one.content)) or not budget.member():
                return
            if one.kind == "tree":
                names.add(one)
                continue
            key = hash((id(names), one.name))
            if not one.content or key in self._seen:
                continue
            if len(self._seen) < _MOST_SEEN:
                self._seen.add(key)
            # Without a path of its own yet: a rule for certain files must not miss it for that.
            yield Blob(f"{self._prefix}{path}{MEMBER}{one.name.hex()}", one.content, names.path(one.name))

    def _gaps(self, path: str, pack: Pack, budget: Budget) -> Iterator[Problem]:
        where = f"{self._where}: {path}"
        if budget.reached:
            yield budget.problem(where)
            return
        if pack.broken >= 0:
            message = f"a git pack that breaks off at byte {pack.broken:,}; what comes before is swept"
            yield Problem("damaged", where, message)
        if pack.unresolved:
            message = f"{pack.unresolved:,} objects are differences from others that are not in this pack: not swept"
            yield Problem("damaged", where, message)
        if pack.too_large:
            yield Problem("limit", where, f"{pack.too_large:,} objects of more than {_LARGEST:,} bytes: not swept")


def _root(path: str) -> str:
    """Return the repository's folder, of a file that is one of its objects; else an empty string."""
    found = _OBJECT.fullmatch(path)
    return (found.group(1) or "") if found else ""
