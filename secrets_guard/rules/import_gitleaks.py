"""A gitleaks or betterleaks config (TOML) -> our rules and allow entries; a note on all that does not carry over.

Format: https://github.com/gitleaks/gitleaks (README; config/config.go, config/rule.go, config/allowlist.go).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from secrets_guard.config_file import AllowEntry
from secrets_guard.errors import RuleError
from secrets_guard.model.rule import CONFIDENCES, Rule
from secrets_guard.pattern import LONGEST_MATCH, longest, parse
from secrets_guard.rules.betterleaks_filter import with_filters
from secrets_guard.rules.gitleaks_extend import extended
from secrets_guard.rules.gitleaks_required import with_nearby
from secrets_guard.rules.gitleaks_toml import (
    Notes,
    allow_entries,
    checked,
    parse_toml,
    read_text,
    split_for_rule,
    strings,
    tables,
)
from secrets_guard.rules.re2 import Translated

UNBOUNDED = 2000
"""Bytes that an unbounded repeat of characters is taken to be long at most; of any character at all, 8 times that."""

_RULE_KEYS = {"id", "description", "regex", "secretgroup", "entropy", "keywords", "path", "tags"}
_RULE_KEYS |= {"allowlist", "allowlists", "required", "skipreport", "components", "valuegroup", "confidence"}
_RULE_KEYS |= {"specificity"}
_TOP_KEYS = {"title", "description", "minversion", "extend", "rules", "allowlist", "allowlists"}
_TOP_KEYS |= {"betterleaksminversion", "prefilter", "filter"}


class Imported(NamedTuple):
    """Rules by id, entries for ``allow`` in the config, and notes: what is not as it was, with the rule ids."""

    rules: list[Rule]
    allow: list[AllowEntry]
    notes: list[str]


def import_gitleaks(text: str, name: str, taken: Collection[str] = ()) -> Imported:
    """Return what a gitleaks config means in our terms; ``taken`` are rule ids that exist already.

    Raises RuleError when the text is no such config at all.
    """
    document = parse_toml(text, name)
    if not set(document) & (_TOP_KEYS - {"title", "description"}):
        raise RuleError(f"{name}: no [[rules]], [[allowlists]] or [extend]: this is no gitleaks config")
    notes = Notes()
    _note_top(document, notes)
    document = with_filters(extended(document, name, notes), "", notes)
    raw_rules = [raw for raw in tables(document, "rules", "", notes) if raw]
    ids = _slugs(raw_rules, taken, notes)
    rules: dict[str, Rule] = {}
    allow: list[AllowEntry] = []
    for bare, rule_id in zip(raw_rules, ids, strict=True):
        raw = with_filters(bare, rule_id, notes)
        rule = _rule(raw, rule_id, notes)
        if rule is None:
            continue
        patterns: tuple[str, ...] = ()
        for entry in (
            made for table in _allowlist_tables(raw, rule_id, notes) for made in allow_entries(table, rule_id, notes)
        ):
            inside, rest = split_for_rule(entry)
            patterns += inside
            allow += [rest._replace(rules=(rule_id,))] if rest else []
        rules[rule_id] = rule._replace(allow=patterns, place=f"{name}:1")
    renamed = {str(raw.get("id")): rule_id for raw, rule_id in zip(raw_rules, ids, strict=True)}
    rules = with_nearby(rules, list(zip(ids, raw_rules, strict=True)), renamed, notes)
    allow = [entry for entry in allow if set(entry.rules) <= set(rules)]
    for raw in _allowlist_tables(document, "", notes):
        targets = tuple(renamed.get(target, target) for target in strings(raw, "targetrules", "", notes))
        for target in targets:
            if target not in rules:
                notes.add(target, "an allowlist's targetRules name it, and no rule of this file has that id")
        allow += [entry._replace(rules=targets) for entry in allow_entries(raw, "", notes)]
    return Imported([rules[rule_id] for rule_id in sorted(rules)], allow, notes.listed())


def read_gitleaks(path: str, taken: Collection[str] = ()) -> Imported:
    """Return what a gitleaks config file means in our terms. Raises RuleError when it can't be read."""
    return import_gitleaks(read_text(path), path, taken)


def _note_top(document: Mapping[str, Any], notes: Notes) -> None:
    for key in sorted(set(document) - _TOP_KEYS):
        notes.add("", f"the key {key!r} does not carry over")


def _slugs(raw_rules: list[dict[str, Any]], taken: Collection[str], notes: Notes) -> list[str]:
    made: list[str] = []
    for number, raw in enumerate(raw_rules, 1):
        original = str(raw.get("id", ""))
        slug = "-".join(re.findall(r"[a-z0-9]+", original.lower())) or f"imported-{number}"
        base = f"gitleaks-{slug}" if slug in taken else slug
        free, suffix = base, 1
        while free in made or free in taken:
            suffix += 1
            free = f"{base}-{suffix}"
        if free != original:
            notes.add(free, f"was {original!r}")
        made.append(free)
    return made


