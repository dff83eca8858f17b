"""Zstandard, some blocks at a time: the package's own decompressor takes what it is given whole, whatever that becomes.

A block yields at most 128 KiB, so handing over few of them bounds the output. Format: RFC 8878, section 3.1.
"""

from __future__ import annotations

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = b"\x2a\x4d\x18"
_BLOCK = 128 << 10
_RLE = 1
_DICTIONARY_ID = (0, 1, 2, 4)
_CONTENT_SIZE = (0, 2, 4, 8)


class Zstandard:
    """Decompresses one frame; the manners are those of ``bz2.BZ2Decompressor``."""

    def __init__(self, window: int) -> None:
        """``window``: bytes of the largest window to allow. Raises ImportError without the zstandard package."""
        import zstandard

        self._inner = zstandard.ZstdDecompressor(max_window_size=window).decompressobj()
        self._stage = "frame"
        self._data = self._ready = b""
        self._checksum = False
        self._skip = 0
        self.eof, self.needs_input, self.unused_data = False, True, b""
        self.salvaged = b""
        """What a call that failed had until then."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most ``max_length`` bytes. Raises ZstdError."""
        self._data += data
        taken = 0
        if not self._ready:
            taken = self._skipped() or self._units(max(1, max_length // _BLOCK))
        out, self._ready = self._ready[:max_length], self._ready[max_length:]
        if self._stage == "done" and not self._ready:
            self.eof, self.unused_data = True, self._data
        self.needs_input = not taken and not self._ready
        return out

    def _skipped(self) -> int:
        """Pass over what is there of a frame that holds something else; return how many bytes that was."""
        data = self._data
        if self._stage == "frame" and len(data) >= 8 and data[1:4] == _SKIPPABLE:
            self._stage, self._skip = "skip", 8 + int.from_bytes(data[4:8], "little")
        if self._stage != "skip":
            return 0
        passed = min(self._skip, len(data))
        self._data = data[passed:]
        self._skip -= passed
        if not self._skip:
            self._stage = "done"
        return passed

    def _units(self, blocks: int) -> int:
        """Decompress what is at hand of header, at most so many blocks, and checksum; return how many bytes it was."""
        data, at, parts = self._data, 0, list[bytes]()
        try:
            while self._stage != "done" and blocks:
                size = self._size(data, at)
                if not size or size > len(data) - at:
                    break
                parts.append(self._inner.decompress(data[at : at + size]))
                if self._stage == "block":
                    blocks -= 1
                    if data[at] & 1:
                        self._stage = "checksum" if self._checksum else "done"
                elif self._stage == "frame":
                    self._stage, self._checksum = "block", bool(data[at + 4] & 4)
                else:
                    self._stage = "done"
                at += size
        finally:
            self._ready = self.salvaged = b"".join(parts)
        self._data = data[at:] if at else data
        return at

    def _size(self, data: bytes, at: int) -> int:
        """Return the size in bytes of the unit that begins there; 0 where too little of it is there to tell."""
        if self._stage == "checksum":
            return 4
        if self._stage == "block":
            if len(data) - at < 3:
                return 0
            header = int.from_bytes(data[at : at + 3], "little")
            # One that is larger than any block can be is handed over, to be refused.
            return 3 + (1 if header >> 1 & 3 == _RLE else min(header >> 3, _BLOCK))
        if len(data) - at < 5:
            return 0
        if data[at : at + 4] != _MAGIC:
            return len(data) - at
        descriptor = data[at + 4]
        single = descriptor >> 5 & 1
        return 6 - single + _DICTIONARY_ID[descriptor & 3] + (_CONTENT_SIZE[descriptor >> 6] or single)
