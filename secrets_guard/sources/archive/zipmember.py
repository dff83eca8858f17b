"""A zip member's headers -> what they say, and its stored bytes -> its content, checked.

Format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple
from zlib import crc32

from secrets_guard.model.result import Problem
from secrets_guard.sources.archive.codecs import FORMATS, Decompressor, Format, lzma_properties
from secrets_guard.sources.archive.entry import Entry, Read, shown_path
from secrets_guard.sources.archive.limits import Budget
from secrets_guard.sources.archive.stream import Stream

LOCAL, CENTRAL = Struct("<4s5H3I2H"), Struct("<4s6H3I5H2I")
LOCAL_MAGIC, CENTRAL_MAGIC, DESCRIPTOR_MAGIC = b"PK\3\4", b"PK\1\2", b"PK\7\x08"
_LZMA = 14
_METHODS = {8: "deflate", 9: "deflate64", 12: "bzip2", 14: "lzma", 20: "zstd", 93: "zstd", 95: "xz"}
_DEFLATE64 = 9
_NAMES = {1: "shrink", 6: "implode", 9: "deflate64 in a stream", 96: "jpeg", 97: "wavpack", 98: "PPMd", 99: "AES"}
_ENCRYPTED, _DESCRIBED_BEHIND, _UTF8 = 1, 8, 0x800
_UNKNOWN = 0xFFFFFFFF
_ZIP64 = 1
_PART = 1 << 20


class Member(NamedTuple):
    """What a header says. Sizes in bytes; ``packed`` and ``size`` are 0 where they stand behind the content."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int = 0

    @property
    def described_behind(self) -> bool:
        """Whether checksum and sizes stand behind the content."""
        return bool(self.flags & _DESCRIBED_BEHIND)

    @property
    def path(self) -> str:
        """Return the name as a path to show: UTF-8, or else the old IBM characters that the format prescribes."""
        name = self.name.replace(b"\\", b"/") if b"/" not in self.name else self.name
        if not self.flags & _UTF8:
            try:
                name.decode("utf-8")
            except UnicodeDecodeError:
                name = name.decode("cp437").encode()
        return shown_path(name)


def is_local(head: bytes) -> bool:
    """Tell whether this is a member's own header, by its magic and a method that there is."""
    if len(head) < LOCAL.size or not head.startswith(LOCAL_MAGIC):
        return False
    method = int.from_bytes(head[8:10], "little")
    return not method or method in _METHODS or method in _NAMES


def with_extra(member: Member, extra: bytes) -> Member:
    """Return the member with the sizes and the offset that a zip64 extra field gives."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == _ZIP64:
            numbers = [int.from_bytes(extra[n : n + 8], "little") for n in range(at + 4, at + size - 3, 8)]
            # Only those are there whose own field is full, in this order.
            full = [name for name in ("size", "packed", "offset") if getattr(member, name) == _UNKNOWN]
            made = dict(zip(full, numbers, strict=False))
            size_, packed = made.get("size", member.size), made.get("packed", member.packed)
            return member._replace(size=size_, packed=packed, offset=made.get("offset", member.offset))
        at += 4 + size
    return member


class Content:
    """A member's content. ``read`` gives it; then ``problem`` tells whether it was what the headers say."""

    __slots__ = ("_crc", "_read", "_stream", "_where", "size")

    def __init__(self, member: Member, read: Read, where: str, budget: Budget) -> None:
        """``read``: the stored bytes. Raises ImportError where a package is missing, ValueError for what can't be."""
        self._crc, self.size, self._where = 0, 0, where
        self._stream: Stream | None = None
        self._read = read
        if member.method:
            format_ = raw_lzma(read) if member.method == _LZMA else FORMATS[_METHODS[member.method]]
            # LZMA need not mark its end.
            ends_at = member.size if member.method == _LZMA and not member.described_behind else -1
            self._stream = Stream(format_._replace(magics=()), read, where, budget, ends_at=ends_at)
            self._read = self._stream.read

    def read(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes."""
        data = self._read(wanted)
        self._crc = crc32(data, self._crc)
        self.size += len(data)
        return data

    def rest(self) -> bytes:
        """Return what was read of the stored bytes beyond the end of the content."""
        return self._stream.rest if self._stream else b""

    def finish(self) -> None:
        """Read on to the end."""
        while self.read(_PART):
            pass

    def problem(self, crc: int, size: int) -> Problem | None:
        """Return what was wrong with the content, which was read to its end, by the headers' checksum and size."""
        if self._stream is not None and self._stream.problem is not None:
            return self._stream.problem
        if self.size != size:
            return Problem("damaged", self._where, f"zip: {self.size:,} bytes instead of {size:,}; swept as it is")
        if self._crc != crc:
            return Problem("damaged", self._where, "zip: its checksum is wrong; swept as it is")
        return None


def content_of(member: Member, read: Read, where: str, budget: Budget) -> Content | Problem:
    """Return a member's content, or the Problem that it can't be read."""
    where = f"{where}!/{member.path}"
    if member.flags & _ENCRYPTED:
        return Problem("encrypted", where, "zip: it needs a password; not swept")
    # The package for deflate64 does not tell where it ended.
    endless = member.method == _DEFLATE64 and member.described_behind and not member.packed
    if endless or (member.method and member.method not in _METHODS):
        name = _NAMES.get(member.method, f"method {member.method}")
        return Problem("unsupported", where, f"zip: compressed by {name}, which can't be read; not swept")
    try:
        return Content(member, read, where, budget)
    except ImportError as error:
        return Problem("unsupported", where, f"zip: not swept; pip install {error.name}")
    except ValueError as error:
        return Problem("damaged", where, f"zip: {error}; not swept")


def entry_of(member: Member, content: Content) -> Entry:
    """Return the member as an entry."""
    kind = "dir" if member.name.endswith((b"/", b"\\")) and not member.size else "file"
    return Entry(member.path, member.name, -1 if member.described_behind else member.size, kind, "", content.read)


def raw_lzma(read: Read) -> Format:
    """Return the format of LZMA data without a header, by the properties that ``read`` gives before them."""
    head = b""
    while len(head) < 4 or len(head) < 4 + int.from_bytes(head[2:4], "little"):
        part = read(1)
        if not part:
            raise ValueError("cut short")
        head += part
    return lzma_format(head[4:])


def lzma_format(properties: bytes) -> Format:
    """Return the format of raw LZMA data by its properties. Raises ValueError."""
    chain = lzma_properties(properties)

    def make() -> Decompressor:
        import lzma

        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain])

    return Format("lzma", (), make)
