"""An iterator over parts of a stream -> ``read(n)``."""

from __future__ import annotations

from collections.abc import Iterable

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive.entry import Read


def reader(chunks: Iterable[bytes], failures: tuple[type[Exception], ...], where: str) -> Read:
    """Return a read of all chunks one behind the other; ``failures`` while they are fetched become SourceErrors."""
    left, rest = b"", iter(chunks)

    def read(wanted: int) -> bytes:
        nonlocal left
        try:
            while not left:
                following = next(rest, None)
                if following is None:
                    return b""
                left = following
        except failures as error:
            raise SourceError(f"{where}: the stream ended early: {type(error).__name__}") from None
        data, left = left[:wanted], left[wanted:]
        return data

    return read
