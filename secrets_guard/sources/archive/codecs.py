"""The ways of compressing -> one manner of taking them back, in bounded memory: that of ``bz2`` and ``lzma``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

MEMORY = 160 << 20
"""Bytes that one decompressor may need: xz -9 takes 65 MiB, zstd --ultra and --long 128 MiB."""
WINDOW = 128 << 20
_OUTPUT = 1 << 20
_SMALL_OUTPUT = 32 << 10


class Decompressor(Protocol):
    """What bz2, lzma and lz4 offer, and ``_Deflate`` and ``Zstandard`` imitate."""

    @property
    def eof(self) -> bool:
        """Whether the end of the compressed stream was seen."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out before more goes in."""

    @property
    def unused_data(self) -> bytes:
        """What was given beyond the end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take ``data`` and return at most ``max_length`` bytes."""
        ...


class Format(NamedTuple):
    """One way of compressing. ``magics``: what a stream, and each further part of it, begins with."""

    name: str
    magics: tuple[bytes, ...]
    make: Callable[[], Decompressor]
    output: int = _SMALL_OUTPUT
    """Bytes to ask for at once: what is lost where a stream breaks that can't be taken up again."""
    package: str = ""
    """What has to be installed for it."""


class _Deflate:
    """zlib's decompressor with the manners of the others; a call that fails gives what it had in ``salvaged``."""

    def __init__(self, wbits: int) -> None:
        import zlib

        self._inner = zlib.decompressobj(wbits)
        self._tail = b""
        self.eof, self.needs_input, self.unused_data, self.salvaged = False, True, b"", b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most ``max_length`` bytes."""
        inner = self._inner
        data = self._tail + data if self._tail else data
        before = inner.copy()
        try:
            out = inner.decompress(data, max_length)
        except Exception:
            self.salvaged = _salvage(before, data, max_length)
            raise
        self._tail = inner.unconsumed_tail
        self.needs_input = not self._tail and len(out) < max_length
        if inner.eof:
            self.eof, self.unused_data = True, inner.unused_data
        return out


def _salvage(inner: Any, data: bytes, most: int) -> bytes:
    """Feed a stream that breaks in ``data`` byte by byte, and return what comes before the break."""
    parts: list[bytes] = []
    try:
        for at in range(len(data)):
            part = inner.decompress(data[at : at + 1], most)
            most -= len(part)
            parts.append(part)
            if most <= 0:
                break
    except Exception:  # noqa: BLE001 - the very break
        return b"".join(parts)
    return b"".join(parts)


class _Stored:
    """What is not compressed at all, with the manners of the others."""

    eof, unused_data = False, b""

    def __init__(self) -> None:
        self._data, self.needs_input = b"", True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most ``max_length`` bytes."""
        data = self._data + data
        self._data = data[max_length:]
        self.needs_input = not self._data
        return data[:max_length]


class _Deflate64:
    """The inflate64 package, which gives all that comes of what it is given, with the manners of the others."""

    _STEP = 256
    """Bytes to give at once: a match of 64 KiB may take but two bits."""

    def __init__(self) -> None:
        import inflate64

        self._inner = inflate64.Inflater()
        self._data = self._ready = self.unused_data = b""
        self.eof, self.needs_input = False, True

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most ``max_length`` bytes."""
        self._data += data
        while self._data and not self._ready and not self._inner.eof:
            part, self._data = self._data[: self._STEP], self._data[self._STEP :]
            self._ready = self._inner.inflate(part)
        out, self._ready = self._ready[:max_length], self._ready[max_length:]
        self.eof = self._inner.eof and not self._ready
        self.needs_input = not self._ready and not self._data
        return out


def _bzip2() -> Decompressor:
    import bz2

    return bz2.BZ2Decompressor()


def _xz() -> Decompressor:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)


def _lzma() -> Decompressor:
    import lzma

    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY)


def _zstandard() -> Decompressor:
    from secrets_guard.sources.archive.zstandard import Zstandard

    return Zstandard(WINDOW)


def _lz4() -> Decompressor:
    import lz4.frame

    made: Decompressor = lz4.frame.LZ4FrameDecompressor()
    return made


_SKIPPED = tuple(bytes([0x50 + number, 0x2A, 0x4D, 0x18]) for number in range(16))
"""Frames of zstd and lz4 that hold something else: RFC 8878, section 3.1.2."""

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("gzip", (b"\x1f\x8b\x08",), lambda: _Deflate(31), _OUTPUT),
        Format("bzip2", (b"BZh",), _bzip2),
        Format("xz", (b"\xfd7zXZ\0",), _xz),
        Format("lzma", (), _lzma),
        Format("zstd", (b"\x28\xb5\x2f\xfd", *_SKIPPED), _zstandard, _OUTPUT, "zstandard"),
        Format("lz4", (b"\x04\x22\x4d\x18", *_SKIPPED), _lz4, package="lz4"),
        Format("zlib", (), lambda: _Deflate(15), _OUTPUT),
        Format("stored", (), _Stored, _OUTPUT),
        Format("deflate64", (), _Deflate64, package="inflate64"),
        Format("deflate", (), lambda: _Deflate(-15), _OUTPUT),
    )
}
"""By name. What is told by its first bytes is told by ``magic.py``."""


def lzma_properties(properties: bytes) -> dict[str, int]:
    """Return liblzma's filter for LZMA data by its five bytes of properties. Raises ValueError."""
    if len(properties) != 5 or properties[0] >= 225:
        raise ValueError("LZMA properties that can't be")
    number, dictionary = properties[0], int.from_bytes(properties[1:], "little")
    if dictionary > WINDOW:
        raise ValueError(f"it needs more than {WINDOW >> 20} MiB of memory to be read")
    lzma1 = 0x4000000000000001  # LZMA_FILTER_LZMA1, lzma/lzma12.h
    return {
        "id": lzma1, "dict_size": max(4096, dictionary),
        "lc": number % 9, "lp": number // 9 % 5, "pb": number // 45,
    }  # fmt: skip