def _rule(raw: Mapping[str, Any], rule_id: str, notes: Notes) -> Rule | None:
    _note_rule(raw, rule_id, notes)
    regex, path = raw.get("regex"), raw.get("path") or ""
    if not regex or not isinstance(regex, str) or not isinstance(path, str):
        notes.add(rule_id, "left out: it has no regex; a rule that goes by the path alone is none of ours")
        return None
    group, entropy = raw.get("secretgroup", 0) or raw.get("valuegroup", 0), raw.get("entropy", 0)
    if not isinstance(group, int) or not isinstance(entropy, int | float):
        notes.add(rule_id, "left out: its secretGroup or entropy is no number")
        return None
    try:
        pattern = checked(regex, whole=False, skip_lead=True)
        where = checked(path, whole=True) if path else Translated("", ())
    except ValueError as error:
        notes.add(rule_id, f"left out: its regex or path has {error}")
        return None
    for change in (*pattern.changes, *where.changes):
        notes.add(rule_id, change)
    title = str(raw.get("description") or rule_id)
    keywords = tuple(dict.fromkeys(word.lower() for word in strings(raw, "keywords", rule_id, notes)))
    rule = Rule(rule_id, title, pattern.pattern, keywords=keywords, path=where.pattern, min_entropy=float(entropy))
    rule = rule._replace(max_length=_max_length(rule, notes))
    confidence = str(raw.get("confidence", ""))
    return rule._replace(
        kind=_kind(raw, rule_id, notes),
        secret_group=_secret_group(rule, group, notes),
        confidence=confidence if confidence in CONFIDENCES else rule.confidence,
    )


def _kind(raw: Mapping[str, Any], rule_id: str, notes: Notes) -> str:
    """Return ``assignment`` for a rule that gives way to all others there, too, else ``token``."""
    specificity = raw.get("specificity")
    # gitleaks goes by the word in the id (detect/utils.go), betterleaks by a specificity below that of others.
    if "generic" not in rule_id and not (isinstance(specificity, int) and specificity < 0):
        return "token"
    notes.add(rule_id, "it gives way to other rules, and is judged as our own generic rules: plain words are no secret")
    return "assignment"


def _note_rule(raw: Mapping[str, Any], rule_id: str, notes: Notes) -> None:
    if raw.get("confidence") == "low":
        notes.add(rule_id, "of low confidence: it reports only with --min-confidence low")
    if raw.get("tags"):
        notes.add(rule_id, "tags do not carry over")
    for key in sorted(set(raw) - _RULE_KEYS):
        notes.add(rule_id, f"the key {key!r} does not carry over")


def _allowlist_tables(raw: Mapping[str, Any], rule_id: str, notes: Notes) -> list[dict[str, Any]]:
    return tables(raw, "allowlists", rule_id, notes) + tables(raw, "allowlist", rule_id, notes)


def _max_length(rule: Rule, notes: Notes) -> int:
    bounded = longest(rule.pattern)
    if bounded <= LONGEST_MATCH:
        return bounded
    estimated = min(_width(parse(rule.pattern)), LONGEST_MATCH)
    notes.add(rule.id, f"its matches have no greatest length; those above {estimated} bytes are not found")
    return estimated


def _width(parsed: Any) -> int:
    """Return the length of the longest match, an unbounded repeat counted as its least and UNBOUNDED more."""
    total = 0
    for op, argument in parsed:
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inside = argument
            width = _width(inside)
            any_character = len(inside) == 1 and _takes_anything(*inside[0])
            endless = least * width + UNBOUNDED * (8 if any_character else 1)
            total += most * width if most < LONGEST_MATCH else endless
        elif name == "BRANCH":
            total += max(_width(branch) for branch in argument[1])
        elif name == "SUBPATTERN":
            total += _width(argument[-1])
        elif name not in ("AT", "ASSERT", "ASSERT_NOT"):
            total += 1
    return total


def _takes_anything(op: Any, argument: Any) -> bool:
    if str(op) == "ANY":
        return True
    names = {str(item[1]) for item in argument} if str(op) == "IN" else set()
    return any({f"CATEGORY_{kind}", f"CATEGORY_NOT_{kind}"} <= names for kind in ("SPACE", "WORD", "DIGIT"))


def _secret_group(rule: Rule, stated: int, notes: Notes) -> int:
    """Return our group for gitleaks's: 0 means the first group that is not empty, or all where none is."""
    parsed = parse(rule.pattern)
    groups = parsed.state.groups - 1
    if not 0 <= stated <= groups:
        notes.add(rule.id, f"its secretGroup {stated} does not exist: the whole match is the secret")
        return 0
    if stated or not groups:
        return stated
    if 1 not in _certain_groups(parsed):
        notes.add(rule.id, "the secret is the whole match; gitleaks takes its first group that is not empty")
        return 0
    return 1


def _certain_groups(parsed: Any) -> set[int]:
    """Return the groups that take part, not empty, in every match."""
    found: set[int] = set()
    for op, argument in parsed:
        if str(op) == "SUBPATTERN":
            inside = argument[-1]
            found |= _certain_groups(inside)
            if argument[0] is not None and inside.getwidth()[0] > 0:
                found.add(argument[0])
        elif str(op) in ("MAX_REPEAT", "MIN_REPEAT") and argument[0] > 0:
            found |= _certain_groups(argument[2])
    return found
