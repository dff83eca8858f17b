"""Stage one says where, stage two says what: windows, conditions of a rule, kinds of content."""

from __future__ import annotations

from typing import Any

import pytest

from secrets_guard.model.rule import KINDS, Rule

WORD = Rule(id="word", title="Word", pattern=r"\bkey([0-9]{3,9})\b", secret_group=1, max_length=12)


def test_several_hits_of_one_rule_give_each_match_once(matches: Any) -> None:
    content = b"key123 key456key789 key1234567890 " * 50 + b"key55555"
    found = matches(WORD, content)
    assert len(found) == 51
    assert len({match.span for match in found}) == 51
    assert found[-1].secret.reveal() == b"55555"


def test_a_pattern_with_many_ends_gives_the_longest_match_once(matches: Any) -> None:
    rule = Rule(id="long", title="Long", pattern=r"begin[a-z \n]{1,2000}", max_length=2005)
    (match,) = matches(rule, b"1 begin " + b"words and\nlines " * 100 + b"0")
    assert match.span == (2, 2 + 6 + 1600)


def test_a_match_as_long_as_a_rule_allows_is_found_at_either_end_of_a_content(matches: Any) -> None:
    rule = Rule(id="long", title="Long", pattern=r"a[0-9]{9998}z", trigger="a[0-9]{12,}z", max_length=10_000)
    whole = b"a" + b"7" * 9998 + b"z"
    for content in (whole, b"x" + whole, whole + b"x", b"x" * 20_000 + whole + b"x" * 20_000):
        (match,) = matches(rule, b"a before", content, b"7z after")
        assert content[match.span.start : match.span.end] == whole
        assert match.blob_index == 1


def test_a_trigger_that_ends_in_the_border_between_contents_gives_the_match_once(matches: Any) -> None:
    rule = Rule(
        id="line", title="Line", pattern=r"pin[0-9]{4}(?:\s|$)", trigger=r"pin[0-9]{3}(?:[0-9](?:\s)?)?", max_length=8
    )
    found = matches(rule, b"pin1234", b"pin5678", b"pin9012\n")
    assert [(match.blob_index, match.span) for match in found] == [(0, (0, 7)), (1, (0, 7)), (2, (0, 8))]


def test_an_end_of_line_in_a_pattern_means_the_same_in_a_batch_as_alone(matches: Any) -> None:
    rule = Rule(id="end", title="End", pattern=r'pin[0-9]{4}(?:"|$)', trigger=r"pin[0-9]{4}", max_length=8)
    assert len(matches(rule, b"pin1234")) == 1
    assert [match.blob_index for match in matches(rule, b"pin1234", b"pin5678 ", b"pin9012")] == [0, 2]


def test_the_secret_is_the_group_and_the_match_keeps_all(matches: Any) -> None:
    (match,) = matches(WORD, b"a key4711 b")
    assert (match.secret.reveal(), match.text) == (b"4711", b"key4711")
    assert (match.span, match.secret_span, match.at) == ((2, 9), (5, 9), (5, 9))


def test_of_alternatives_the_group_that_took_part_is_the_secret(matches: Any) -> None:
    rule = Rule(id="either", title="Either", pattern=r"one=([0-9]{4})|two=([0-9]{4})", secret_group=1, max_length=8)
    assert [match.secret.reveal() for match in matches(rule, b"two=2222 one=1111")] == [b"2222", b"1111"]


def test_an_empty_secret_is_no_match(matches: Any) -> None:
    rule = Rule(id="empty", title="Empty", pattern=r"pass=([0-9]*);", secret_group=1, max_length=20)
    assert [match.secret.reveal() for match in matches(rule, b"pass=; pass=1;")] == [b"1"]


@pytest.mark.parametrize(
    ("content", "count"), [(b"key123", 0), (b"key123 ... AcMe", 1), (b"acme\n" * 3 + b"key123", 1)]
)
def test_a_keyword_must_stand_somewhere_in_the_content_in_any_case(matches: Any, content: bytes, count: int) -> None:
    assert len(matches(WORD._replace(keywords=("other", "acme")), content)) == count


def test_a_keyword_of_a_neighbour_does_not_count(matches: Any) -> None:
    found = matches(WORD._replace(keywords=("acme",)), b"acme", b"key123", b"acme key456")
    assert [match.secret.reveal() for match in found] == [b"456"]


@pytest.mark.parametrize(("hint", "count"), [("a.env", 1), ("deep/b.ENV", 1), ("a.envy", 0), ("a.env/b", 0)])
def test_a_rule_may_be_limited_to_paths(matches: Any, hint: str, count: int) -> None:
    assert len(matches(WORD._replace(path=r"(?i)\.env$"), b"key123", hint=hint)) == count


@pytest.mark.parametrize("kind", KINDS)
def test_in_binary_content_only_tokens_and_private_keys_count(matches: Any, kind: str) -> None:
    found = matches(WORD._replace(kind=kind), b"\x7fELF\0\0 key123 \0")
    assert len(found) == (kind in ("token", "private-key"))


def test_a_match_does_not_see_beyond_its_content(matches: Any) -> None:
    rule = Rule(id="wide", title="Wide", pattern=r"a\s{0,9}b", max_length=11)
    assert matches(rule, b"a", b"b", b"a ", b" b") == []
    assert len(matches(rule, b"a\n", b"a\n b")) == 1


def test_a_trigger_may_end_with_the_border_behind_the_longest_match(matches: Any) -> None:
    rule = Rule(
        id="run", title="Run", pattern=r"(?<!\w)[0-9a-f]{9,12}(?!\w)", trigger=r"\W[0-9a-f]{9,12}\W", max_length=12
    )
    assert [match.secret.reveal() for match in matches(rule, b"x 0123456789ab y")] == [b"0123456789ab"]
    assert [match.secret.reveal() for match in matches(rule, b"0123456789ab", b"x")] == [b"0123456789ab"]
