"""Chunks of a stream -> chunks in which nothing of any occurrence of a pattern is left, wherever chunks end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import hyperscan

MARK = b"****"
SHOWN_WHEN_IDLE = 3
"""When a stream pauses inside what may become a pattern, up to so many bytes are let out, so that a prompt shows."""


# So many first bytes of a pattern are looked for at the end of a chunk, where one may have begun.
_HEAD = 4


class Patterns:
    """Byte strings of at least five bytes, compiled; each stream that is filtered makes a Redactor of them."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self.sorted = sorted(set(patterns))
        self.lengths = [len(pattern) for pattern in self.sorted]
        self.longest = max(self.lengths, default=0)
        self.beginnings = {pattern[:size] for pattern in self.sorted for size in range(1, _HEAD)}
        if self.sorted:
            self.database = _compiled(self.sorted, hyperscan.HS_MODE_STREAM)
            self.heads = _compiled(sorted({pattern[:_HEAD] for pattern in self.sorted}), hyperscan.HS_MODE_BLOCK)

    def begins(self, text: bytes) -> bool:
        """Tell whether a pattern goes on after this text."""
        place = bisect_left(self.sorted, text)
        if place < len(self.sorted) and self.sorted[place] == text:
            place += 1
        return place < len(self.sorted) and self.sorted[place].startswith(text)


def _compiled(literals: Sequence[bytes], mode: int) -> hyperscan.Database:
    made = hyperscan.Database(mode=mode)
    # Vectorscan's own way for literals ends them at a NUL.
    made.compile(
        expressions=[b"".join(b"\\x%02x" % byte for byte in literal) for literal in literals],
        ids=list(range(len(literals))), elements=len(literals), flags=[0] * len(literals),
    )  # fmt: skip
    return made


class Redactor:
    """Filters one stream. Bytes that no pattern can begin with any more are given at once.

    What is hidden is every byte of every occurrence, overlapping ones included; each run of such bytes is one MARK.
    Offsets count from the beginning of the stream.
    """

    def __init__(self, patterns: Patterns) -> None:
        self._patterns = patterns
        self._hits: list[tuple[int, int]] = []
        self._kept = b""
        self._kept_from = 0
        self._out = 0
        self._marked = False
        self._begun: list[int] = []
        self._base = 0
        # The binding keeps no reference to what it calls.
        self._on_match = self._note
        self._on_head = self._note_head
        self._open()

    def _open(self) -> None:
        if self._patterns.sorted:
            self._scratch = hyperscan.Scratch(self._patterns.database)
            self._scratch_of_heads = hyperscan.Scratch(self._patterns.heads)
            self._stream = self._patterns.database.stream(match_event_handler=self._on_match)
            self._stream.__enter__()

    def change(self, patterns: Patterns) -> bytes:
        """Look for other patterns from here on, the present ones among them; return what can be given after that.

        What has begun and was not given yet is looked at again. What was given before can't be taken back.
        """
        kept, self._kept, self._base = self._kept, b"", self._kept_from
        self._patterns = patterns
        self._open()
        return self.feed(kept)

    def _note(self, index: int, _start: int, end: int, _flags: int, _context: object) -> None:
        end += self._base
        start = end - self._patterns.lengths[index]
        # Ends come in order, so what overlaps mostly does so with the last.
        if self._hits and self._hits[-1][1] >= start:
            start = min(start, self._hits.pop()[0])
        self._hits.append((start, end))

    def _note_head(self, _index: int, _start: int, end: int, _flags: int, _context: object) -> None:
        self._begun.append(end - _HEAD)

    def feed(self, chunk: bytes) -> bytes:
        """Return what can be given after this chunk."""
        if not self._patterns.sorted or not chunk:
            return chunk
        self._stream.scan(chunk, scratch=self._scratch)
        data = self._kept + chunk if self._kept else chunk
        live = self._live(data)
        given = self._emit(data, self._kept_from + len(data) - live)
        self._kept_from += len(data) - live
        self._kept = data[len(data) - live :]
        return given

    @property
    def holds(self) -> int:
        """How many bytes wait for what follows, and were not given yet."""
        return self._kept_from + len(self._kept) - max(self._out, self._kept_from)

    def idle(self) -> bytes:
        """Return held bytes that may be shown although the stream goes on: a beginning too short to tell anything."""
        if len(self._kept) > SHOWN_WHEN_IDLE:
            return b""
        return self._emit(self._kept, self._kept_from + len(self._kept))

    def finish(self) -> bytes:
        """Return what is left at the end of the stream."""
        given = self._emit(self._kept, self._kept_from + len(self._kept))
        self._kept_from += len(self._kept)
        self._kept = b""
        return given

    def _live(self, data: bytes) -> int:
        """Return how many of the last bytes are the beginning of a pattern."""
        tail = data[-(self._patterns.longest - 1) :]
        if len(tail) >= _HEAD:
            self._begun.clear()
            self._patterns.heads.scan(tail, match_event_handler=self._on_head, scratch=self._scratch_of_heads)
            for place in self._begun:
                if self._patterns.begins(tail[place:]):
                    return len(tail) - place
        for size in range(min(_HEAD - 1, len(tail)), 0, -1):
            if tail[-size:] in self._patterns.beginnings:
                return size
        return 0

    def _emit(self, data: bytes, upto: int) -> bytes:
        """Return what is given of ``data``, which begins at the first kept byte, up to an offset."""
        position = max(self._out, self._kept_from)
        if upto <= position:
            return b""
        begin = self._kept_from
        self._out = upto
        if not self._hits:
            self._marked = False
            return data[position - begin : upto - begin]
        parts: list[bytes] = []
        later: list[tuple[int, int]] = []
        for start, end in sorted(self._hits):
            if end > upto:
                later.append((start, end))
            start, end = max(start, position), min(end, upto)
            if start >= end:
                continue
            if start > position:
                parts.append(data[position - begin : start - begin])
                self._marked = False
            if not self._marked:
                parts.append(MARK)
                self._marked = True
            position = end
        if position < upto:
            parts.append(data[position - begin : upto - begin])
            self._marked = False
        self._hits = later
        return b"".join(parts)
