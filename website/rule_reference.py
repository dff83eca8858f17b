"""The built-in rules -> pages of reference: one for each letter, a section for each vendor, a row for each rule."""

from __future__ import annotations

import html
from collections.abc import Sequence
from urllib.parse import urlsplit

from secrets_guard.model.rule import Rule
from secrets_guard.rules.active import load_rules

_HEAD = """# All rules

{count} rules of {vendors} vendors. A rule is told by its id: `--only-rule`, `--exclude-rule`, `rules:` of an
allow entry and `secrets-guard: allow rule=ID` take it. `secrets-guard rules show ID` tells everything about
one, its pattern and examples included. The search above finds vendors and ids.

*Severity* says how bad a leak would be. *Confidence* says how sure the rule alone makes a finding; checksums,
entropy and surroundings raise or lower it. Rules of low confidence report with `--min-confidence low`. *Kind*
says what a rule looks for: a vendor's own format (`token`), a private key, credentials in a URL, a name with
a value (`assignment`), or text that looks random (`entropy`).

| letter | vendors | rules |
|---|---|---|
{rows}
"""


def pages() -> dict[str, str]:
    """Return the text of each page by its name."""
    rules = load_rules().rules
    letters: dict[str, list[Rule]] = {}
    for rule in rules:
        letters.setdefault(_letter(rule.vendor), []).append(rule)
    rows = []
    made = {}
    for letter, some in sorted(letters.items()):
        vendors = sorted({rule.vendor for rule in some})
        shown = f"{vendors[0]} to {vendors[-1]}"
        rows.append(f"| [{letter.upper()}]({letter}.md) | {len(vendors)}: {shown} | {len(some)} |")
        made[f"rules/{letter}.md"] = _page(letter, vendors, some)
    count = len({rule.vendor for rule in rules})
    return {"rules/index.md": _HEAD.format(count=len(rules), vendors=count, rows="\n".join(rows)), **made}


def _letter(vendor: str) -> str:
    return vendor[:1] if vendor[:1].isalpha() else "0-9"


def _page(letter: str, vendors: Sequence[str], rules: Sequence[Rule]) -> str:
    parts = [f"# Rules: {letter.upper()}"]
    for vendor in vendors:
        own = [rule for rule in rules if rule.vendor == vendor]
        lines = ["| id | finds | severity | confidence | kind |", "|---|---|---|---|---|", *map(_row, own)]
        references = dict.fromkeys(link for rule in own for link in rule.references if link.startswith("https://"))
        told = ", ".join(f"[{_text(urlsplit(link).netloc)}]({link.replace(')', '%29')})" for link in references)
        parts.append(f"## {vendor}\n\n" + "\n".join(lines) + (f"\n\nFormats: {told}" if told else ""))
    return "\n\n".join(parts) + "\n"


def _row(rule: Rule) -> str:
    title = _text(rule.title) + ("" if rule.alone else " (only as a part of others)")
    return f"| `{rule.id}` | {title} | {rule.severity} | {rule.confidence} | {rule.kind} |"


def _text(text: str) -> str:
    """Return text in which nothing is HTML, Markdown or the border of a cell."""
    safe = html.escape(text, quote=False)
    return "".join(f"\\{character}" if character in "|*_`[]\\" else character for character in safe)
