"""A rule's raw fields -> the list of what is wrong with it; an empty list means that it can be trusted."""

from __future__ import annotations

import re
import warnings
from typing import Any

from secrets_guard.located_yaml import nearest
from secrets_guard.model.rule import CONFIDENCES, KINDS, SEVERITIES, Rule
from secrets_guard.rules.backtracking import blow_up

LONGEST_MATCH = 32_768
"""The longest match, in bytes, that a rule may ask for; pieces of a large content overlap by twice as much."""

CHECKSUMS = ("github-crc32", "npm-crc32")
"""Names a rule may give as ``checksum``; each is a function in judge/checksum.py (a test holds the two equal)."""

_FIELDS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "title": str,
    "pattern": str,
    "kind": str,
    "trigger": str,
    "secret_group": int,
    "max_length": int,
    "keywords": list,
    "min_entropy": (int, float),
    "checksum": str,
    "path": str,
    "allow": list,
    "nearby": list,
    "severity": str,
    "confidence": str,
    "examples": list,
    "counterexamples": list,
    "references": list,
}
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def field_problems(raw: dict[Any, Any]) -> list[tuple[str, str]]:
    """Return (field, complaint) for unknown, missing and wrongly typed fields."""
    problems = []
    for key, value in raw.items():
        wanted = _FIELDS.get(key)
        if wanted is None:
            problems.append((str(key), f"unknown field {key!r}{nearest(str(key), list(_FIELDS))}"))
        elif not isinstance(value, wanted) or isinstance(value, bool):
            problems.append((key, f"{key} must be {_type_name(wanted)}, not {type(value).__name__}"))
        elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
            problems.append((key, f"{key} must be a list of strings"))
    problems += [("id", f"{key} is missing") for key in ("id", "title", "pattern") if key not in raw]
    return problems


def _type_name(wanted: type | tuple[type, ...]) -> str:
    return {str: "a string", int: "a whole number", list: "a list"}.get(wanted, "a number")  # type: ignore[arg-type]


def rule_problems(rule: Rule) -> list[tuple[str, str]]:
    """Return (field, complaint) for a rule whose fields have the right types."""
    problems = []
    if not _ID.fullmatch(rule.id):
        problems.append(("id", f"id {rule.id!r} must be lower-case words joined by hyphens"))
    for field, value, scale in (
        ("kind", rule.kind, KINDS),
        ("severity", rule.severity, SEVERITIES),
        ("confidence", rule.confidence, CONFIDENCES),
    ):
        if value not in scale:
            problems.append((field, f"{field} {value!r} is none of {', '.join(scale)}"))
    if rule.checksum and rule.checksum not in CHECKSUMS:
        problems.append(("checksum", f"unknown checksum {rule.checksum!r}{nearest(rule.checksum, CHECKSUMS)}"))
    for field, pattern in (("pattern", rule.pattern), ("trigger", rule.trigger), ("path", rule.path)):
        if pattern:
            problems += [(field, text) for text in pattern_problems(pattern, anchors=field == "path")]
    problems += [("allow", text) for pattern in rule.allow for text in pattern_problems(pattern, anchors=True)]
    if not any(field == "pattern" for field, _ in problems):
        problems += _length_problems(rule)
    return problems


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
    reason = blow_up(parsed)
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


def _length_problems(rule: Rule) -> list[tuple[str, str]]:
    groups = parse(rule.pattern).state.groups - 1
    problems = []
    if not 0 <= rule.secret_group <= groups:
        problems.append(("secret_group", f"secret_group {rule.secret_group} does not exist: the pattern has {groups}"))
    if rule.max_length > LONGEST_MATCH:
        wanted = f"bound its repeats, or state a max_length up to {LONGEST_MATCH}"
        problems.append(("pattern", f"a match can be longer than {LONGEST_MATCH} bytes; {wanted}"))
    return problems


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
