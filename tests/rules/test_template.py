"""Templates give the same text each time, spell out every form, and refuse what they can't fill."""

from __future__ import annotations

import base64
import re
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from secrets_guard.judge.checksum import CHECKS
from secrets_guard.rules.template import ALPHABETS, fill

FEW = settings(max_examples=80, deadline=None, derandomize=True)


@FEW
@given(name=st.sampled_from(sorted(ALPHABETS)), length=st.integers(0, 200), seed=st.text(max_size=5))
def test_a_class_gives_that_many_characters_of_its_alphabet_each_time(name: str, length: int, seed: str) -> None:
    made = fill(f"a<{name}:{length}>z", seed)
    assert made == fill(f"a<{name}:{length}>z", seed)
    assert len(made) == length + 2
    assert set(made[1:-1]) <= set(ALPHABETS[name])


def test_seeds_and_templates_give_different_texts() -> None:
    assert len({fill("<alnum:30>", "1"), fill("<alnum:30>", "2"), fill("x<alnum:30>", "1")[1:]}) == 3


def test_an_alphabet_may_be_spelt_out() -> None:
    assert re.fullmatch("[A-C2-4]{40}", fill("<[A-C2-4]:40>", "s"))


@pytest.mark.parametrize("name", ["github-crc32", "npm-crc32"])
def test_tokens_with_a_checksum_carry_the_right_one(name: str) -> None:
    template = {"github-crc32": "<github:ghp_>", "npm-crc32": "<npm>"}[name]
    assert CHECKS[name](fill(template, "s").encode())


@FEW
@given(
    length=st.integers(0, 40),
    alphabet=st.sampled_from(["digit", "hex", "alnum"]),
    name=st.sampled_from(["b64", "b64url", "hexof"]),
)
@example(length=17, alphabet="digit", name="b64url")
def test_makers_encode_what_was_filled_inside_them(length: int, alphabet: str, name: str) -> None:
    made = fill(f"<{name}:<{alphabet}:{length}>>", "s")
    undone = bytes.fromhex(made) if name == "hexof" else base64.urlsafe_b64decode(made + "=" * (-len(made) % 4))
    assert re.fullmatch(f"[{re.escape(ALPHABETS[alphabet])}]{{{length}}}", undone.decode())


@FEW
@given(
    makers=st.lists(st.sampled_from(["b64url", "hexof"]), max_size=4),
    inside=st.text(string.digits + "abc:{}", max_size=9),
)
def test_makers_nest(makers: list[str], inside: str) -> None:
    template = inside
    for name in makers:
        template = f"<{name}:{template}>"
    made = fill(template, "s")
    for name in reversed(makers):
        made = (
            bytes.fromhex(made) if name == "hexof" else base64.urlsafe_b64decode(made + "=" * (-len(made) % 4))
        ).decode()
    assert made == inside


@pytest.mark.parametrize(
    "text", ["<your-key>", "<>", "a < b > c", "<a b:c>", "<https://x.y:8080/>", "plain", "", "<jwtx>"]
)
def test_what_is_no_placeholder_stays_as_it_is(text: str) -> None:
    assert fill(text, "s") == text


def test_what_is_no_placeholder_is_encoded_with_its_brackets() -> None:
    assert bytes.fromhex(fill("<hexof:a <your-key> b>", "s")) == b"a <your-key> b"


@pytest.mark.parametrize(
    "template",
    ["<alnun:3>", "<abc:3>", "<[z-a]:3>", "<[é]:3>", "<alnum:100001>", "<alnum:99999999999>", "<hexof:<nope:3>>"],
)
def test_what_cannot_be_filled_is_an_error_that_says_so(template: str) -> None:
    with pytest.raises(ValueError, match="template"):
        fill(template, "s")
