"""A content that is said to have a digest and a size -> the same content, and whether it had them."""

from __future__ import annotations

import hashlib

from secrets_guard.sources.archive.entry import Read

_PART = 1 << 20


class Checked:
    """A read that counts and hashes what goes by; it ends where the content should, so nothing endless gets through."""

    def __init__(self, read: Read, digest: str, size: int) -> None:
        """``digest``: ``algorithm:hex``, only ``algorithm:`` to compute it, or empty; ``size`` in bytes or -1."""
        self._read, self._left = read, size
        self._algorithm, _, self._wanted = digest.partition(":")
        self._hash = hashlib.new(self._algorithm) if digest else None
        self._ended = False
        self.taken = 0

    def __call__(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes; none at the end."""
        if self._left >= 0:
            wanted = min(wanted, self._left)
        data = self._read(wanted) if wanted else b""
        if not data:
            self._ended = True
            return b""
        self.taken += len(data)
        if self._left >= 0:
            self._left -= len(data)
        if self._hash is not None:
            self._hash.update(data)
        return data

    @property
    def digest(self) -> str:
        """The digest of what went by so far; empty where none was asked for."""
        return f"{self._algorithm}:{self._hash.hexdigest()}" if self._hash is not None else ""

    def finish(self) -> str:
        """Read what is left, and return what is wrong with the content: empty where it is what it should be."""
        while self(_PART):
            pass
        if self._left > 0:
            return f"cut short: {self._left:,} of {self.taken + self._left:,} bytes are missing"
        if self._left == 0 and self._read(1):
            return f"longer than the {self.taken:,} bytes that it should have; the rest is not read"
        if self._wanted and self.digest != f"{self._algorithm}:{self._wanted}":
            return f"not what its digest says: it should be {self._algorithm}:{self._wanted[:12]}…"
        return ""
