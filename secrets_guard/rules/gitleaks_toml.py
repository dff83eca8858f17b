"""Tables of a gitleaks config -> plain values and allow entries, noting what is not as it was."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from secrets_guard.config_file import AllowEntry
from secrets_guard.errors import RuleError
from secrets_guard.pattern import parse, pattern_problems
from secrets_guard.rules.re2 import Translated, translate

_ALLOW_KEYS = {"description", "condition", "commits", "paths", "regextarget", "regexes", "stopwords", "targetrules"}
BOUNDS = (1000, 200)
"""Where endless repeats end in patterns that would take too long otherwise; the second if the first doesn't help."""

_LEAD = re.compile(r"((?:\(\?[ims]+[:)])*)\[(?:\\.|[^\]\\])+\]\{0,\d+\}\?")
_CONDITIONS = {"": "any", "OR": "any", "||": "any", "AND": "all", "&&": "all"}


class Notes:
    """Collects notes; one text that concerns many rules is one note."""

    def __init__(self) -> None:
        self._about: dict[str, list[str]] = {}

    def add(self, rule_id: str, text: str) -> None:
        """Note ``text`` about a rule ("": about the file)."""
        about = self._about.setdefault(text, [])
        if rule_id and rule_id not in about:
            about.append(rule_id)

    def listed(self) -> list[str]:
        """Return one line a note, the rules that it is about first."""
        return [f"{', '.join(ids)}: {text}" if ids else text for text, ids in self._about.items()]


def read_text(path: str) -> str:
    """Return the text of a config. Raises RuleError when it can't be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError as error:
        raise RuleError(f"{path}: can't be read: {error.strerror}") from None


def read_toml(path: str) -> dict[str, Any]:
    """Return the document of a config, its keys in lower case. Raises RuleError when it is none."""
    return parse_toml(read_text(path), path)


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Return the document of a config's text, its keys in lower case. Raises RuleError when it is no TOML."""
    try:
        document: dict[str, Any] = lowered(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleError(f"{name}: not valid TOML: {error}") from None
    return document


def lowered(value: Any) -> Any:
    """Return the value with all keys in lower case."""
    # gitleaks reads its config by viper, for which the case of keys makes no difference.
    if isinstance(value, dict):
        return {key.lower(): lowered(item) for key, item in value.items()}
    return [lowered(item) for item in value] if isinstance(value, list) else value


def tables(raw: Mapping[str, Any], key: str, rule_id: str, notes: Notes) -> list[dict[str, Any]]:
    """Return the tables under ``key``: one ``[key]`` or several ``[[key]]``."""
    value = raw.get(key, [])
    found = [value] if isinstance(value, dict) else value if isinstance(value, list) else [None]
    if not all(isinstance(table, dict) for table in found):
        notes.add(rule_id, f"{key} is not made of tables and does not carry over")
    return [table for table in found if isinstance(table, dict)]


def strings(raw: Mapping[str, Any], key: str, rule_id: str, notes: Notes) -> tuple[str, ...]:
    """Return the strings under ``key``, without empty ones."""
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        notes.add(rule_id, f"{key} is no list of strings and does not carry over")
        return ()
    return tuple(item for item in value if item)


def allow_entries(raw: Mapping[str, Any], rule_id: str, notes: Notes) -> list[AllowEntry]:
    """Return the allowlist as entries (one, or none where nothing of it carries over), its ``rules`` still empty.

    In gitleaks the criteria of a list are alternatives unless its condition is AND.
    """
    for key in sorted(set(raw) - _ALLOW_KEYS):
        notes.add(rule_id, f"the key {key!r} of an allowlist does not carry over")
    condition = _CONDITIONS.get(str(raw.get("condition", "")).upper())
    target = str(raw.get("regextarget", "")) or "secret"
    if condition is None or target not in ("secret", "match", "line"):
        notes.add(rule_id, "an allowlist with an unknown condition or regexTarget does not carry over")
        return []
    patterns = _patterns(raw, "regexes", rule_id, notes)
    if target == "match" and patterns:
        notes.add(rule_id, "an allowlist with the regexTarget match is tested against the whole line")
    entry = AllowEntry(
        reason=str(raw.get("description", "")),
        condition=condition,
        paths=tuple(f"regex:{path}" for path in _patterns(raw, "paths", rule_id, notes)),
        secrets=patterns if target == "secret" else (),
        lines=patterns if target != "secret" else (),
        stopwords=strings(raw, "stopwords", rule_id, notes),
        commits=tuple(commit.strip().lower() for commit in strings(raw, "commits", rule_id, notes)),
    )
    kept = {"paths": entry.paths, "regexes": patterns, "stopwords": entry.stopwords, "commits": entry.commits}
    if not any(kept.values()) or (condition == "all" and any(raw.get(key) and not kept[key] for key in kept)):
        # With one condition of several gone, the rest would allow more than it did.
        notes.add(rule_id, "an allowlist does not carry over: nothing of it, or not all of its conditions, can be read")
        return []
    return [entry]


def split_for_rule(entry: AllowEntry) -> tuple[tuple[str, ...], AllowEntry | None]:
    """Return the patterns that can stand in the rule itself (on the secret, each enough alone), and the rest."""
    others = entry.paths + entry.lines + entry.stopwords + entry.commits
    if entry.condition == "all" and others:
        return (), entry
    return entry.secrets, entry._replace(secrets=()) if others else None


def _patterns(raw: Mapping[str, Any], key: str, rule_id: str, notes: Notes) -> tuple[str, ...]:
    made = []
    for original in strings(raw, key, rule_id, notes):
        try:
            translated = checked(original, whole=True)
        except ValueError as error:
            notes.add(rule_id, f"{original!r} in the {key} of an allowlist does not carry over: it has {error}")
            continue
        for text in translated.changes:
            notes.add(rule_id, f"in the {key} of an allowlist: {text}")
        made.append(translated.pattern)
    return tuple(made)


def checked(original: str, *, whole: bool, skip_lead: bool = False) -> Translated:
    """Translate a pattern so that it passes our checks, its endless repeats bounded where nothing else helps.

    Raises ValueError saying what in it can't be carried over.
    """
    reason = ""
    for bound in (0, *BOUNDS):
        translated = translate(original, whole=whole, bound=bound)
        pattern = without_lead(translated.pattern) if skip_lead else translated.pattern
        wrong = pattern_problems(pattern, anchors=whole)
        if not wrong:
            limit = (f"its endless repeats end at {bound}",) if bound else ()
            return Translated(pattern, translated.changes + limit)
        reason = reason or wrong[0].removeprefix(f"{pattern!r}: ")
    raise ValueError(f"a fault: {reason}")


def without_lead(pattern: str) -> str:
    """Return a translated pattern without lazy, optional repeats of one class at its start.

    They cost much, and don't change what a group of it matches, only where the whole match begins.
    """
    while True:
        lead = _LEAD.match(pattern)
        if not lead or not _starts_lazily(parse(pattern)):
            return pattern
        pattern = lead[1] + pattern[lead.end() :]


def _starts_lazily(parsed: Any) -> bool:
    # The parser drops groups that neither capture nor set flags; a repeated group is no SUBPATTERN here.
    while not isinstance(parsed, str) and len(parsed):
        op, argument = parsed[0]
        if str(op) != "SUBPATTERN" or argument[0] is not None:
            return str(op) == "MIN_REPEAT" and argument[0] == 0
        parsed = argument[-1]
    return False
