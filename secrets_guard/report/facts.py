"""ScanResult -> the facts that several formats tell: its rules, its times, why it is partial, how to fix a leak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from secrets_guard.model.finding import CHANGES, GONE, NEW, UNCHANGED, Finding
from secrets_guard.model.result import ScanInfo, ScanResult
from secrets_guard.model.secret import Secret
from secrets_guard.report.text import is_redacted

if TYPE_CHECKING:
    from datetime import datetime

ADVICE = (
    "Treat the secret as known to others: revoke or rotate it where it was issued, then look for its use in that "
    "service's logs. Removing it from the file is not enough, because history, images and caches keep it. Load the "
    "new one at run time from a secret manager. If this is no secret, allow it by a comment on its line, by the "
    "configuration or by the baseline."
)
"""What to do about a finding."""


class RuleFacts(NamedTuple):
    """A rule that has a finding, as ScanResult.rules tells it."""

    id: str
    title: str
    severity: str
    kind: str
    references: tuple[str, ...]


def rules_of(result: ScanResult) -> list[RuleFacts]:
    """Return the rules of all findings, each once; those that the result says nothing about come last."""
    rules = {facts[0]: RuleFacts(*facts) for facts in result.rules}
    for finding in result.findings:
        if finding.rule_id not in rules:
            rules[finding.rule_id] = RuleFacts(finding.rule_id, finding.title, finding.severity, "token", ())
    return list(rules.values())


def web_links(references: tuple[str, ...]) -> list[str]:
    """Return those references that are plain web addresses."""
    links = (reference for reference in references if reference.startswith(("https://", "http://")))
    return [link for link in links if link.isascii() and link.isprintable() and not set(link) & set(' "<>\\^`{|}')]


def without_plain(finding: Finding) -> Finding:
    """Return the finding for a format that others get to see: redacted even under ``--show-secrets``.

    The line goes as well then: it may hold further plain secrets that nothing here can tell.
    """
    if all(is_redacted(value) for value in (finding.secret, *(part.secret for part in finding.parts))):
        return finding
    parts = tuple(part._replace(secret=_redacted(part.secret)) for part in finding.parts)
    return finding._replace(secret=_redacted(finding.secret), context="", parts=parts)


def _redacted(value: str) -> str:
    return value if is_redacted(value) else Secret(value.encode("utf-8", "surrogatepass")).redacted()


def parts_of(finding: Finding) -> list[str]:
    """Return a line for each part of the finding's secret: ``AKIA…7XYA (AWS access key ID, line 3)``."""
    return [f"{part.secret} ({part.title}, line {part.start_line})" for part in finding.parts]


def counts(result: ScanResult) -> dict[str, int]:
    """Return how many findings are new, gone and unchanged; all are 0 where nothing was compared."""
    changes = [finding.change for finding in result.findings]
    return {change: changes.count(change) for change in CHANGES}


def standing(result: ScanResult) -> ScanResult:
    """Return the result without the findings that are gone, which only a comparison has."""
    if result.before is None:
        return result
    return result._replace(findings=tuple(finding for finding in result.findings if finding.change != GONE))


def new_only(result: ScanResult) -> ScanResult:
    """Return a comparison for a format that can't tell changes: its new findings, and a note on the others."""
    if result.before is None:
        return result
    told = counts(result)
    note = f"only what is new is listed; {told[GONE]:,} gone and {told[UNCHANGED]:,} unchanged findings are not"
    findings = tuple(finding for finding in result.findings if finding.change == NEW)
    return result._replace(findings=findings, notes=(*result.notes, note), before=None)


def why_incomplete(result: ScanResult) -> str:
    """Return why not everything was swept, in a clause; empty when everything was."""
    if result.problems:
        kinds: dict[str, int] = {}
        for problem in result.problems:
            kinds[problem.kind] = kinds.get(problem.kind, 0) + 1
        return f"not all could be swept ({amounts(kinds)})"
    return "" if result.scan.complete else "the sweep ended before everything was read"


def amounts(counters: Mapping[str, int]) -> str:
    """Return the counters that are not zero as ``3 binary, 1 too large``, in the order of their names."""
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in sorted(counters.items()) if number)


def times(scan: ScanInfo) -> tuple[datetime, datetime] | None:
    """Return when the sweep started and ended (UTC), or None where ``started`` is no time."""
    from datetime import UTC, datetime, timedelta

    try:
        started = datetime.fromisoformat(scan.started)
        started = started.replace(tzinfo=UTC) if started.tzinfo is None else started.astimezone(UTC)
        return started, started + timedelta(seconds=scan.duration_s)
    except (ValueError, OverflowError):
        return None
