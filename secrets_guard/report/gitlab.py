"""ScanResult -> GitLab's secret detection report (``gl-secret-detection-report.json``).

Format: https://gitlab.com/gitlab-org/security-products/security-report-schemas, secret-detection-report-format.json.
A GitLab refuses a minor version that it does not know, so the oldest of 15 is told; later ones add nothing used here.
"""

from __future__ import annotations

from typing import IO

from secrets_guard.model.finding import Finding
from secrets_guard.model.origin import origin_fields
from secrets_guard.model.result import ScanResult
from secrets_guard.report.facts import ADVICE, parts_of, rules_of, times, web_links, why_incomplete, without_plain
from secrets_guard.report.json import encoded, laid_out

VERSION = "15.0.7"
"""The schema's version."""

# GitLab's own analyzer names a commit so where there is none.
_NO_COMMIT = "0000000"
_LONGEST_NAME = 255


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write the report; problems and notes go into ``scan.messages``."""
    links = {rule.id: web_links(rule.references) for rule in rules_of(result)}
    report = {
        "version": VERSION,
        "scan": _scan(result),
        "vulnerabilities": [
            _vulnerability(without_plain(finding), result.tool.name, links[finding.rule_id])
            for finding in result.findings
        ],
    }
    stream.writelines(laid_out(report, 2))
    stream.write("\n")


def _scan(result: ScanResult) -> dict[str, object]:
    tool = {
        "id": "secrets-guard",
        "name": result.tool.name or "secrets-guard",
        "version": result.tool.version or "unknown",
        "vendor": {"name": "Secrets Guard"},
    }
    span = times(result.scan)
    start, end = (moment.strftime("%Y-%m-%dT%H:%M:%S") for moment in span) if span else ("1970-01-01T00:00:00",) * 2
    scan: dict[str, object] = {
        "analyzer": tool,
        "scanner": tool,
        "type": "secret_detection",
        "start_time": start.rjust(19, "0"),
        "end_time": end.rjust(19, "0"),
        "status": "success" if result.scan.complete else "failure",
    }
    messages = _messages(result)
    return {**scan, "messages": messages} if messages else scan


def _messages(result: ScanResult) -> list[dict[str, str]]:
    told = [("warn", f"{problem.kind}: {problem.where}: {problem.message}") for problem in result.problems]
    reason = why_incomplete(result)
    if reason:
        told.append(("warn" if result.scan.complete else "fatal", f"INCOMPLETE: {reason}"))
    told += [("info", note) for note in result.notes if note]
    return [{"level": level, "value": value} for level, value in told]


def _vulnerability(finding: Finding, tool: str, links: list[str]) -> dict[str, object]:
    rule_id = finding.rule_id or "unknown"
    why = f": {'; '.join(finding.reasons)}" if finding.reasons else ""
    told = f"{finding.title}: {finding.secret} (confidence {finding.confidence}{why})"
    description = "; with ".join([told, *parts_of(finding)])
    return {
        "id": _stable_id(finding),
        "category": "secret_detection",
        "name": finding.title[:_LONGEST_NAME],
        "description": description,
        "severity": finding.severity.capitalize(),
        "confidence": finding.confidence.capitalize(),
        "solution": ADVICE,
        "scanner": {"id": "secrets-guard", "name": tool or "secrets-guard"},
        "location": _location(finding),
        "raw_source_code_extract": finding.context or finding.secret,
        "identifiers": [
            {"type": "secrets_guard_rule_id", "name": f"Secrets Guard rule {rule_id}", "value": rule_id},
            {
                "type": "cwe",
                "name": "CWE-798",
                "value": "798",
                "url": "https://cwe.mitre.org/data/definitions/798.html",
            },
        ],
        "links": [{"url": link} for link in links],
    }


def _location(finding: Finding) -> dict[str, object]:
    origin = origin_fields(finding.origin)
    commit = {"sha": str(origin.get("commit") or _NO_COMMIT)}
    for ours, theirs in (("author", "author"), ("date", "date"), ("summary", "message")):
        if origin.get(ours):
            commit[theirs] = str(origin[ours])
    place = finding.location
    return {
        "file": place.path,
        "commit": commit,
        "start_line": place.start_line,
        "end_line": place.end_line,
    }


def _stable_id(finding: Finding) -> str:
    from uuid import NAMESPACE_OID, uuid5

    place = finding.location
    told = (finding.rule_id, finding.fingerprint, place.path, place.start_line, place.start_column)
    return str(uuid5(NAMESPACE_OID, encoded(["secrets-guard", *told, origin_fields(finding.origin)])))
