"""One stream -> blobs: a CI log, a patch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import Origin, StreamOrigin
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import expand
from secrets_guard.sources.archive.limits import Limits


class StreamSource:
    """Sweeps a binary stream, seekable or not, from where it stands to its end; ``limits``: of opening archives."""

    kind = "stdin"

    def __init__(self, stream: BinaryIO, name: str = "stdin", limits: Limits | None = None) -> None:
        self.target = name
        self._stream, self._limits = stream, limits or Limits()

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield the stream in pieces, an archive opened; a read that fails ends it with a Problem."""
        empty, problems = True, list[Problem]()

        def read(size: int) -> bytes:
            try:
                return self._read(size)
            except (OSError, ValueError) as error:
                # Ending the stream here keeps what was read so far in the sweep.
                reason = getattr(error, "strerror", None) or "the stream is closed or can't be read"
                problems.append(Problem("unreadable", self.target, f"reading stopped: {reason}"))
                return b""

        for item in expand(self.target, self.target, read, self._limits, stats):
            empty = False
            yield item
        if empty and not problems:
            count(stats.skipped, "empty")
        yield from problems[:1]

    def _read(self, size: int) -> bytes:
        while True:
            data: bytes | None = self._stream.read(size)
            if data is not None:
                return data
            # None is a non-blocking stream that has nothing yet; taking it for the end would drop the rest.
            import select

            select.select([self._stream], [], [])

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Return the stream's origin for each id."""
        return {name: [StreamOrigin(name)] for name in ids}
