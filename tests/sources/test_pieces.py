"""Cutting large contents: nothing lost, nothing twice, lines right, memory bounded."""

from __future__ import annotations

import io
import os
import tempfile
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secrets_guard.model.blob import Blob, Place
from secrets_guard.pattern import LONGEST_MATCH
from secrets_guard.sources.pieces import SIZES, Sizes, file_pieces, stream_pieces

_SMALL = st.builds(
    lambda margin, more, step: Sizes(2 * (margin + more + step), 2 * (margin + more), 2 * margin),
    st.integers(1, 20),
    st.integers(1, 20),
    st.integers(1, 60),
)


def _owned(blob: Blob) -> tuple[int, int]:
    end = len(blob.data) if blob.owned_to < 0 else blob.owned_to
    return blob.start + blob.owned_from, blob.start + end


def _check(blobs: list[Blob], content: bytes, sizes: Sizes) -> None:
    longest = min(sizes.overlap - sizes.margin, sizes.margin)
    for blob in blobs:
        assert content[blob.start : blob.start + len(blob.data)] == blob.data
        assert len(blob.data) <= sizes.piece
        assert blob.start % 2 == 0
        assert blob.place == Place().after(content[: blob.start])
    for end in range(1, len(content) + 1):
        owners = [blob for blob in blobs if _owned(blob)[0] < end <= _owned(blob)[1]]
        if not content[max(0, end - longest) : end].strip(b"\0"):
            assert len(owners) <= 1
            continue
        assert len(owners) == 1
        (blob,) = owners
        assert blob.start <= max(0, end - longest)
        behind = content[blob.start + len(blob.data) : end + longest]
        assert not behind.strip(b"\0") or blob.start + len(blob.data) >= end + longest


@given(st.binary(max_size=500), _SMALL, st.integers(1, 50))
@settings(deadline=None, max_examples=60)
def test_every_end_in_a_stream_is_owned_by_one_piece_that_holds_the_whole_match(
    content: bytes, sizes: Sizes, most: int
) -> None:
    stream = io.BytesIO(content)
    blobs = list(stream_pieces(lambda wanted: stream.read(min(wanted, most)), "x", "x", sizes))
    if b"\0" in content:
        content = content.replace(b"\0", b"\1")
        blobs = [blob._replace(data=blob.data.replace(b"\0", b"\1")) for blob in blobs]
    _check(blobs, content, sizes)


@given(st.lists(st.tuples(st.integers(0, 4), st.binary(min_size=1, max_size=300)), max_size=3), _SMALL)
@settings(deadline=None, max_examples=25)
def test_every_end_in_a_file_with_holes_is_owned_by_one_piece(parts: list[tuple[int, bytes]], sizes: Sizes) -> None:
    with tempfile.TemporaryFile() as file:
        for block, data in parts:
            os.pwrite(file.fileno(), data, block * 4096)
        size = os.fstat(file.fileno()).st_size
        content = os.pread(file.fileno(), size, 0)
        _check(list(file_pieces(file.fileno(), size, "x", "x", sizes)), content, sizes)


def test_the_sizes_in_use_leave_room_for_the_longest_match_at_either_side() -> None:
    assert min(SIZES.overlap - SIZES.margin, SIZES.margin) >= 2 * LONGEST_MATCH
    assert not any(size % 2 for size in SIZES)


def test_a_long_stream_is_held_in_memory_three_pieces_at_most() -> None:
    left = 20 * SIZES.piece

    def read(wanted: int) -> bytes:
        nonlocal left
        given_out = min(wanted, left, 65_536)
        left -= given_out
        return b"x" * given_out

    tracemalloc.start()
    try:
        assert sum(1 for _ in stream_pieces(read, "x", "x")) > 20
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3.2 * SIZES.piece


@pytest.mark.parametrize("left", [0, 10, 150, 165, 200])
def test_what_was_read_before_a_file_shrank_is_owned_by_some_piece(left: int) -> None:
    sizes = Sizes(100, 40, 20)
    with tempfile.TemporaryFile() as file:
        file.write(bytes(range(1, 251)))
        file.flush()
        pieces = file_pieces(file.fileno(), 250, "x", "x", sizes)
        blobs = [next(pieces), next(pieces)]
        file.truncate(left)
        blobs += list(pieces)
    reached = 0
    for blob in blobs:
        assert _owned(blob)[0] == reached
        reached = _owned(blob)[1]
    assert reached == max(160, left)
