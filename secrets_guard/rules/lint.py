"""A rule's raw fields -> the list of what is wrong with it; an empty list means that it can be trusted."""

from __future__ import annotations

import re
from typing import Any

from secrets_guard.located_yaml import nearest
from secrets_guard.model.rule import CONFIDENCES, KINDS, SEVERITIES, Rule
from secrets_guard.pattern import LONGEST_MATCH, parse, pattern_problems

CHECKSUMS = ("github-crc32", "npm-crc32", "keystore-open", "keystore-locked")
"""Names a rule may give as ``checksum``; each is a function in judge/checksum.py (a test holds the two equal)."""

STRUCTURES = (
    "1password", "age", "atlassian", "aws-key-id", "aws-secret", "azure-key", "azure-sas", "base58check",
    "cloudflare", "cloudflare-tunnel", "discord", "gcp-service-account", "gitlab", "grafana", "grafana-cloud",
    "jfrog-reference", "jwt", "mapbox", "parts", "private-key", "pypi-macaroon", "sentry", "url",
)  # fmt: skip
"""Names a rule may give as ``structure``; each is a line in structure.STRUCTURES (a test holds the two equal)."""

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
    "structure": str,
    "path": str,
    "allow": list,
    "nearby": list,
    "alone": bool,
    "severity": str,
    "confidence": str,
    "examples": list,
    "counterexamples": list,
    "references": list,
    "revoke": str,
}
_NEARBY_FIELDS: dict[str, type] = {"rule": str, "within": int, "required": bool, "columns": int}
MOST_LINES = 1000
"""Lines (or columns) that two parts of a secret may be apart; in bytes parts.py sets the bound."""
_PAGE = re.compile(r"https://[a-z0-9.-]+\.[a-z]{2,}(?:/[^\s<>\"']*)?")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def field_problems(raw: dict[Any, Any]) -> list[tuple[str, str]]:
    """Return (field, complaint) for unknown, missing and wrongly typed fields."""
    problems = []
    for key, value in raw.items():
        wanted = _FIELDS.get(key)
        if wanted is None:
            problems.append((str(key), f"unknown field {key!r}{nearest(str(key), list(_FIELDS))}"))
        elif not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            problems.append((key, f"{key} must be {_type_name(wanted)}, not {type(value).__name__}"))
        elif key == "nearby":
            problems += [("nearby", text) for near in raw[key] for text in _nearby_problems(near)]
        elif isinstance(value, list) and not all(isinstance(item, str) for item in value):
            problems.append((key, f"{key} must be a list of strings"))
    problems += [("id", f"{key} is missing") for key in ("id", "title", "pattern") if key not in raw]
    return problems


def _type_name(wanted: type | tuple[type, ...]) -> str:
    names = {str: "a string", int: "a whole number", list: "a list", bool: "true or false"}
    return names.get(wanted, "a number")  # type: ignore[arg-type]


def _nearby_problems(near: Any) -> list[str]:
    """Return what is wrong with an entry of ``nearby``: the id of a rule, or a mapping with it."""
    if isinstance(near, str):
        return []
    if not isinstance(near, dict) or "rule" not in near:
        return ["nearby must be a list of rule ids, or of mappings {rule: ID, within: LINES, required: true}"]
    problems = []
    for key, value in near.items():
        wanted = _NEARBY_FIELDS.get(key)
        if wanted is None:
            problems.append(f"unknown field {key!r} in nearby{nearest(str(key), list(_NEARBY_FIELDS))}")
        elif not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            problems.append(f"{key} in nearby must be {_type_name(wanted)}, not {type(value).__name__}")
        elif wanted is int and not 0 <= near[key] <= MOST_LINES:
            problems.append(f"{key} in nearby must be from 0 to {MOST_LINES}")
    return problems


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
    if rule.structure and rule.structure not in STRUCTURES:
        problems.append(("structure", f"unknown structure {rule.structure!r}{nearest(rule.structure, STRUCTURES)}"))
    if rule.revoke and not _PAGE.fullmatch(rule.revoke):
        problems.append(("revoke", "revoke must be the address of one page: https://…, without spaces"))
    if any(not word or word != word.lower() for word in rule.keywords):
        problems.append(("keywords", "keywords are compared with text in lower case: write them so"))
    for field, pattern in (("pattern", rule.pattern), ("trigger", rule.trigger), ("path", rule.path)):
        if pattern:
            problems += [(field, text) for text in pattern_problems(pattern, anchors=field == "path")]
    problems += [("allow", text) for pattern in rule.allow for text in pattern_problems(pattern, anchors=True)]
    if not any(field == "pattern" for field, _ in problems):
        problems += _length_problems(rule)
    return problems


def _length_problems(rule: Rule) -> list[tuple[str, str]]:
    groups = parse(rule.pattern).state.groups - 1
    problems = []
    if not 0 <= rule.secret_group <= groups:
        problems.append(("secret_group", f"secret_group {rule.secret_group} does not exist: the pattern has {groups}"))
    if rule.max_length > LONGEST_MATCH:
        wanted = f"bound its repeats, or state a max_length up to {LONGEST_MATCH}"
        problems.append(("pattern", f"a match can be longer than {LONGEST_MATCH} bytes; {wanted}"))
    return problems
