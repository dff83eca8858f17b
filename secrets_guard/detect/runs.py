"""Runs of base64 and of wide text in a buffer, by our extension: most bytes are never looked at, as a pattern does."""

from __future__ import annotations

from collections.abc import Callable

from secrets_guard.shapes import BASE64, SHAPES, SHORTEST_WIDE

Find = Callable[[bytes], list[tuple[int, int]]]
"""(buffer) -> (index into DECODERS, offset where the beginning of the run ends)."""


def run_finder() -> tuple[int, Find]:
    """Return how many decoders, the first of DECODERS, it finds the runs of, and what finds them; none without it."""
    try:
        import secrets_guard._native as _native
    except ImportError:
        return 0, lambda _buffer: []
    finder = _native.Finder(BASE64, [list(shape) for shape in SHAPES])
    find_wide = _native.find_wide

    def find(buffer: bytes) -> list[tuple[int, int]]:
        return finder.find(buffer) + [(len(SHAPES), end) for end in find_wide(buffer, SHORTEST_WIDE)]

    return len(SHAPES) + 1, find
