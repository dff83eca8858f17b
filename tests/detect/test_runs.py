"""The extension finds the beginnings of base64 runs where the patterns of stage one do."""

from __future__ import annotations

import base64 as encoding
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from secrets_guard.decode import base64

native = pytest.importorskip("secrets_guard._native", reason="the extension is not built: no Rust toolchain")
FINDER = native.Finder(base64.ALPHABET, [list(shape) for shape in base64.SHAPES])
PARTS = st.one_of(
    st.binary(max_size=40),
    st.text(base64.ALPHABET.decode(), max_size=60).map(str.encode),
    st.text(st.characters(max_codepoint=127), max_size=40).map(lambda text: encoding.b64encode(text.encode())),
    st.text(st.characters(max_codepoint=127), max_size=40).map(
        lambda text: encoding.b64encode(text.encode("utf-16-le"))
    ),
    st.sampled_from([b"\n", b"\\n", b"\\nt", b"\\", b"=", b'"', b"n", b"A" * 24]),
)


def by_patterns(buffer: bytes) -> set[tuple[int, int]]:
    """Return what overlapping matches of the patterns, from every start, would give."""
    found = set()
    for number, pattern in enumerate(base64.TRIGGERS):
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
    assert set(FINDER.find(buffer)) == by_patterns(buffer)


@pytest.mark.parametrize("shapes", [[], [[]], [[b"!"]]])
def test_shapes_that_are_not_of_the_alphabet_are_refused(shapes: list[list[bytes]]) -> None:
    with pytest.raises(ValueError, match="of the alphabet"):
        native.Finder(b"abc", shapes)
