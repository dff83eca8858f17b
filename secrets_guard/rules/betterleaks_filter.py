"""The filters of a betterleaks config, which are expressions -> the entropy and allowlists that mean the same.

Format: https://github.com/betterleaks/betterleaks (docs/config.md). An expression is true for what is left out. Of one
that is a chain of alternatives each can be read by itself; what can't is noted, and less is left out than before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from secrets_guard.rules.gitleaks_toml import Notes, tables

_COMMENT = re.compile(r"(?m)^\s*//.*$")
_ENTROPY = re.compile(r'(?:filter\.)?entropy\(finding\["secret"\]\)\s*<=?\s*(\d+(?:\.\d+)?)')
_CALL = re.compile(
    r'(?:filter\.)?(matchesAny|containsAny)\(\s*(?:finding\["(\w+)"\]|attributes\["(path|git\.sha)"\]'
    r'|get\(attributes,\s*"(path|git\.sha)",\s*""\))\s*,\s*\[(.*)\]\s*\)',
    re.DOTALL,
)
_STRING = re.compile(r'`([^`]*)`|("(?:[^"\\]|\\.)*")|\'((?:[^\'\\]|\\.)*)\'')
_EFFICIENCY = re.compile(r"(?:filter\.)?(?:tokenRatio|failsTokenEfficiency)\b")
_DEEPEST = 20
_LOST = "a part of its filter does not carry over, so it may find more than before"


def with_filters(raw: Mapping[str, Any], rule_id: str, notes: Notes) -> dict[str, Any]:
    """Return a rule's table (or the document) with what its filters say as ``entropy`` and ``allowlists``."""
    made = dict(raw)
    floors: list[float] = []
    lists: list[dict[str, Any]] = []
    for key in ("prefilter", "filter"):
        text = made.pop(key, "")
        if not isinstance(text, str):
            notes.add(rule_id, f"{key} is no expression and does not carry over")
            continue
        for term in _alternatives(_COMMENT.sub("", text)):
            floor = _ENTROPY.fullmatch(term)
            table = _allowlist(term) if not floor else None
            if floor:
                floors.append(float(floor[1]))
            elif table:
                lists.append(table)
            elif _EFFICIENCY.match(term):
                notes.add(rule_id, "token efficiency does not carry over, so it may find more than before")
            else:
                notes.add(rule_id, _LOST)
    if floors:
        made["entropy"] = max(floors)
    if lists:
        made["allowlists"] = [*tables(raw, "allowlists", rule_id, notes), *lists]
    return made


def _alternatives(text: str, depth: int = 0) -> Iterator[str]:
    """Yield the alternatives of a chain of ``||``; a ``let`` or a condition around it makes it one."""
    text = text.strip()
    if depth > _DEEPEST or text.startswith("let "):
        yield text
        return
    while text.startswith("(") and text.endswith(")") and _end(text, 0) == len(text):
        text = text[1:-1].strip()
    start = at = 0
    while at < len(text):
        if text.startswith("||", at):
            yield from _alternatives(text[start:at], depth + 1)
            start = at = at + 2
        else:
            at = _end(text, at)
    rest = text[start:].strip()
    if start and rest:
        yield from _alternatives(rest, depth + 1)
    elif rest:
        yield rest


def _end(text: str, at: int) -> int:
    """Return where what begins at ``at`` ends: a string, what is in brackets, or one character."""
    string = _STRING.match(text, at)
    if string:
        return string.end()
    if text[at] not in "([{":
        return at + 1
    depth = 0
    while at < len(text):
        string = _STRING.match(text, at)
        if string:
            at = string.end()
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        at += 1
        if not depth:
            break
    return at


def _allowlist(term: str) -> dict[str, Any] | None:
    """Return the allowlist that leaves out what the term does; None where there is none."""
    call = _CALL.fullmatch(term)
    words = _strings(call[5]) if call else None
    if call is None or words is None:
        return None
    of, attribute = call[2], call[3] or call[4]
    if call[1] == "containsAny":
        if of == "secret":
            return {"stopwords": words}
        words = [re.escape(word) for word in words]
    if attribute:
        return {"paths": words} if attribute == "path" else None
    return {"regexes": words, "regextarget": of} if of in ("secret", "match", "line") else None


def _strings(text: str) -> list[str] | None:
    """Return the strings of a list; None where it is made of anything else."""
    if re.sub(r"[\s,]", "", _STRING.sub("", text)):
        return None
    found = []
    for raw, double, single in _STRING.findall(text):
        try:
            found.append(json.loads(double) if double else single.replace("\\'", "'") if single else raw)
        except ValueError:
            return None
    return found
