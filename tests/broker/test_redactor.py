"""The filter of output: however a stream is cut, no form of a secret comes through, and nothing else is lost."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from secrets_guard.broker.redact.forms import LONGEST, MOST, SHORTEST, hides, patterns
from secrets_guard.broker.redact.redactor import MARK, SHOWN_WHEN_IDLE, Patterns, Redactor
from secrets_guard.model.secret import Secret

LETTERS = st.binary(min_size=0, max_size=60).map(lambda made: bytes(b"ab\0"[byte % 3] for byte in made))
WORDS = st.lists(LETTERS.filter(lambda made: len(made) >= SHORTEST), min_size=0, max_size=6)


def found(stream: bytes, word: bytes) -> list[tuple[int, int]]:
    size = len(word)
    return [(at, at + size) for at in range(len(stream) - size + 1) if stream[at : at + size] == word]


def hidden(stream: bytes, words: Sequence[bytes]) -> bytes:
    """What is meant, letter by letter: every byte of every occurrence, a mark for each run of them."""
    covered = [False] * len(stream)
    for word in words:
        for start, end in found(stream, word):
            covered[start:end] = [True] * len(word)
    made = bytearray()
    for place, byte in enumerate(stream):
        if not covered[place]:
            made.append(byte)
        elif place == 0 or not covered[place - 1]:
            made += MARK
    return bytes(made)


def filtered(stream: bytes, words: Sequence[bytes], cuts: Sequence[int]) -> bytes:
    it = Redactor(Patterns(words))
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return b"".join(it.feed(stream[a:b]) for a, b in pairwise(places)) + it.finish()


@given(LETTERS, WORDS, st.lists(st.integers(0, 1000), max_size=8))
@example(b"aaaaaaaaaaaa", [b"aaaaa"], [3, 6])
@example(b"abababab\0bab", [b"ababa", b"babab\0b"], [5, 7])
def test_a_stream_cut_anywhere_is_filtered_as_in_one_piece(stream: bytes, words: list[bytes], cuts: list[int]) -> None:
    wanted = hidden(stream, words)
    assert filtered(stream, words, []) == wanted
    assert filtered(stream, words, cuts) == wanted


@given(LETTERS, WORDS, WORDS, st.lists(st.integers(0, 1000), max_size=8), st.integers(0, 1000))
@example(b"aababababa", [b"ababa"], [b"babab"], [3], 4)
def test_more_words_are_hidden_from_where_they_are_known_and_in_what_was_held_then(
    stream: bytes, words: list[bytes], more: list[bytes], cuts: list[int], when: int
) -> None:
    assume(words)
    change = when % (len(stream) + 1)
    places = [0, *sorted(cut % (len(stream) + 1) for cut in [*cuts, change]), len(stream)]
    it = Redactor(Patterns(words))
    given = b"".join(it.feed(stream[a:b]) for a, b in pairwise(places) if b <= change)
    out = change - it.holds
    given += it.change(Patterns([*words, *more]))
    given += b"".join(it.feed(stream[a:b]) for a, b in pairwise(places) if a >= change) + it.finish()
    late = [(start, end) for word in more for start, end in found(stream, word) if start >= out]
    early = [(start, end) for word in words for start, end in found(stream, word)]
    covered = {place for start, end in [*early, *late] for place in range(start, end)}
    wanted = bytearray()
    for place, byte in enumerate(stream):
        if place not in covered:
            wanted.append(byte)
        elif place - 1 not in covered:
            wanted += MARK
    assert given == bytes(wanted)


@given(st.data())
def test_every_boundary_gives_the_same(data: st.DataObject) -> None:
    words = data.draw(WORDS.filter(bool))
    parts = data.draw(st.lists(st.sampled_from(words) | LETTERS, max_size=5))
    stream = b"".join(parts)
    wanted = hidden(stream, words)
    compiled = Patterns(words)
    for place in range(len(stream) + 1):
        it = Redactor(compiled)
        assert it.feed(stream[:place]) + it.feed(stream[place:]) + it.finish() == wanted
    it = Redactor(compiled)
    assert b"".join(it.feed(stream[place : place + 1]) for place in range(len(stream))) + it.finish() == wanted


@given(st.binary(max_size=400), st.lists(st.binary(min_size=SHORTEST, max_size=LONGEST), max_size=4), st.data())
def test_any_bytes_may_be_in_streams_and_secrets(stream: bytes, words: list[bytes], data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from(words), max_size=3)) if words else []
    whole = stream.join([b"", *parts, b""])
    assert filtered(whole, words, data.draw(st.lists(st.integers(0, 5000), max_size=4))) == hidden(whole, words)


@given(LETTERS, WORDS)
def test_what_is_held_back_is_exactly_the_beginning_of_a_pattern(stream: bytes, words: list[bytes]) -> None:
    it = Redactor(Patterns(words))
    it.feed(stream)
    starts = [
        place for place in range(len(stream))
        if any(word.startswith(stream[place:]) and len(word) > len(stream) - place for word in words)
    ]  # fmt: skip
    assert it.holds == (len(stream) - starts[0] if starts else 0)


@given(LETTERS, WORDS, st.lists(st.integers(0, 1000), max_size=8))
def test_a_pause_shows_no_more_than_the_first_bytes_of_an_occurrence(
    stream: bytes, words: list[bytes], cuts: list[int]
) -> None:
    it = Redactor(Patterns(words))
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    written = b""
    for a, b in pairwise(places):
        written += it.feed(stream[a:b]) + it.idle()
    written += it.finish()
    shown = len(written.replace(MARK, b""))
    everything = [place for word in words for place in found(stream, word)]
    covered = {at for start, end in everything for at in range(start, end)}
    surely = {at for start, end in everything for at in range(start + SHOWN_WHEN_IDLE, end)}
    assert len(stream) - len(covered) <= shown <= len(stream) - len(surely)


SECRET = b"p4ss/w+rd\"\xc3\xa4 <&\\'x"
TEXT = SECRET.decode()
WAYS = {
    "itself": SECRET,
    "base64": base64.b64encode(SECRET),
    "base64, url": base64.urlsafe_b64encode(SECRET),
    "hex": SECRET.hex().encode(),
    "hex, upper": SECRET.hex().upper().encode(),
    "url": urllib.parse.quote(TEXT, safe="").encode(),
    "url, plus": urllib.parse.quote_plus(TEXT).encode(),
    "url, lower": urllib.parse.quote(TEXT, safe="").replace("%C3%A4", "%c3%a4").lower().encode(),
    "json": json.dumps(TEXT)[1:-1].encode(),
    "json, utf-8": json.dumps(TEXT, ensure_ascii=False)[1:-1].encode(),
    "json in json": json.dumps(json.dumps(TEXT)[1:-1])[1:-1].encode(),
    "json of go": json.dumps(TEXT).replace("<", "\\u003c").replace("&", "\\u0026")[1:-1].encode(),
    "html": html.escape(TEXT).encode(),
    "shell": b"'" + SECRET.replace(b"'", b"'\\''") + b"'",
    "python": repr(TEXT).encode(),
    "python bytes": repr(SECRET).encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_form_of_a_secret_is_hidden(way: str) -> None:
    written = filtered(b"x=" + WAYS[way] + b";", patterns([Secret(SECRET)]), [5, 9])
    assert MARK in written
    for form in WAYS.values():
        for place in range(len(form) - 5):
            assert form[place : place + 6] not in written
    assert written.startswith(b"x=")
    assert written.endswith(b";")


@given(st.binary(max_size=9), st.binary(max_size=9), st.binary(min_size=SHORTEST, max_size=90), st.booleans())
def test_inside_any_base64_no_letter_that_it_decides_is_left(
    before: bytes, after: bytes, secret: bytes, urlsafe: bool
) -> None:
    assume(hides(Secret(secret)))
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    text = encode(before + secret + after)
    written = filtered(text, patterns([Secret(secret)]), [])
    first, last = -(-8 * len(before) // 6), 8 * (len(before) + len(secret)) // 6
    assert len(written.replace(MARK, b"")) <= len(text) - (last - first)


def test_lines_of_a_wrapped_base64_are_hidden() -> None:
    secret = bytes(range(33, 127))
    for text in (base64.encodebytes(secret), b"\n".join(base64.b64encode(secret)[at : at + 64] for at in (0, 64))):
        assert set(filtered(text, patterns([Secret(secret)]), [])) <= set(b"*\n")


KEY_LINES = [b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", b"AoGBAMxyzABCDEFGHIJKLMNOPQRSTUVW", b"short"]
PEM = b"\n".join([b"-----BEGIN PRIVATE" + b" KEY-----", *KEY_LINES, b"-----END PRIVATE" + b" KEY-----", b""])


def test_each_line_of_a_pem_is_hidden_by_itself_and_its_borders_are_not() -> None:
    looked_for = patterns([Secret(PEM)])
    for line in PEM.splitlines()[1:3]:
        assert filtered(b"  " + line + b"\r\n", looked_for, [4]) == b"  " + MARK + b"\r\n"
    assert filtered(PEM.splitlines()[0], looked_for, []) == PEM.splitlines()[0]
    assert filtered(b"a" + PEM, looked_for, [40]) == b"a" + MARK
    assert b"MIIEvQ" not in filtered(json.dumps({"key": PEM.decode()}).encode(), looked_for, [])


def test_a_password_in_a_url_and_the_secrets_of_a_document_are_hidden_by_themselves() -> None:
    looked_for = patterns([
        Secret(b"postgres://joe:s3cr%2Fet@db/app"),
        Secret(json.dumps({"host": "db.example.org", "auth": {"api_key": "0123abcd", "user": "somebody"}}).encode()),
    ])  # fmt: skip
    for shown in (b"db.example.org", b"somebody", b"postgres"):
        assert filtered(shown, looked_for, []) == shown
    for secret in (b"s3cr/et", b"s3cr%2Fet", b"0123abcd"):
        assert filtered(secret, looked_for, []) == MARK


def test_a_long_secret_is_hidden_in_pieces_and_what_is_held_back_stays_short() -> None:
    secret = b"".join(b"%05d" % number for number in range(3000))
    compiled = Patterns(patterns([Secret(secret)]))
    assert compiled.longest <= LONGEST
    it = Redactor(compiled)
    assert it.feed(b"<" + secret[:14000]) + it.feed(secret[14000:] + b">") + it.finish() == b"<" + MARK + b">"
    cut = filtered(secret[:1000], compiled.sorted, [])
    assert len(cut) <= len(MARK) + LONGEST


def test_too_much_to_look_for_leaves_out_the_rarer_forms_first() -> None:
    secrets = [
        Secret(b"%d-" % number + b"".join(b"%04d" % at for at in range(number, number + 4000))) for number in range(4)
    ]
    looked_for = patterns(secrets)
    assert sum(map(len, looked_for)) <= MOST
    for secret in secrets:
        assert filtered(secret.reveal(), looked_for, []) == MARK


def test_what_is_too_short_is_not_looked_for() -> None:
    assert patterns([Secret(b"abcd"), Secret(b" abcd\n"), Secret(b"")]) == ()
    assert [hides(Secret(one)) for one in (b"abcd", b" abcd\n", b"abcde")] == [False, False, True]
