"""Many contents in one buffer behave as each of them alone."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secrets_guard.decode.batch import Batch
from secrets_guard.decode.view import View
from secrets_guard.model.blob import Blob

FEW = settings(max_examples=80, deadline=None, derandomize=True)
PIECES = ["@", "@64", "@hex", "@16", " ", "\n", "x", "é", "a b\r\n", "_", "%41", "\\x41", "====", "\0"]
PARTS = st.lists(st.sampled_from(PIECES), max_size=6)


def made(parts: list[str], token: bytes) -> bytes:
    special = {
        "@": token,
        "@64": base64.b64encode(b"the value is " + token),
        "@hex": token.hex().encode(),
        "@16": token.decode().encode("utf-16-le"),
    }
    return b"".join(special.get(part, part.encode()) for part in parts)


@FEW
@given(lists=st.lists(PARTS, max_size=8))
@example(lists=[["@"], ["@"], [], ["@64"], ["@64"], []])
@example(lists=[["@16"], ["@16"], ["\0", "@16"], ["@hex"]])
def test_a_batch_finds_what_each_blob_alone_has(swept: Any, token: bytes, lists: list[list[str]]) -> None:
    blobs = [Blob(f"{n}", made(parts, token), f"{n}") for n, parts in enumerate(lists)]
    together = swept(blobs)
    alone = [swept([blob]) for blob in blobs]
    assert together.findings == [finding for one in alone for finding in one.findings]
    assert [match.secret_span for match in together.matches] == [
        match.secret_span for one in alone for match in one.matches
    ]


@pytest.mark.parametrize("before", [0, 1, 7])
@pytest.mark.parametrize("after", [0, 1, 7])
@pytest.mark.parametrize("fill", [b"", b"x", b"\n"])
@pytest.mark.parametrize("form", ["@", "@64", "@hex"])
def test_a_token_that_is_all_of_a_blob_is_found_between_any_neighbours(
    swept: Any, token: bytes, before: int, after: int, fill: bytes, form: str
) -> None:
    content = made([form], token)
    result = swept([fill] * before + [content] + [fill] * after)
    assert [finding.location.path for finding in result.findings] == [str(before)]
    assert result.matches[0].secret.reveal() == token


@FEW
@given(cut=st.integers(1, 27))
def test_a_match_never_crosses_blobs(swept: Any, token: bytes, cut: int) -> None:
    for content in (token, b"x " + base64.b64encode(b"the value is " + token), token.hex().encode()):
        # Of the encoded ones a cut behind the token would leave it whole.
        place = len(content) - cut
        if content is not token:
            place = min(place, len(content) - 8)
        assert swept([content[:place], content[place:]]).findings == []


@FEW
@given(data=st.lists(st.binary(max_size=5), min_size=1, max_size=9))
def test_each_offset_of_the_buffer_leads_back_to_its_view(data: list[bytes]) -> None:
    views = [View(Blob(str(n), one, ""), n) for n, one in enumerate(data)]
    batch = Batch(views)
    for index, one in enumerate(data):
        start, end = batch.bounds(index)
        assert batch.buffer[start:end] == one
        assert all(batch.index_of(offset) == index for offset in range(start + 1, end + 1))
