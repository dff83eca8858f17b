"""ScanResult -> SARIF 2.1.0, as GitHub code scanning and other viewers take it. Never holds a plain secret.

Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; GitHub's subset:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

from __future__ import annotations

from typing import IO

from secrets_guard.model.finding import GONE, Finding
from secrets_guard.model.origin import origin_fields
from secrets_guard.model.result import ScanInfo, ScanResult
from secrets_guard.report.facts import ADVICE, RuleFacts, rules_of, times, web_links, why_incomplete, without_plain
from secrets_guard.report.json import laid_out
from secrets_guard.report.text import valid

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "SRCROOT"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# GitHub takes 9.0 and more for critical, 7.0 for high, 4.0 for medium.
_SCORES = {"critical": "9.0", "high": "7.5", "medium": "5.0", "low": "3.0"}
# GitHub's limits on the length of names and descriptions.
_LONGEST_NAME, _LONGEST_TEXT = 255, 1024


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write a log of one run: a result a line, ASCII only."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(result)]}
    stream.writelines(laid_out(log, 4))
    stream.write("\n")


def _run(result: ScanResult) -> dict[str, object]:
    rules = rules_of(result)
    indices = {rule.id: index for index, rule in enumerate(rules)}
    driver = {
        "name": result.tool.name,
        "version": result.tool.version,
        "rules": [_rule(rule) for rule in rules],
        "properties": {"rules": result.tool.rules, "rulesDigest": result.tool.rules_digest},
    }
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"secrets-guard/{result.scan.kind}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": f"What was swept: {_plain(result.scan.target)}"}}},
        "invocations": [_invocation(result)],
        "results": [_result(without_plain(finding), indices) for finding in result.findings],
    }


def _rule(rule: RuleFacts) -> dict[str, object]:
    links = web_links(rule.references)
    described = f"A secret that the rule {rule.id} recognises: {rule.title}."
    listed = "\n".join(f"- <{link}>" for link in links)
    fields: dict[str, object] = {
        "id": rule.id,
        "name": rule.title[:_LONGEST_NAME],
        "shortDescription": {"text": rule.title[:_LONGEST_TEXT]},
        "fullDescription": {"text": described[:_LONGEST_TEXT]},
        "help": {
            "text": "\n".join([ADVICE, *links]),
            "markdown": f"**What to do.** {ADVICE}" + (f"\n\n**References**\n\n{listed}" if links else ""),
        },
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity, "error")},
        "properties": {
            "security-severity": _SCORES.get(rule.severity, "7.5"),
            "tags": ["security", "secret", f"secret/{rule.kind}", "external/cwe/cwe-798"],
        },
    }
    return {**fields, "helpUri": links[0]} if links else fields


def _result(finding: Finding, indices: dict[str, int]) -> dict[str, object]:
    place = finding.location
    told = f"{finding.title}: {finding.secret}" + (f" (in {', '.join(finding.decoded)})" if finding.decoded else "")
    fields: dict[str, object] = {
        "ruleId": finding.rule_id,
        "ruleIndex": indices[finding.rule_id],
        "level": _LEVELS.get(finding.severity, "error"),
        "message": {"text": _plain(told)},
        "locations": [{"physicalLocation": _physical(finding)}],
        "partialFingerprints": {"secretsGuard/v1": finding.fingerprint},
        **({"baselineState": "absent" if finding.change == GONE else finding.change} if finding.change else {}),
        "properties": {
            "confidence": finding.confidence,
            "confidenceReasons": list(finding.reasons),
            "severity": finding.severity,
            "entropy": finding.entropy,
            "decoded": list(finding.decoded),
            "origin": origin_fields(finding.origin),
            "occurrencesTotal": finding.occurrences_total,
            **({"details": dict(finding.details)} if finding.details else {}),
            **({"verification": finding.verification._asdict()} if finding.verification else {}),
        },
    }
    beside = [
        (_plain(f"A part: {part.title}"), place.path, part.start_line, part.start_column) for part in finding.parts
    ]
    beside += [
        ("The same secret", other.path, other.start_line, other.start_column)
        for other in finding.occurrences
        if (other.path, other.start_line, other.start_column) != (place.path, place.start_line, place.start_column)
    ]
    related = [
        _related(number, text, path, _line(line), _line(column))
        for number, (text, path, line, column) in enumerate(beside, 1)
    ]
    return {**fields, "relatedLocations": related} if related else fields


def _physical(finding: Finding) -> dict[str, object]:
    place = finding.location
    start, end = _line(place.start_line), _line(place.end_line)
    region = {
        "startLine": start,
        "startColumn": _line(place.start_column),
        "endLine": end,
        # SARIF's end column is the one behind the last character; ours is the last character's.
        "endColumn": _line(place.end_column) + 1,
    }
    fields: dict[str, object] = {"artifactLocation": _artifact(place.path), "region": region}
    if finding.context and start == end:
        fields["contextRegion"] = {"startLine": start, "endLine": end, "snippet": {"text": finding.context}}
    return fields


def _related(number: int, text: str, path: str, line: int, column: int) -> dict[str, object]:
    return {
        "id": number,
        "message": {"text": text},
        "physicalLocation": {
            "artifactLocation": _artifact(path),
            "region": {"startLine": line, "startColumn": column},
        },
    }


def _artifact(path: str) -> dict[str, object]:
    from urllib.parse import quote

    try:
        # The bytes that name the file, also where they are not UTF-8.
        address = quote(path.encode("utf-8", "surrogateescape"), safe="/!@+=$&'(),;*~")
    except UnicodeEncodeError:
        address = quote(valid(path))
    if address.startswith("/"):
        return {"uri": "file:///" + address.lstrip("/")}
    return {"uri": address, "uriBaseId": _BASE}


def _invocation(result: ScanResult) -> dict[str, object]:
    notifications = [
        _notification("error" if problem.kind == "error" else "warning", problem.kind, problem.where, problem.message)
        for problem in result.problems
    ]
    if not result.scan.complete:
        notifications.append(_notification("error", "incomplete", result.scan.target, why_incomplete(result)))
    notifications += [_notification("note", "note", "", note) for note in result.notes]
    return {
        "executionSuccessful": result.scan.complete,
        **_times(result.scan),
        "toolExecutionNotifications": notifications,
    }


def _notification(level: str, kind: str, where: str, message: str) -> dict[str, object]:
    text = f"{where}: {message}" if where else message
    return {"level": level, "descriptor": {"id": kind}, "message": {"text": _plain(text)}}


def _times(scan: ScanInfo) -> dict[str, object]:
    span = times(scan)
    if span is None:
        return {}
    start, end = (moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") for moment in span)
    return {"startTimeUtc": start, "endTimeUtc": end}


def _plain(text: str) -> str:
    """Break what a SARIF message would take for a link (section 3.11.6 of the format)."""
    return text.replace("](", "] (")


def _line(number: int) -> int:
    return max(1, number)
