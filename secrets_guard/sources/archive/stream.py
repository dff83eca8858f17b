"""A compressed stream -> what it holds, by ``read(n)`` in bounded memory; where it breaks, a Problem is left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.archive.limits import Budget

MEMORY = 160 << 20
"""Bytes that one decompressor may need: xz -9 takes 65 MiB, zstd --ultra and --long 128 MiB."""
WINDOW = 128 << 20
_INPUT = 64 << 10
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


class Stream:
    """What a compressed stream holds. After the end ``problem`` tells what was wrong, if anything.

    A stream of several parts, one behind the other (gzip, bzip2, xz, zstd), is read to the end of the last; ``rest``
    is what follows that is none. ``read`` gives what was there before the place where it broke.
    """

    def __init__(self, format_: Format, read: Read, where: str, budget: Budget, begun: bytes = b"") -> None:
        """``begun``: what was already read of the compressed stream. Raises ImportError where a package is missing."""
        self.problem: Problem | None = None
        self.rest = b""
        self._format, self._input, self._where, self._budget = format_, read, where, budget
        self._part: Decompressor | None = format_.make()
        self._data = begun
        self._dry = False

    def read(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes; none at the end, or where it broke, or where the budget is spent."""
        part = self._part
        wanted = min(wanted, self._format.output)
        while part is not None and wanted > 0 and not self._budget.reached:
            if part.needs_input and not self._data and not self._dry:
                self._data = self._input(_INPUT)
                self._dry = not self._data
            data, self._data = self._data, b""
            try:
                out = part.decompress(data, wanted)
            except Exception as error:  # noqa: BLE001 - each package has its own
                out = getattr(part, "salvaged", b"")
                self._broken(_reason(error))
            else:
                if part.eof:
                    self._following(part.unused_data or b"")
                elif not out and self._dry:
                    self._broken("cut short")
            if out:
                return out if self._budget.expand(len(out)) else b""
            part = self._part
        return b""

    def _following(self, behind: bytes) -> None:
        """Go on with the next part of the stream, or end it."""
        need = max((len(magic) for magic in self._format.magics), default=1)
        while True:
            # NULs fill the last block of a tape, and the last four bytes of an xz stream.
            behind = behind.lstrip(b"\0")
            if len(behind) >= need:
                break
            more = self._input(_INPUT)
            if not more:
                break
            behind += more
        if behind.startswith(self._format.magics):
            self._part, self._data = self._format.make(), behind
        else:
            self._part, self.rest = None, behind

    def read_rest(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes of what follows the end of the stream."""
        if self.rest:
            data, self.rest = self.rest[:wanted], self.rest[wanted:]
            return data
        return b"" if self.problem else self._input(wanted)

    def _broken(self, reason: str) -> None:
        self._part = None
        if not self._budget.reached:
            message = f"{self._format.name}: {reason}; what comes before is swept"
            self.problem = Problem("damaged", self._where, message)


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    if "memory" in text.lower() or "window" in text.lower():
        return f"it needs more than {MEMORY >> 20} MiB of memory to be read"
    return f"broken ({text[:80]})" if text else "broken"


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
        Format("deflate", (), lambda: _Deflate(-15), _OUTPUT),
    )
}
"""By name. What is told by its first bytes is told by ``magic.py``."""
