"""A rule's pattern -> a coarser one for stage one, that compiles in a fraction of the time and matches no less.

It need not say where a match ends, nor tell a right one from a nearly right one: stage two does. So long repeats
lose their bounds (one state instead of hundreds), and what follows the first distinctive characters is cut off.
"""

from __future__ import annotations

import re
from typing import Any

_TAIL = 12
"""Characters of a long repeat that are kept."""
_SMALL = 3
"""Repeats whose bounds are this close keep them."""
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d", "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_SPACE": r"\s", "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w", "CATEGORY_NOT_WORD": r"\W",
}  # fmt: skip
# The ends are left out: what ends a text ends a batch only by chance.
_ANCHORS = {"AT_BEGINNING": "^", "AT_BOUNDARY": r"\b", "AT_NON_BOUNDARY": r"\B"}


def derive(parsed: Any) -> str:
    """Return the trigger for a pattern parsed by ``re._parser.parse``.

    It matches wherever the pattern does, ending inside the match; Vectorscan reads it even where the pattern uses
    what only ``re`` knows (look-around, back-references).
    """
    flags = parsed.state.flags
    text, _ = _sequence(list(parsed), bool(flags & re.DOTALL), literal_needed=True)
    switches = _letters(flags)
    return f"(?{switches}){text}" if switches else text


def head(parsed: Any, most: int) -> Any:
    """Return the beginning of a parsed pattern that matches at most ``most`` bytes: every match begins with it."""
    kept: list[Any] = []
    for item in parsed:
        width = _part(parsed, [item]).getwidth()[1]
        if width > most:
            kept += _beginning(item, most)
            break
        kept.append(item)
        most -= width
    return _part(parsed, kept)


def _part(parsed: Any, items: list[Any]) -> Any:
    return type(parsed)(parsed.state, items)


def _beginning(item: Any, most: int) -> list[Any]:
    op, argument = item
    if str(op) == "SUBPATTERN":
        return [(op, (*argument[:3], head(argument[3], most)))]
    if str(op) == "ATOMIC_GROUP":
        return [(op, head(argument, most))]
    if str(op) == "BRANCH":
        return [(op, (argument[0], [head(branch, most) for branch in argument[1]]))]
    if not str(op).endswith("REPEAT") or not argument[0]:
        return []
    low, _, body = argument
    width = body.getwidth()[1]
    times = min(low, _TAIL, most // max(1, width))
    return [(op, (times, times, body))] if times else list(head(body, most))


def _sequence(items: list[Any], dotall: bool, *, literal_needed: bool) -> tuple[str, bool]:
    """Return the text of a sequence, and whether its tail was cut off (then nothing may follow it)."""
    out = []
    for index, (op, argument) in enumerate(items):
        last = not any(_consumes(item) for item in items[index + 1 :])
        text, cut = _item(str(op), argument, dotall, tail=last and literal_needed)
        out.append(text)
        if cut:
            return "".join(out), True
    return "".join(out), False


def _item(op: str, argument: Any, dotall: bool, *, tail: bool) -> tuple[str, bool]:
    if op == "LITERAL":
        return _literal(argument), False
    if op == "NOT_LITERAL":
        return f"[^{_literal(argument)}]", False
    if op == "ANY":
        return (r"[\s\S]" if dotall else "."), False
    if op == "IN":
        return _set(argument), False
    if op == "AT":
        return _ANCHORS.get(str(argument), ""), False
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _repeat(argument, dotall, tail=tail)
    if op == "SUBPATTERN":
        return _group(argument, dotall, tail=tail)
    if op == "ATOMIC_GROUP":
        text, cut = _sequence(list(argument), dotall, literal_needed=tail)
        return f"(?:{text})", cut
    if op == "BRANCH":
        branches = [_sequence(list(branch), dotall, literal_needed=tail) for branch in argument[1]]
        # What follows an alternative that was cut may not be asked for; it is not, as only the tail is cut.
        return f"(?:{'|'.join(text for text, _ in branches)})", any(cut for _, cut in branches)
    if op in ("ASSERT", "ASSERT_NOT"):
        return "", False
    return "", True  # a back-reference can be anything: end before it


def _group(argument: Any, dotall: bool, *, tail: bool) -> tuple[str, bool]:
    _, added, removed, body = argument
    dotall = (dotall or bool(added & re.DOTALL)) and not removed & re.DOTALL
    text, cut = _sequence(list(body), dotall, literal_needed=tail)
    on, off = _letters(added), _letters(removed)
    return f"(?{on}{'-' if off else ''}{off}:{text})", cut


def _letters(flags: int) -> str:
    return "".join(letter for letter, flag in (("i", re.I), ("m", re.M)) if flags & flag)


def _repeat(argument: Any, dotall: bool, *, tail: bool) -> tuple[str, bool]:
    low, high, body = argument
    text, cut = _sequence(list(body), dotall, literal_needed=tail and low > 0)
    unit = text if len(body) == 1 and str(body[0][0]) in ("LITERAL", "IN", "ANY", "NOT_LITERAL") else f"(?:{text})"
    if cut:
        return (unit if low > 0 else f"(?:{unit})?"), True
    if tail and low > 0:
        return f"{unit}{{{min(low, _TAIL)}}}", True
    unbounded = str(high) == "MAXREPEAT" or int(high) - low > _SMALL
    if unbounded:
        return f"{unit}*" if low == 0 else f"{unit}{{{low},}}", False
    return f"{unit}{{{low},{int(high)}}}", False


def _consumes(item: Any) -> bool:
    op, argument = str(item[0]), item[1]
    if op in ("AT", "ASSERT", "ASSERT_NOT"):
        return False
    return not (op.endswith("REPEAT") and argument[0] == 0)


def _set(members: Any) -> str:
    return "[" + "".join(_member(str(op), argument) for op, argument in members) + "]"


def _member(op: str, argument: Any) -> str:
    if op == "NEGATE":
        return "^"
    if op == "RANGE":
        return f"{_literal(argument[0])}-{_literal(argument[1])}"
    return _CATEGORIES[str(argument)] if op == "CATEGORY" else _literal(argument)


def _literal(code: int) -> str:
    return chr(code) if chr(code).isascii() and chr(code).isalnum() else f"\\x{code:02x}"
