"""Hostile content costs a bounded amount of work, says so, and harms no neighbour."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest

from secrets_guard.cache import Cache
from secrets_guard.decode import decode, root_view
from secrets_guard.decode.batch import Batch
from secrets_guard.detect.matcher import Matcher
from secrets_guard.model.blob import Blob
from secrets_guard.model.rule import Rule
from secrets_guard.sources.pieces import Sizes, stream_pieces

SIZE = 256 << 10
SHORT_RUN = base64.b64encode(b"fifteen letters") + b" "


def hostile() -> dict[str, bytes]:
    bomb = b"all the same words again and again. " * 4000
    for _ in range(12):
        bomb = base64.b64encode(bomb) if len(bomb) % 2 else bomb.hex().encode()
        bomb = bomb[:SIZE]
    return {
        "nested": bomb,
        "percent": b"%25" * (SIZE // 3),
        "percent of percent": b"%2525252541" * (SIZE // 11),
        "percent words": b"%41 " * (SIZE // 4),
        "backslashes": b"\\x5c" * (SIZE // 4),
        "entities": b"&#38;#65;" * (SIZE // 9),
        "short runs": SHORT_RUN * 20_000,
        "wide": b"\xff\xff" + b"a\0" * (SIZE // 2),
        "UTF-16 of nothing": b"\xff\xfe" + b"\x00\xd8" * (SIZE // 4),
    }


@pytest.mark.parametrize("name", hostile())
def test_one_level_of_decoding_yields_at_most_its_budget_and_one_piece(name: str) -> None:
    data = hostile()[name]
    matcher = Matcher((Rule(id="any", title="Any", pattern="never-here", max_length=10),), Cache(None))
    scratch, views = matcher.scratch(), [root_view(Blob(name, data, name), 0)]
    for _ in range(6):
        batch = Batch(views)
        views, _cut = decode(batch, matcher.scan(batch.buffer, scratch)[1])
        largest = max((len(view.data) for view in views), default=0)
        assert sum(len(view.data) for view in views) <= 3 * len(data) + (64 << 10) + largest


@pytest.mark.parametrize("name", ["nested", "percent", "backslashes", "UTF-16 of nothing"])
def test_hostile_content_is_swept_without_an_error(swept: Any, token: bytes, name: str) -> None:
    (finding,) = swept([hostile()[name], b"x " + base64.b64encode(b"the value is " + token)]).findings
    assert finding.location.path == "1"


def test_too_many_encoded_pieces_are_a_problem_of_their_own_content_only(swept: Any, token: bytes) -> None:
    neighbour = b"x " + base64.b64encode(base64.b64encode(b"the value is " + token)) + b"\n"
    result = swept([neighbour, SHORT_RUN * 20_000, neighbour])
    assert [finding.location.path for finding in result.findings] == ["0", "2"]
    assert [(problem.kind, problem.where) for problem in result.problems] == [("limit", "1")]


def test_what_was_decoded_before_the_limit_counts(swept: Any, token: bytes) -> None:
    result = swept([base64.b64encode(b"the value is " + token) + b" " + SHORT_RUN * 20_000])
    assert len(result.findings) == 1
    assert len(result.problems) == 1


def test_very_many_short_runs_in_pieces_end_in_one_limit_for_each_piece(swept: Any) -> None:
    sizes = Sizes(piece=512 << 10, overlap=128 << 10, margin=64 << 10)
    blobs = list(stream_pieces(io.BytesIO(SHORT_RUN * 50_000).read, "runs", "runs", sizes))
    assert [problem.kind for problem in swept(blobs).problems] == ["limit"] * len(blobs)


def test_lines_of_ordinary_escapes_stay_within_the_limit(swept: Any) -> None:
    line = b'var a = "caf\\u00e9 \\x41 and quite some more of ordinary script than of escapes" ;'
    assert swept([line * (SIZE // len(line))]).problems == []


def test_four_megabytes_of_percent_signs_are_swept(swept: Any, token: bytes) -> None:
    result = swept([b"%25" * (1_300_000) + b" %" + b"%".join(b"%02x" % byte for byte in b"is " + token)])
    assert [finding.decoded for finding in result.findings] == [("percent",)]
