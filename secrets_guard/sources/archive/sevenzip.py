"""A 7z archive of which any part can be read -> its entries; each folder goes by as one stream, in bounded memory.

py7zr hands over by callbacks and decompresses without a bound on memory, hence this reader (docs/house.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.codecs import FORMATS, WINDOW, Decompressor, Format, lzma_properties
from secrets_guard.sources.archive.entry import Entry, gather
from secrets_guard.sources.archive.feed import Body, Feed
from secrets_guard.sources.archive.limits import Budget
from secrets_guard.sources.archive.sevenheader import ENCODED, Coder, Folder, Listing, parse
from secrets_guard.sources.archive.stream import Stream
from secrets_guard.sources.archive.zipped import At, reader

_SIGNATURE = 32
_LARGEST_HEADER = 64 << 20
_ENCRYPTED = b"\x06\xf1\x07\x01"
_LZMA, _LZMA2, _DELTA = b"\3\1\1", b"\x21", b"\3"
_BRANCHES = {
    b"\4": 4, b"\3\3\1\3": 4, b"\5": 5, b"\3\3\2\5": 5, b"\6": 6, b"\3\3\4\1": 6, b"\7": 7, b"\3\3\5\1": 7,
    b"\x08": 8, b"\3\3\7\1": 8, b"\t": 9, b"\3\3\x08\5": 9,
}  # fmt: skip
"""Method -> liblzma's filter for calls and jumps: x86, PowerPC, IA-64, ARM, ARM Thumb, SPARC."""
_SINGLE = {
    b"\4\1\x08": "deflate", b"\4\1\t": "deflate64", b"\4\2\2": "bzip2", b"\4\xf7\x11\1": "zstd", b"\4\xf7\x11\4": "lz4",
}  # fmt: skip
_NAMES = {b"\3\4\1": "PPMd", b"\3\3\1\x1b": "BCJ2", b"\n": "ARM64"}
_PART = 1 << 20


def entries(at: At, size: int, where: str, budget: Budget) -> Iterator[Entry | Problem]:
    """Yield the entries of an archive of ``size`` bytes, and the Problems met."""
    start = at(0, _SIGNATURE)
    offset, length = int.from_bytes(start[12:20], "little"), int.from_bytes(start[20:28], "little")
    if len(start) < _SIGNATURE or _SIGNATURE + offset + length > size:
        yield Problem("damaged", where, "7z: cut short: the list of its files, which stands at the end, is missing")
        return
    listing = _listing(at, at(_SIGNATURE + offset, length) if length <= _LARGEST_HEADER else b"", where, budget)
    if isinstance(listing, Problem):
        yield listing
        return
    with_content = (name for name, full in listing.files if full)
    for folder in listing.folders:
        names = [next(with_content, "<unnamed>").replace("\\", "/") for _ in folder.parts]
        opened = _opened(at, folder, where, budget)
        if isinstance(opened, Problem):
            yield from (opened._replace(where=f"{where}!/{name}") for name in names)
            continue
        feed = Feed(opened.read)
        for name, part, crc in zip(names, folder.parts, folder.checks, strict=True):
            yield from _part(feed, name, part, crc, where)
        if opened.problem is not None:
            yield opened.problem


def _part(feed: Feed, name: str, size: int, crc: int | None, where: str) -> Iterator[Entry | Problem]:
    body, seen = Body(feed, size), 0

    def read(wanted: int) -> bytes:
        nonlocal seen
        data = body.read(wanted)
        seen = crc32(data, seen)
        return data

    yield Entry(name, name.encode("utf-8", "surrogatepass"), size, "file", "", read)
    while read(_PART):
        pass
    if body.left:
        yield Problem("damaged", f"{where}!/{name}", f"7z: cut short, {body.left:,} of {size:,} bytes are missing")
    elif crc is not None and crc != seen:
        yield Problem("damaged", f"{where}!/{name}", "7z: its checksum is wrong; swept as it is")


def _listing(at: At, header: bytes, where: str, budget: Budget) -> Listing | Problem:
    """Return what the header tells; it may be compressed itself, more than once."""
    try:
        for _ in range(8):
            listing = parse(header) if header else Listing((), ())
            if not header or header[0] != ENCODED:
                return listing
            opened = _opened(at, listing.folders[0], where, budget)
            if isinstance(opened, Problem):
                return opened
            if listing.folders[0].size > _LARGEST_HEADER:
                return Problem(
                    "limit", where, f"7z: its list of files takes {listing.folders[0].size:,} bytes; not opened"
                )
            header = gather(opened.read, listing.folders[0].size)
    except (ValueError, IndexError):
        pass
    return Problem("damaged", where, "7z: the list of its files can't be read")


def _opened(at: At, folder: Folder, where: str, budget: Budget) -> Stream | Problem:
    """Return what a folder holds, as one stream, or the Problem that it can't be read."""
    if _ENCRYPTED in folder.methods:
        return Problem("encrypted", where, "7z: it needs a password; not swept")
    start = _SIGNATURE + folder.packed[0]
    try:
        format_ = _format(folder)
        return Stream(format_, reader(at, start, start + folder.packed[1]), where, budget, ends_at=folder.size)
    except ImportError as error:
        return Problem("unsupported", where, f"7z: not swept; pip install {error.name}")
    except ValueError as error:
        return Problem("unsupported", where, f"7z: {error}; not swept")


def _format(folder: Folder) -> Format:
    """Return how a folder is compressed. Raises ValueError for what can't be read."""
    chain = folder.chain
    if len(chain) == 1 and chain[0].method in _SINGLE:
        return FORMATS[_SINGLE[chain[0].method]]._replace(magics=())
    if len(chain) == 1 and chain[0].method == b"\0":
        return FORMATS["stored"]
    unknown = [one for one in folder.methods if one not in (_LZMA, _LZMA2, _DELTA, *_BRANCHES)]
    if unknown or not chain:
        name = _NAMES.get((unknown or [b""])[0], f"method {(unknown or [b''])[0].hex()}")
        raise ValueError(f"compressed by {name}, which can't be read")
    filters = [_filter(one) for one in chain]

    def make() -> Decompressor:
        import lzma

        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)

    return Format("lzma", (), make)


def _filter(coder: Coder) -> dict[str, int]:
    """Return a coder as liblzma's filter; numbers: lzma/filter.h. Raises ValueError."""
    if coder.method == _LZMA:
        return lzma_properties(coder.properties)
    if coder.method == _LZMA2:
        bits = coder.properties[0] if coder.properties else 40
        dictionary = (2 | bits & 1) << bits // 2 + 11
        if bits > 40 or dictionary > WINDOW:
            raise ValueError(f"it needs more than {WINDOW >> 20} MiB of memory to be read")
        return {"id": 0x21, "dict_size": dictionary}
    if coder.method == _DELTA:
        return {"id": 3, "dist": (coder.properties or b"\0")[0] + 1}
    return {"id": _BRANCHES[coder.method]}
