"""Rule files -> RuleSet. Every problem of every file is listed in one RuleError, each with file:line."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from secrets_guard.digest import blake2b
from secrets_guard.errors import ConfigError, RuleError
from secrets_guard.model.rule import Nearby, Rule, RuleSet
from secrets_guard.pattern import NEAR, longest, parse
from secrets_guard.rules import lint
from secrets_guard.rules.trigger import derive, head

_TUPLES = ("keywords", "allow", "examples", "counterexamples", "references")
_SHORTEST_TRIGGER = 4
"""Bytes: a shorter one is hit everywhere, so it says nothing of where to look."""


def parse_rules(files: list[tuple[str, bytes]], known: Sequence[Rule] = (), *, trusted: bool = False) -> list[Rule]:
    """Return the rules of several (name, content) files and those that are ``known`` already, sorted by id.

    ``trusted`` rules have been linted before. Raises RuleError listing every problem: YAML, fields, patterns,
    duplicate ids.
    """
    rules = {rule.id: rule for rule in known}
    problems: list[str] = []
    for name, content in files:
        made, wrong = _parse_file(name, content, trusted=trusted)
        problems += wrong
        for rule in made:
            if rule.id in rules:
                problems.append(f"{rule.place}: duplicate rule id {rule.id!r}, first defined at {rules[rule.id].place}")
            rules.setdefault(rule.id, rule)
    problems += _nearby_problems(rules)
    if problems:
        raise RuleError(*problems)
    return [rules[rule_id] for rule_id in sorted(rules)]


def _nearby_problems(rules: dict[str, Rule]) -> list[str]:
    problems = []
    named = {near.rule for rule in rules.values() for near in rule.nearby}
    for rule in rules.values():
        others = [near.rule for near in rule.nearby]
        problems += [f"{rule.place}: nearby names no rule: {other!r}" for other in others if other not in rules]
        if len(set(others) - {rule.id}) < len(others):
            problems.append(f"{rule.place}: {rule.id}: nearby names a rule twice, or the rule itself")
        if not rule.alone and rule.nearby:
            problems.append(f"{rule.place}: {rule.id}: a rule that does not stand alone has no nearby of its own")
        if not rule.alone and rule.id not in named:
            problems.append(f"{rule.place}: {rule.id}: it does not stand alone, and no rule names it in nearby")
    return problems


def digest_of(rules: list[Rule] | tuple[Rule, ...]) -> str:
    """Return a digest (32 hex digits) over all that decides what the rules find."""
    digest = blake2b(digest_size=16)
    for rule in rules:
        digest.update(repr(rule._replace(place="", examples=(), counterexamples=(), references=(), revoke="")).encode())
    return digest.hexdigest()


def rule_set(rules: list[Rule]) -> RuleSet:
    """Return the rules as a set with its digest."""
    return RuleSet(tuple(rules), digest_of(rules))


def _parse_file(name: str, content: bytes, *, trusted: bool) -> tuple[list[Rule], list[str]]:
    from secrets_guard import located_yaml

    try:
        document = located_yaml.load(content.decode("utf-8"), name)
    except UnicodeDecodeError as error:
        return [], [f"{name}:1: not UTF-8 (byte {error.start})"]
    except ConfigError as error:
        return [], list(error.problems)
    if not isinstance(document.value, list):
        return [], [f"{name}:1: a rule file is a list of rules: start each with '- id: …'"]
    vendor = os.path.splitext(os.path.basename(name))[0]
    rules, problems = [], []
    for index, raw in enumerate(document.value):
        if not isinstance(raw, dict):
            problems.append(f"{document.place(index)}: a rule is a mapping that begins with 'id:'")
            continue
        wrong = lint.field_problems(raw)
        if not wrong:
            rule = _build(raw, vendor, document.place(index))
            wrong = [] if trusted else lint.rule_problems(rule)
            rules.append(rule if wrong else with_trigger(rule))
        label = raw.get("id", f"rule {index + 1}")
        problems += [f"{document.place(index, field)}: {label}: {text}" for field, text in wrong]
    return rules, problems


def _build(raw: dict[str, Any], vendor: str, place: str) -> Rule:
    fields: dict[str, Any] = {key: tuple(value) if key in _TUPLES else value for key, value in raw.items()}
    fields["nearby"] = tuple(
        Nearby(near) if isinstance(near, str) else Nearby(**near) for near in fields.get("nearby", ())
    )
    rule = Rule(**fields, vendor=vendor, place=place)
    parsed = parse(rule.pattern)
    if isinstance(parsed, str):
        return rule
    if "secret_group" not in raw and parsed.state.groups > 1:
        rule = rule._replace(secret_group=1)
    if not rule.max_length:
        rule = rule._replace(max_length=longest(rule.pattern))
    return rule._replace(min_entropy=float(rule.min_entropy))


def with_trigger(rule: Rule) -> Rule:
    """Return a rule that has been linted with the pattern of stage one, and how long matches of both can get."""
    rule = rule._replace(longest=longest(rule.pattern))
    parsed = parse(rule.trigger or rule.pattern)
    # The entropy rules' triggers are all about length and borders: coarser ones would be hit everywhere.
    if rule.kind == "entropy" and rule.trigger:
        return rule._replace(trigger_longest=longest(rule.trigger))
    if rule.longest > NEAR:
        parsed = head(parsed, NEAR)
    shortest, bounded = parsed.getwidth()
    return rule._replace(trigger=derive(parsed), trigger_longest=bounded if shortest >= _SHORTEST_TRIGGER else 0)
