"""Patterns that could hang ``re`` are told from those that can't."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import yaml

from secrets_guard.pattern.backtracking import blow_up

_RULES = Path(__file__).parents[2] / "config" / "rules"


def _reason(pattern: str, window: int = 65_536) -> str:
    return blow_up(re._parser.parse(pattern.encode()), window)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"(?:a|ab|b)*c",
        r"(?:ab|ab)*c",
        r"(?:a|b|ab){8,}c",
        r"(?:[a-c]|[b-d]x?){10}",
        r"(a*b?)*c",
        r"(?:a?){30}b",
        r"(?:\w+\s?)*$",
        r"(?:\w{1,9}){1,9}-",
        r"(?:(?:a{1,5}){1,5}){1,5}x",
        r"(?:[a-z]+\d?){5,20}!",
        r"(?i)(?:a+B?A*){9}!",
        r"(?:.*,){12}P",
        r"(?:x+x+)+y",
        r"(?:(?:\d+)?\.?)+z",
        r"(?s)(?:.{1,50}\n){1,30}X",
        r"(?=(a+)+b)x",
        r"(\w+)(?:\1)+!",
        r"(?:a+){2,6}(?!b)c",
    ],
)
def test_a_repeated_group_that_reads_a_text_in_several_ways_is_refused(pattern: str) -> None:
    assert "several ways" in _reason(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\w*\w*\w*!",
        r".*.*=.*x",
        r"[a-z]{0,400}[a-z0-9]{0,400}\w{0,400}!",
        r"(?:\w+\s?){1,3}!",
        r"(?:\w+\s?){3}!",
        r"[\s\S]{0,9000}key[\s\S]{0,9000}!",
        r"(?:ab){0,9000}(?:ab){0,9000}c",
        r"(?=\d*\d*x)y",
        "a?" * 30 + "a" * 30,
    ],
)
def test_long_repeats_in_a_row_that_can_take_the_same_text_are_refused(pattern: str) -> None:
    assert "in a row" in _reason(pattern)


_GOOD = [
    (r"(?:[0-9a-f]{2}:){15}[0-9a-f]{2}", "0a:"),
    (r"(?:Q){5}x", "Q"),
    (r"(?:[A-Za-z0-9+/]{4}){10,200}=", "AAAA"),
    (r"(?:\w{1,20}\.){1,5}\w{2,10}!", "aa."),
    (r"(?:[A-Za-z0-9+/=]{1,76}\r?\n){1,400}-", "A" * 60 + "\n"),
    (
        r"(?i)vendor[\w.\-]{0,30}(?:key|token)?[\w.\-]{0,20}['\"\])]{0,3}\s{0,4}(?:=>|:=|[:=,])"
        r"\s{0,5}['\"`]{0,2}([0-9a-f]{40})\b",
        "vendorkeytoken",
    ),
    (
        r"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[\s\S]{64,30000}?-----END[ A-Z]{0,100}KEY!",
        "-----BEGIN PRIVATE KEY-----",
    ),
    (r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}com", "aaaaaaaaaa."),
    (r"(?:/[\w.-]+){1,20}$", "/aa"),
    (r".*foo.*", "foo"),
    (r"(?m)^.*EXAMPLE.*$", "EXAMPLE"),
    (r"^/?(?:[a-z]+/){2,}[a-z]*$", "a/"),
    (r"(?:\w{1,20}[.-]?){1,3}!", "a"),
    (r"(?:(?:[0-9a-f]{2}:){3}){1,3}x", "00:"),
    (r'(?:\\r?\\n|\s|"){0,20}x', "\\r\\n"),
    (r"eyJ[\w-]{10,3000}\.eyJ[\w-]{10,6000}\.[\w-]{20,1000}\b", "eyJaaaaaaaaaaaaaaaaaaa."),
    (r"Lines: \d{1,3}\s{1,2}(?:[A-Za-z0-9+/=]{1,76}\r?\n?){1,100}", "Lines: 1\nAAAAAAAA"),
]


@pytest.mark.parametrize(("pattern", "_"), _GOOD)
def test_an_ordinary_pattern_is_accepted(pattern: str, _: str) -> None:
    assert _reason(pattern) == ""


@pytest.mark.parametrize(("pattern", "word"), _GOOD)
def test_an_accepted_pattern_is_done_with_four_kilobytes_of_bad_text(pattern: str, word: str) -> None:
    text = (word * 4096)[:4096].encode()
    begin = time.thread_time()
    for bad in (text, text + b"\x00", text.replace(b"\n", b""), b"a" * 4096, word[:1].encode() * 4096):
        re.search(pattern.encode(), bad)
    assert time.thread_time() - begin < 20


def test_a_short_window_lets_more_repeats_pass() -> None:
    pattern = r".*/test/.*\.json$"
    assert _reason(pattern)
    assert _reason(pattern, 4096) == ""


def test_a_pattern_too_large_to_check_is_refused_with_what_to_do() -> None:
    assert "split it" in _reason("|".join(f"{number:05}x" for number in range(5000)))
    assert "split it" in _reason("".join(f"[{chr(97 + number % 26)}]?" for number in range(2000)))


def test_every_rule_of_ours_passes() -> None:
    rules = [rule for file in sorted(_RULES.glob("*.yaml")) for rule in yaml.safe_load(file.read_text("utf-8"))]
    assert rules
    fields = [(rule["id"], rule[key]) for rule in rules for key in ("pattern", "trigger") if rule.get(key)]
    assert [(name, reason) for name, pattern in fields if (reason := _reason(pattern))] == []
