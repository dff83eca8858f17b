"""Comments that allow a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.suppression.inline import inline_allow

OURS = b"secrets-guard" + b": allow"


@pytest.mark.parametrize(
    "marker",
    [
        b"gitleaks" + b":allow",
        b"betterleaks" + b":allow",
        b"trufflehog" + b":ignore",
        b"kingfisher" + b":ignore",
        b"pragma" + b": allowlist secret",
        b"pragma" + b": whitelist secret",
        OURS,
        b"secrets-guard" + b":allow",
    ],
)
def test_every_marker_counts_in_any_case_and_is_named(marker: bytes) -> None:
    assert inline_allow(b"x = 1  # " + marker, b"", "r") == marker.decode()
    assert inline_allow(b"x = 1  // " + marker.upper() + b" because", b"", "r") == marker.decode()


@pytest.mark.parametrize(
    "line",
    [b"x = 1", OURS + b"list", OURS + b"-not", b"gitleaks" + b":allowed", b"gitleaks allow", b"pragma" + b": secret"],
)
def test_what_only_resembles_a_marker_does_not_count(line: bytes) -> None:
    assert inline_allow(line, b"", "r") is None


def test_a_marker_for_a_rule_allows_only_that_rule() -> None:
    line = b"x = 1  # " + OURS + b" rule=one-rule,other-rule. It is a sample"
    assert [inline_allow(line, b"", rule) is not None for rule in ("one-rule", "other-rule", "rule")] == [
        True,
        True,
        False,
    ]
    late = b"x = 1  # " + OURS + b" because it is a sample, rule=one-rule"
    assert [inline_allow(late, b"", rule) is not None for rule in ("one-rule", "two")] == [True, False]


def test_another_tools_marker_beside_ours_for_a_rule_still_counts() -> None:
    line = b"# gitleaks" + b":allow " + OURS + b" rule=other"
    assert inline_allow(line, b"", "r") == "gitleaks:allow"


def test_the_nextline_pragma_allows_the_next_line_not_its_own() -> None:
    pragma = b"# pragma" + b": allowlist nextline secret"
    assert inline_allow(b"x = 1", pragma, "r") == pragma[2:].decode()
    assert inline_allow(b"x = 1 " + pragma, b"", "r") is None
    assert inline_allow(b"x = 1", b"# pragma" + b": allowlist secret", "r") is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_are_judged_without_a_crash(line: bytes, above: bytes) -> None:
    assert inline_allow(line, above, "r") is None or b":" in line + above
