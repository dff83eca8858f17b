"""A regular expression as text -> what is wrong with it, and how long its matches can get."""

from __future__ import annotations

import re
import warnings
from typing import Any

from secrets_guard.pattern.backtracking import blow_up

LONGEST_MATCH = 32_768
"""The longest match, in bytes, that a rule may ask for; pieces of a large content overlap by twice as much."""
NEAR = 600
"""Bytes around a change of a content that are looked at (glance.py); what is longer is noticed by its beginning."""
_LONGEST_VALUE = 4096
"""The longest value that a pattern over paths, secrets or lines is asked about."""


def pattern_problems(pattern: str, *, anchors: bool = False) -> list[str]:
    """Return what is wrong with a regular expression: it must compile, not blow up, and have no bare anchor.

    With ``anchors`` a bare ``^`` or ``$`` is fine (it will meet a single value, not a whole file).
    """
    parsed = parse(pattern)
    if isinstance(parsed, str):
        return [f"{pattern!r}: {parsed}"]
    problems = []
    if not anchors and any(
        name in _anchors(parsed) for name in ("AT_BEGINNING", "AT_BEGINNING_STRING", "AT_END_STRING")
    ):
        problems.append(f"{pattern!r}: \\A, \\Z and a ^ without (?m) mean the start or end of a batch; use (?m) or \\b")
    reason = blow_up(parsed, window=_LONGEST_VALUE) if anchors else blow_up(parsed)
    if reason:
        problems.append(f"{pattern!r}: {reason}")
    return problems


def parse(pattern: str) -> Any:
    """Return the parsed pattern (``re``'s own tree), or the complaint as a string."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern.encode())
            return re._parser.parse(pattern.encode())  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError, DeprecationWarning, FutureWarning) as error:
        return f"not a valid regular expression: {error}"


def longest(pattern: str) -> int:
    """Return the length in bytes of the longest possible match; more than LONGEST_MATCH where it is unbounded."""
    return int(min(parse(pattern).getwidth()[1], LONGEST_MATCH + 1))


def _anchors(parsed: Any) -> set[str]:
    multiline = parsed.state.flags & re.MULTILINE
    found: set[str] = set()
    stack: list[Any] = [parsed]
    while stack:
        node = stack.pop()
        for op, argument in node:
            if str(op) == "AT" and not (multiline and str(argument) == "AT_BEGINNING"):
                found.add(str(argument))
            stack += [part for part in _children(argument) if part is not None]
    return found


def _children(argument: Any) -> list[Any]:
    sub_pattern = type(re._parser.parse(""))  # type: ignore[attr-defined]
    if isinstance(argument, sub_pattern):
        return [argument]
    if isinstance(argument, list | tuple):
        return [part for item in argument for part in _children(item)]
    return []
