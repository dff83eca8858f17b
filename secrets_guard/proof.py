"""Rules -> what their own examples disprove. Each example takes the whole way that a file takes."""

from __future__ import annotations

from secrets_guard import canary, judge, parts
from secrets_guard.attribute import context_of
from secrets_guard.cache import Cache
from secrets_guard.decode import root_view
from secrets_guard.decode.batch import Batch
from secrets_guard.detect.matcher import Matcher
from secrets_guard.model.blob import Blob
from secrets_guard.model.match import Match, Verdict
from secrets_guard.model.rule import Rule, RuleSet
from secrets_guard.rules.template import fill_bytes

HINT = "example.env"
"""The name under which examples are swept: a kind of file where values stand bare."""


def prove(rules: RuleSet) -> list[str]:
    """Return a line for each example that is not found and each counterexample that is; empty when all is well."""
    matcher = Matcher((*rules.rules, canary.RULE), Cache(None))
    problems: list[str] = []
    for rule in rules.rules:
        problems += _prove(rule, matcher)
    return problems


def _prove(rule: Rule, matcher: Matcher) -> list[str]:
    if not rule.examples:
        return [f"{rule.place}: {rule.id}: no example: add at least one template that must be found"]
    problems = []
    shown: set[str] = set()
    for number, template in enumerate(rule.examples, 1):
        found = _tried(rule, template, matcher)
        if isinstance(found, str):
            problems.append(f"example {number}: {found}")
            continue
        shown |= {part.rule.id for match, _ in found for part in match.parts}
        if not any(verdict is None for _, verdict in found):
            why = "; ".join(f"{verdict.by}: {verdict.reason}" for _, verdict in found if verdict) or "no match"
            problems.append(f"example {number} is not found ({why})")
        if rule.alone and any(verdict is None for _, verdict in verdicts(rule, template.encode(), matcher)):
            problems.append(f"example {number} is found unfilled: it would trip our own hook")
    problems += [f"no example shows {near.rule} nearby" for near in rule.nearby if near.rule not in shown]
    for number, template in enumerate(rule.counterexamples, 1):
        found = _tried(rule, template, matcher)
        if isinstance(found, str):
            problems.append(f"counterexample {number}: {found}")
        elif any(verdict is None for _, verdict in found):
            problems.append(f"counterexample {number} is found")
    return [f"{rule.place}: {rule.id}: {problem}" for problem in problems]


def _tried(rule: Rule, template: str, matcher: Matcher) -> list[tuple[Match, Verdict | None]] | str:
    try:
        return verdicts(rule, fill_bytes(template, rule.id), matcher)
    except ValueError as error:
        return str(error)


def verdicts(rule: Rule, text: bytes, matcher: Matcher) -> list[tuple[Match, Verdict | None]]:
    """Return the rule's matches in ``text`` with the verdict that drops each (None: it stands)."""
    hint = HINT if not rule.path else _path_for(rule)
    batch = Batch([root_view(Blob(hint, text + b"\n", hint), 0)])
    if not rule.alone:
        found = matcher.search(rule, batch.views[0], 0, len(batch.views[0].data))
        return [judge.judge(match, context_of(match, hint)) for match in found]
    hits, _ = matcher.scan(batch.buffer, matcher.scratch())
    named = {rule.id, *(near.rule for near in rule.nearby)}
    near = [hit for hit in hits if matcher.rules[hit[0]].id in named]
    judged = [judge.judge(match, context_of(match, hint)) for match in matcher.confirm(batch, near)]
    joined = parts.join(judged, batch.views, matcher, lambda match: match.rule.id == rule.id)
    return [one for one in joined if one[0].rule.id == rule.id]


def _path_for(rule: Rule) -> str:
    """Return a file name that the rule's ``path`` accepts: the ending or name that the pattern spells out."""
    import re

    plain = re.sub(r"\\(.)", r"\1", re.sub(r"[\^$]|\(\?[a-z:]*|\)", "", rule.path)).split("|")[0]
    return plain if re.search(rule.path, plain) else HINT
