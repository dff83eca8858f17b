"""A whole content -> whether it may be an archive, told at a glance: what every file that is none pays for."""

from __future__ import annotations

FIRST_BYTES = frozenset(
    (
        b"PK", b"\x1f\x8b", b"\x1f\x9d", b"BZ", b"\xfd7", b"\x28\xb5", b"\x04\x22", b"]\0", b"x\x01", b"x^", b"x\x9c",
        b"x\xda", b"7z", b"Ra", b"MS", b"!<", b"\xed\xab", b"07", *(bytes([0x50 + low, 0x2A]) for low in range(16)),
    )
)  # fmt: skip
"""How any archive or compressed file begins, tar files apart; magic.py looks closer."""
ZIP_END = 22, b"PK\5\6"
"""How many bytes before its end a zip without a comment has what."""
_BLOCK = 512


def suspect(data: bytes) -> bool:
    """Tell whether ``magic.kind_of`` should have a look: its first bytes, a tar's mark, a zip's end, whole blocks."""
    size = len(data)
    return (
        data[:2] in FIRST_BYTES
        or data[257:262] == b"ustar"
        or data[-ZIP_END[0] :].startswith(ZIP_END[1])
        or (not size % _BLOCK and size > _BLOCK)
    )
