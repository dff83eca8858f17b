"""ScanResult -> JUnit XML: a failing case for each finding, an error for each problem, one passing case when clean."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from secrets_guard.model.finding import Finding
from secrets_guard.model.result import ScanResult
from secrets_guard.report.facts import ADVICE, parts_of, times, why_incomplete, without_plain
from secrets_guard.report.text import printable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def write(result: ScanResult, stream: IO[str]) -> None:
    """Write one test suite, in ASCII (the rest as character references), so that any stream can take it."""
    from xml.etree import ElementTree

    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(suites, "testsuite")
    for finding in result.findings:
        _add_finding(suite, without_plain(finding))
    errors = _errors(result)
    for where, kind, message in errors:
        case = _add_case(suite, f"problem.{kind}", where)
        _add_outcome(case, "error", kind, message)
    if not len(suite):
        _add_case(suite, "secrets-guard", f"no secrets found in {result.scan.target}")
    _describe(suite, result, len(errors))
    ElementTree.indent(suites, " ")
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    stream.write(ElementTree.tostring(suites, encoding="us-ascii", xml_declaration=False).decode("ascii") + "\n")


def _errors(result: ScanResult) -> list[tuple[str, str, str]]:
    if result.problems:
        return [(problem.where, problem.kind, problem.message) for problem in result.problems]
    reason = why_incomplete(result)
    return [(result.scan.target, "incomplete", reason)] if reason else []


def _describe(suite: Element, result: ScanResult, errors: int) -> None:
    suite.set("name", printable(result.tool.name))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(result.findings)))
    suite.set("errors", str(errors))
    suite.set("skipped", "0")
    suite.set("time", f"{result.scan.duration_s:.3f}")
    span = times(result.scan)
    if span:
        suite.set("timestamp", span[0].strftime("%Y-%m-%dT%H:%M:%S"))


def _add_finding(suite: Element, finding: Finding) -> None:
    place = finding.location
    case = _add_case(
        suite, finding.rule_id, f"{place.path}:{place.start_line}:{place.start_column} {finding.title}", place.path
    )
    case.set("line", str(place.start_line))
    line = finding.context.expandtabs(4).strip()
    lines = [
        f"secret: {finding.secret}",
        *(f"with: {part}" for part in parts_of(finding)),
        *([f"line: {line}"] if line else []),
        f"severity: {finding.severity}, confidence: {finding.confidence}",
        f"fingerprint: {finding.fingerprint}",
    ]
    body = "\n".join([*map(printable, lines), ADVICE])
    _add_outcome(case, "failure", finding.severity, f"{finding.title}: {finding.secret}", body)


def _add_case(suite: Element, group: str, name: str, file: str = "") -> Element:
    from xml.etree.ElementTree import SubElement

    case = SubElement(suite, "testcase", classname=printable(group), name=printable(name))
    if file:
        case.set("file", printable(file))
    return case


def _add_outcome(case: Element, tag: str, kind: str, message: str, body: str = "") -> None:
    from xml.etree.ElementTree import SubElement

    outcome = SubElement(case, tag, type=printable(kind), message=printable(message))
    outcome.text = body or printable(message)
