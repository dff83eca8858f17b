"""Named bytes -> blobs: the source for tests and for library users whose content is not in files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping

from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import FileOrigin, Origin
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.pieces import stream_pieces


class MemorySource:
    """Sweeps ``contents`` (name -> bytes), then reports ``problems``."""

    kind = "files"

    def __init__(self, contents: Mapping[str, bytes], problems: Iterable[Problem] = (), target: str = "memory") -> None:
        self.target = target
        self._contents = dict(contents)
        self._problems = tuple(problems)

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield the contents in the order given, large ones in pieces, then the problems."""
        for name, data in self._contents.items():
            if not data:
                stats.skipped["empty"] = stats.skipped.get("empty", 0) + 1
            yield from stream_pieces(io.BytesIO(data).read, name, name)
        yield from self._problems

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Return a file origin for each name."""
        return {name: [FileOrigin(name)] for name in ids}
