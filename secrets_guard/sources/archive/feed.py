"""A stream of parts of any size -> exactly the bytes that a container's structure asks for."""

from __future__ import annotations

from secrets_guard.sources.archive.entry import Read

_PART = 1 << 20


class Feed:
    """Reads ahead by up to a MiB. ``offset`` is how many bytes were taken, ``ended`` whether the stream gave all."""

    __slots__ = ("_at", "_base", "_data", "_read", "ended")

    def __init__(self, read: Read, begun: bytes = b"") -> None:
        """``begun``: what was already read of the stream."""
        self._read = read
        self._data, self._at, self._base = begun, 0, 0
        self.ended = False

    @property
    def offset(self) -> int:
        """Return the offset in the stream of what comes next."""
        return self._base + self._at

    def peek(self, wanted: int) -> bytes:
        """Return the next ``wanted`` bytes, fewer at the end, and leave them there."""
        while len(self._data) - self._at < wanted and not self.ended:
            self._more(wanted)
        return self._data[self._at : self._at + wanted]

    def take(self, wanted: int) -> bytes:
        """Return the next ``wanted`` bytes, fewer at the end; ask for little only: they are held in memory."""
        stop = self._at + wanted
        if stop > len(self._data):
            data = self.peek(wanted)
            self._at += len(data)
            return data
        data = self._data[self._at : stop]
        self._at = stop
        return data

    def some(self, most: int) -> bytes:
        """Return at most ``most`` bytes, none at the end only."""
        if self._at >= len(self._data):
            if self.ended or most <= 0:
                return b""
            # What is large enough goes by without a copy.
            if most >= _PART:
                data = self._read(_PART)
                self.ended = not data
                self._base += self._at + len(data)
                self._data, self._at = b"", 0
                return data
            self._more(most)
        data = self._data[self._at : self._at + most]
        self._at += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Give back what was taken last."""
        self._base += self._at - len(data)
        self._data, self._at = data + self._data[self._at :], 0

    def skip(self, wanted: int) -> int:
        """Pass over ``wanted`` bytes; return how many there were."""
        passed = min(wanted, len(self._data) - self._at)
        self._at += passed
        while passed < wanted:
            data = self.some(min(wanted - passed, _PART))
            if not data:
                break
            passed += len(data)
        return passed

    def _more(self, wanted: int) -> None:
        part = self._read(max(_PART, wanted))
        if not part:
            self.ended = True
        self._data, self._base, self._at = self._data[self._at :] + part, self._base + self._at, 0


class Body:
    """The next ``left`` bytes of a feed, as the content of one entry."""

    __slots__ = ("_feed", "left")

    def __init__(self, feed: Feed, size: int) -> None:
        self._feed, self.left = feed, size

    def read(self, wanted: int) -> bytes:
        """Return at most ``wanted`` bytes; none at the end, of the entry or too early of the stream."""
        left = self.left
        if wanted > left:
            wanted = left
        if not wanted:
            return b""
        data = self._feed.some(wanted)
        self.left = left - len(data)
        return data
