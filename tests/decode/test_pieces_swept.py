"""A large content that comes in pieces reports each secret once, in its true place."""

from __future__ import annotations

import base64
import io
import os
import tempfile
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secrets_guard.sources.pieces import Sizes, file_pieces, stream_pieces

MANY = settings(max_examples=100, deadline=None, derandomize=True)
SIZES = st.builds(
    lambda margin, more, rest: Sizes(2 * (margin + more + rest), 2 * (margin + more), 2 * margin),
    # Before and behind what a piece owns lies more than the longest match (28 bytes) at least.
    st.integers(15, 60), st.integers(15, 60), st.integers(1, 300),
)  # fmt: skip
FILLERS = ["x" * 9 + " ", "ab\n", "line of text\r\n", "é ✓", "\n", "no line break at all; "]


def content_of(filler: str, offset: int, token: bytes, length: int) -> bytes:
    text = (filler * (length // len(filler.encode()) + 1)).encode()
    head = text[:offset].decode("utf-8", "ignore").encode()
    return head + b" " + token + b" " + text[: length - len(head)].decode("utf-8", "ignore").encode()


@MANY
@given(filler=st.sampled_from(FILLERS), offset=st.integers(0, 2000), sizes=SIZES)
@example(filler="é ✓", offset=1999, sizes=Sizes(256, 128, 64))
@example(filler="no line break at all; ", offset=700, sizes=Sizes(62, 60, 30))
def test_a_token_anywhere_in_a_stream_is_reported_once_in_its_place(
    swept: Any, token: bytes, filler: str, offset: int, sizes: Sizes
) -> None:
    content = content_of(filler, offset, token, 2000)
    start = content.index(token)
    lines = content[:start].decode().split("\n")
    pieces = list(stream_pieces(io.BytesIO(content).read, "a", "a", sizes))
    for batch in ([pieces], [[piece] for piece in pieces]):
        findings = [finding for blobs in batch for finding in swept(blobs).findings]
        assert [(one.location.start_line, one.location.start_column) for one in findings] == [
            (len(lines), len(lines[-1]) + 1)
        ]


@MANY
@given(offsets=st.lists(st.integers(0, 1500), max_size=5), sizes=SIZES)
def test_a_file_in_pieces_finds_what_the_whole_has(swept: Any, token: bytes, offsets: list[int], sizes: Sizes) -> None:
    content = b"some words \n" * 125
    for offset in sorted(offsets, reverse=True):
        content = content[:offset] + b" " + token + b"\n" + content[offset:]
    with tempfile.TemporaryFile() as stream:
        stream.write(content)
        stream.flush()
        pieces = list(file_pieces(stream.fileno(), os.fstat(stream.fileno()).st_size, "0", "0", sizes))
    places = [finding.location for finding in swept(pieces).findings]
    assert places == [finding.location for finding in swept([content]).findings]


@MANY
@given(offset=st.integers(0, 1500), sizes=SIZES)
def test_an_encoded_token_in_a_piece_is_reported_once(swept: Any, token: bytes, offset: int, sizes: Sizes) -> None:
    encoded = base64.b64encode(b"a value: " + token)
    # An encoded run must fit into the margin as a match must.
    sizes = Sizes(sizes.piece + 240, sizes.overlap + 240, sizes.margin + 120)
    content = content_of("some words ", offset, encoded, 1500)
    findings = swept(stream_pieces(io.BytesIO(content).read, "a", "a", sizes)).findings
    assert [finding.location.start_line for finding in findings] == [1]
    assert findings[0].location.start_column == content.index(encoded) + 12 + 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("filler", ["words and ", "one line\r\n"])
@MANY
@given(offset=st.integers(0, 1500), sizes=SIZES)
def test_a_wide_token_in_a_piece_is_reported_once(
    swept: Any, token: bytes, encoding: str, filler: str, offset: int, sizes: Sizes
) -> None:
    sizes = Sizes(sizes.piece + 120, sizes.overlap + 120, sizes.margin + 60)
    text = content_of(filler, offset, token, 1500)
    content = text.decode().encode(encoding)
    findings = swept(stream_pieces(io.BytesIO(content).read, "a", "a", sizes)).findings
    lines = text[: text.index(token)].decode().split("\n")
    assert [(one.location.start_line, one.location.start_column) for one in findings] == [
        (len(lines), len(lines[-1]) + 1)
    ]
