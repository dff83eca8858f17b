"""Archives and compressed files -> the blobs inside, nested, within limits; nothing is ever written to disk.

The doors are here; what they need is imported when the first archive turns up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats
from secrets_guard.sources.archive.glance import suspect

if TYPE_CHECKING:
    from secrets_guard.sources.archive.limits import Limits

__all__ = ["expand", "inside", "is_archive", "suspect"]


def inside(blob: Blob, limits: Limits, stats: Stats) -> Iterator[Blob | Problem]:
    """Yield what is in a whole content that ``suspect`` thinks to be an archive, or the blob itself where it is none.

    The members have the blob's id; their path within it is ``Blob.inside``, behind the hint where there is one. An
    archive that can't be opened is swept as it is, and counted in ``stats.skipped["archive"]``.
    """
    from secrets_guard.sources.archive import magic
    from secrets_guard.sources.archive.entry import nothing
    from secrets_guard.sources.archive.opening import Opening, Source, held

    kind = magic.kind_of_whole(blob.data)
    if not kind:
        yield blob
        return
    size = len(blob.data)
    opening = Opening(blob.id, blob.hint, limits, stats, size)
    yield from opening.whole(Source(blob.data, nothing, size, held(blob.data)), kind)


def is_archive(at: Callable[[int, int], bytes], size: int) -> bool:
    """Tell whether a content of which any part can be read is an archive, by its first and last bytes."""
    head = at(0, 1024)
    if not suspect(head) and not at(max(0, size - 22), 22).startswith(b"PK\5\6"):
        return False
    from secrets_guard.sources.archive import magic

    return bool(magic.kind_of(head)) or magic.ends_as_zip(at(max(0, size - magic.TAIL), magic.TAIL))


def expand(
    id: str,
    hint: str,
    read: Callable[[int], bytes],
    limits: Limits,
    stats: Stats,
    *,
    size: int = -1,
    at: Callable[[int, int], bytes] | None = None,
) -> Iterator[Blob | Problem]:
    """Yield a content of any size in pieces, or what is in it where it is an archive; ``inside`` is for small ones.

    ``read(n)`` gives at most n bytes and none at the end only; ``size`` is in bytes, -1 where only the end tells;
    ``at(offset, size)`` gives any part, where that can be had: a zip is then read by its directory.
    """
    from secrets_guard.sources.archive import magic
    from secrets_guard.sources.archive.entry import chained, gather
    from secrets_guard.sources.archive.opening import Opening, Source
    from secrets_guard.sources.pieces import SIZES, stream_pieces

    head = gather(read, SIZES.piece)
    kind = magic.kind_of(head)
    if not kind and at is not None and magic.ends_as_zip(at(max(0, size - magic.TAIL), magic.TAIL)):
        kind = "zip"
    if not kind:
        yield from stream_pieces(chained(head, read), id, hint)
        return
    opening = Opening(id, hint, limits, stats, max(0, size))
    if size < 0:
        opening.budget.read = len(head)
        read = opening.budget.metered(read)
    yield from opening.whole(Source(head, read, size, at), kind)
