"""A gitleaks config and what it extends -> one document, as gitleaks puts them together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from secrets_guard.rules.gitleaks_toml import Notes, read_toml, strings, tables

_DEEPEST = 2
"""Files that extend one another; gitleaks goes no further (config/config.go, maxExtendDepth)."""
_LISTS = ("keywords", "tags", "allowlists", "required", "components")


def extended(document: Mapping[str, Any], name: str, notes: Notes, depth: int = 0) -> dict[str, Any]:
    """Return the document with the rules and allowlists of the file that ``[extend] path`` names.

    The path is relative to the current folder, as in gitleaks, or else to the file that names it. Raises RuleError
    where it can't be read: without it the sweep would look for less than was asked.
    """
    made, extend = dict(document), document.get("extend")
    extend = extend if isinstance(extend, dict) else {}
    disabled = strings(extend, "disabledrules", "", notes)
    if extend.get("usedefault"):
        notes.add(
            "", "[extend] useDefault: the default rules of gitleaks are not added; our own built-in rules are there"
        )
    if extend.get("url"):
        notes.add("", f"[extend] url {extend['url']!r} is not followed: import that file too")
    path, base = extend.get("path"), {}
    if path and depth >= _DEEPEST:
        notes.add("", f"[extend] path {path!r} is not followed: gitleaks follows {_DEEPEST} files, too")
    elif path and isinstance(path, str):
        place = _place(path, name)
        base = extended(read_toml(place), place, notes, depth + 1)
        made["allowlists"] = _allowlists(base, notes) + _allowlists(document, notes)
        made.pop("allowlist", None)
    known = {str(raw.get("id")): raw for raw in tables(base, "rules", "", notes) if raw.get("id") not in disabled}
    for rule_id in disabled:
        if extend.get("usedefault") or not base:
            notes.add(rule_id, "[extend] disabledRules: name our rules of the same purpose in exclude_rule")
    for raw in tables(document, "rules", "", notes):
        rule_id = str(raw.get("id"))
        known[rule_id] = _merged(known[rule_id], raw) if rule_id in known else raw
    return {**made, "rules": list(known.values())} if base else made


def extended_files(name: str, depth: int = 0) -> list[str]:
    """Return the files that extended() reads for the config ``name``. Raises RuleError where one can't be read."""
    extend = read_toml(name).get("extend")
    path = extend.get("path") if isinstance(extend, dict) else None
    if not path or not isinstance(path, str) or depth >= _DEEPEST:
        return []
    place = _place(path, name)
    return [place, *extended_files(place, depth + 1)]


def _place(path: str, name: str) -> str:
    beside = os.path.join(os.path.dirname(name), path)
    return path if os.path.exists(path) or not os.path.exists(beside) else beside


def _allowlists(document: Mapping[str, Any], notes: Notes) -> list[dict[str, Any]]:
    return tables(document, "allowlists", "", notes) + tables(document, "allowlist", "", notes)


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule that both files have: what the extending file says of it wins, lists come together."""
    made = {**base, **{key: value for key, value in own.items() if value not in ("", 0)}}
    for key in _LISTS:
        before, after = base.get(key), own.get(key)
        if isinstance(before, list) and isinstance(after, list):
            made[key] = [*before, *after]
    return made
