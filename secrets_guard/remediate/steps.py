"""Findings and rules -> for each secret the page to revoke it on, and where it can still be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from secrets_guard.model.finding import Finding
from secrets_guard.model.rule import RuleSet

_SHOWN = 5


class Step(NamedTuple):
    """One secret, wherever it stands; ``findings`` are its places, at least one."""

    rule_id: str
    title: str
    secret: str
    """Redacted."""
    revoke: str
    """The vendor's page; empty where the rule names none."""
    findings: tuple[Finding, ...]


def steps(findings: Iterable[Finding], rules: RuleSet) -> list[Step]:
    """Return what there is to do, a step for each secret, in the order of the report."""
    places: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        places.setdefault((one.rule_id, one.fingerprint), []).append(one)
    made = []
    for (rule_id, _), found in places.items():
        rule = rules.get(rule_id)
        made.append(Step(rule_id, found[0].title, found[0].secret, rule.revoke if rule else "", tuple(found)))
    return made


def told(step: Step) -> Iterator[str]:
    """Yield a step as lines of text, without any value."""
    yield f"{step.title} ({step.rule_id}): {step.secret}"
    unknown = "its issuer is not known: change it where it was set, and wherever else it was used"
    yield f"    revoke: {step.revoke or unknown}"
    for one in step.findings[:_SHOWN]:
        yield f"    at: {one.location.path}:{one.location.start_line}{_commit(one)}"
        yield f"        {standing(one)}"
    if len(step.findings) > _SHOWN:
        yield f"    and {len(step.findings) - _SHOWN} more places in the report"


def standing(finding: Finding) -> str:
    """Return where a finding still stands, in words."""
    exposure = finding.exposure
    if exposure is None:
        if finding.origin.kind == "layer":
            return "stands in a layer of an image: build it anew without, and delete the image that holds it"
        tree = finding.origin.kind in ("file", "staged", "image-config", "stream")
        return "stands there" if tree else "stands in the history"
    refs = [
        f"{noun} {', '.join(names)}" for noun, names in (("in", exposure.branches), ("tags", exposure.tags)) if names
    ]
    more = exposure.refs_total - len(exposure.branches) - len(exposure.tags)
    refs += [f"{more} more branches or tags"] if more > 0 else []
    tip = "stands at a branch's tip" if exposure.at_tip else f"gone from the tips since {exposure.last_date[:10]}"
    return f"{tip}; readable since {exposure.first_date[:10]}; {'; '.join(refs) or 'in no branch or tag'}"


def _commit(finding: Finding) -> str:
    commit = getattr(finding.origin, "commit", "")
    return f", commit {commit[:12]}" if commit else ""
