"""The first bytes of a content -> what kind of archive it is. Names tell nothing here."""

from __future__ import annotations

from secrets_guard.sources.archive import ar, cpio, rpm
from secrets_guard.sources.archive.stream import FORMATS
from secrets_guard.sources.archive.tar import is_header

HEAD = 1024
"""Bytes from the beginning that are enough to tell."""
TAIL, _END_MAGIC = 22, b"PK\5\6"
_BLOCK = 512
_KINDS = {
    b"PK\3\4": "zip", b"PK\5\6": "zip", b"PK\7\x08PK": "zip", b"PK00PK": "zip", ar.MAGIC: "ar", rpm.MAGIC: "rpm",
    b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar", b"MSCF\0\0\0\0": "cab", b"\x1f\x9d": "compress",
    **dict.fromkeys(cpio.MAGICS, "cpio"),
}  # fmt: skip
"""What is not told by one of FORMATS."""
_MAGICS = tuple(_KINDS)
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""A window of 32 KiB, each level: RFC 1950, section 2.2."""
_LZMA = b"\x5d\0\0"
_BZIP2_BLOCK = b"1AY&", b"\x17rE8"
_STREAMS = {magic: name for name, one in FORMATS.items() for magic in one.magics}
_STREAM_MAGICS = tuple(_STREAMS)


def kind_of(head: bytes) -> str:
    """Return the kind of archive that begins with ``head``, or an empty string."""
    for magic in _MAGICS:
        if head.startswith(magic):
            return _KINDS[magic]
    for magic in _STREAM_MAGICS:
        if head.startswith(magic):
            return "" if magic == b"BZh" and head[4:8] not in _BZIP2_BLOCK else _STREAMS[magic]
    # Tars from before "ustar" have the checksum alone.
    if is_header(head[:_BLOCK]):
        return "tar"
    if head.startswith(_LZMA) and _is_lzma(head):
        return "lzma"
    return "zlib" if head.startswith(_ZLIB) and _is_zlib(head) else ""


def ends_as_zip(tail: bytes) -> bool:
    """Tell by the last TAIL bytes whether a content ends as a zip without a comment does, whatever stands before."""
    return tail.startswith(_END_MAGIC)


def kind_of_whole(data: bytes) -> str:
    """Return the kind of archive that a whole content is, or an empty string."""
    return kind_of(data) or ("zip" if ends_as_zip(data[-TAIL:]) else "")


def _is_lzma(head: bytes) -> bool:
    """Tell by the sizes of dictionary and content, and the first byte of the coder: it is always 0."""
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    plausible = size == (1 << 64) - 1 or size < 1 << 48
    return len(head) > 18 and not head[13] and plausible and dictionary & (dictionary - 1) == 0


def _is_zlib(head: bytes) -> bool:
    """Tell by what comes out: two bytes are too little to go by, text may begin with them."""
    import zlib

    inner = zlib.decompressobj()
    try:
        return bool(inner.decompress(head, HEAD)) or inner.eof
    except zlib.error:
        return False
