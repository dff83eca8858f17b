"""What rules of a gitleaks or betterleaks config require near them -> ``nearby`` of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from secrets_guard.model.rule import Nearby, Rule
from secrets_guard.rules.gitleaks_toml import Notes, tables
from secrets_guard.rules.lint import MOST_LINES

_WITHIN = re.compile(r"([+-]?)(\d{1,6})([LC])")


def with_nearby(
    rules: dict[str, Rule], raws: Iterable[tuple[str, Mapping[str, Any]]], renamed: Mapping[str, str], notes: Notes
) -> dict[str, Rule]:
    """Return the rules with what they require, and those that are never reported as no longer standing alone.

    ``raws`` are (our id, table as read); ``renamed`` maps their ids to ours.
    """
    made = dict(rules)
    silent = {rule_id for rule_id, raw in raws if rule_id in rules and raw.get("skipreport")}
    for rule_id, raw in raws:
        if rule_id in rules and rule_id not in silent:
            near = {one.rule: one for one in _required(raw, rule_id, rules, renamed, notes) if one.rule != rule_id}
            made[rule_id] = rules[rule_id]._replace(nearby=tuple(near.values()))
    named = {near.rule for rule in made.values() for near in rule.nearby}
    for rule_id in sorted(silent):
        if rule_id in named:
            made[rule_id] = made[rule_id]._replace(alone=False)
        else:
            del made[rule_id]
            notes.add(rule_id, "left out: skipReport, and no rule requires it")
    for rule_id in sorted(named - silent):
        notes.add(rule_id, "what it finds near a rule that requires it is a part of that finding, not one more")
    return made


def _required(
    raw: Mapping[str, Any], rule_id: str, rules: Mapping[str, Rule], renamed: Mapping[str, str], notes: Notes
) -> Iterator[Nearby]:
    for table in (*tables(raw, "required", rule_id, notes), *tables(raw, "components", rule_id, notes)):
        other, optional = str(table.get("id", "")), table.get("optional") is True
        target = renamed.get(other, "")
        if target not in rules:
            if not optional:
                notes.add(rule_id, f"it finds more than before: {other!r}, which it requires, did not carry over")
            continue
        lines = _number(table.get("withinlines"), MOST_LINES)
        columns = _number(table.get("withincolumns"), 0)
        if "within" in table:
            lines, columns = _within(str(table["within"]), rule_id, notes)
        yield Nearby(target, min(lines, MOST_LINES), not optional, columns if columns <= MOST_LINES else 0)


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def _within(text: str, rule_id: str, notes: Notes) -> tuple[int, int]:
    """Return the lines of betterleaks' ``5L`` or ``7L,200C``; what else it says is noted."""
    found = _WITHIN.findall(text)
    lines = [int(number) for _, number, unit in found if unit == "L"]
    if len(lines) < len(found) or any(sign for sign, _, _ in found) or not found:
        notes.add(rule_id, f"of within = {text!r} only the lines carry over, in both directions")
    return max(lines, default=Nearby("").within), 0
