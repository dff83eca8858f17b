"""Hostile text -> safe text."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.report.text import fitting, is_redacted, printable, valid

texts = st.text(st.characters(codec=None, exclude_categories=()))


def test_a_name_that_is_not_utf8_shows_its_bytes() -> None:
    assert valid(os.fsdecode(b"caf\xe9.txt")) == r"caf\xe9.txt"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢", "plain é 漢"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u200b\u2028", r"\u200b\u2028"),
        ("\ud800\U000e0001", r"\ud800\U000e0001"),
    ],
)
def test_what_can_not_be_seen_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(texts)
def test_safe_text_encodes_and_stays_as_it_is(text: str) -> None:
    for make in (valid, printable):
        made = make(text)
        made.encode()
        assert make(made) == made
    assert printable(text).isprintable()


@given(texts.map(valid), st.sampled_from(["ascii", "cp1252", "latin-1", "utf-8", "cp437"]))
def test_fitted_text_can_be_written_in_its_encoding(text: str, encoding: str) -> None:
    fitting(text, encoding).encode(encoding)


# The first line of a private key, all that its redaction keeps.
HEAD = f"-----{'BEGIN'} RSA PRIVATE KEY-----"


def test_an_ellipsis_becomes_dots_where_there_is_none() -> None:
    assert fitting("AKIA…é", "ascii") == r"AKIA...\xe9"
    assert fitting("AKIA…é", None) == "AKIA…é"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("****", True), ("AKIA…7XYA", True), (f"{HEAD}…", True), ("hunter2", False), ("", False),
        (HEAD, False), (f"{HEAD}abc…", False), (f"{HEAD}\nabc\n{HEAD}…", False),
    ],
)  # fmt: skip
def test_a_redacted_form_is_told_from_a_plain_one(text: str, answer: bool) -> None:
    assert is_redacted(text) is answer
