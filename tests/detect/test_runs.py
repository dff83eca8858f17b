"""The extension finds the beginnings of encoded runs where the patterns of stage one do."""

from __future__ import annotations

import base64 as encoding
import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secrets_guard.decode import DECODERS, base64, utf16
from secrets_guard.detect.runs import run_finder
from secrets_guard.shapes import BASE64, SHAPES, SHORTEST_WIDE

native = pytest.importorskip("secrets_guard._native", reason="the extension is not built: no Rust toolchain")
FINDER = native.Finder(BASE64, [list(shape) for shape in SHAPES])
PARTS = st.one_of(
    st.binary(max_size=40),
    st.text(BASE64.decode(), max_size=60).map(str.encode),
    st.text(st.characters(max_codepoint=127), max_size=40).map(lambda text: encoding.b64encode(text.encode())),
    st.text(st.characters(max_codepoint=127), max_size=40).map(
        lambda text: encoding.b64encode(text.encode("utf-16-le"))
    ),
    st.sampled_from([b"\n", b"\\n", b"\\nt", b"\\", b"=", b'"', b"n", b"A" * 24]),
)


WIDE = st.one_of(
    st.binary(max_size=12),
    st.text(st.characters(max_codepoint=127), max_size=40).map(lambda text: text.encode("utf-16-le")),
    st.text(st.characters(max_codepoint=127), max_size=40).map(lambda text: text.encode("utf-16-be")),
    st.sampled_from([b"\0", b"\0\0\0", b"\t\0", b"a", b"a\0" * 13, b"\x01\0", b"\xff"]),
)


def by_patterns(buffer: bytes, patterns: Sequence[bytes]) -> set[tuple[int, int]]:
    """Return what overlapping matches of the patterns, from every start, would give."""
    found = set()
    for number, pattern in enumerate(patterns):
        expression = re.compile(pattern, re.DOTALL)
        for start in range(len(buffer)):
            match = expression.match(buffer, start)
            if match:
                found.add((number, match.end()))
    return found


@given(st.lists(PARTS, max_size=8).map(b"".join))
@example(b"\\n" + encoding.b64encode(b"a text of some length"))
@example(encoding.b64encode(b"nothing stands before this run"))
@example(b"")
def test_the_extension_finds_what_the_patterns_find(buffer: bytes) -> None:
    assert set(FINDER.find(buffer)) == by_patterns(buffer, base64.TRIGGERS)


@given(st.lists(WIDE, max_size=8).map(b"".join))
@example(b"\0" * 64 + b"a\0" * 12)
@example(b"a\0" * 12)
def test_wide_text_is_found_where_the_pattern_finds_it(buffer: bytes) -> None:
    found = {(0, end) for end in native.find_wide(buffer, SHORTEST_WIDE)}
    assert found == by_patterns(buffer, utf16.TRIGGERS)


def test_what_the_extension_finds_are_the_first_decoders() -> None:
    number, find = run_finder()
    assert [one.trigger for one in DECODERS[:number]] == [*base64.TRIGGERS, *utf16.TRIGGERS]
    wide = b"\n" + "some wide text, long enough".encode("utf-16-le")
    assert {DECODERS[index].name for index, _ in find(wide)} == {utf16.NAME}


@pytest.mark.parametrize("shapes", [[], [[]], [[b"!"]]])
def test_shapes_that_are_not_of_the_alphabet_are_refused(shapes: list[list[bytes]]) -> None:
    with pytest.raises(ValueError, match="of the alphabet"):
        native.Finder(b"abc", shapes)
