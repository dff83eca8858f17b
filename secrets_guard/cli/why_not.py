"""``--why-not FILE:LINE``: which rules looked at a line, and what stopped each."""

from __future__ import annotations

import os
import re

from secrets_guard.cli import exits
from secrets_guard.cli.perform import Prepared
from secrets_guard.config import Settings
from secrets_guard.errors import ConfigError
from secrets_guard.model.protocols import Source
from secrets_guard.model.result import Explanation, ScanResult

_LONGEST = 100_000
"""Bytes of a line that are looked at for keywords."""


def explain_line(place: str, prepared: Prepared) -> int:
    """Print the story of a line and return 0. Raises ConfigError when ``place`` is not FILE:LINE."""
    from secrets_guard import api
    from secrets_guard.cache import user_cache
    from secrets_guard.report.text import printable
    from secrets_guard.rules.active import load_rules, select
    from secrets_guard.sources.archive.limits import limits_of
    from secrets_guard.sources.files import FileSource
    from secrets_guard.suppression.allow import judge_allow

    path, _, number = place.rpartition(":")
    if not path or not re.fullmatch(r"[0-9]{1,12}", number) or not int(number):
        raise ConfigError(f"--why-not {place}: write it as FILE:LINE, such as src/app.py:12")
    if os.path.isdir(path):
        raise ConfigError(f"--why-not {place}: {path} is a folder; name a file and a line of it")
    line = int(number)
    outermost = path.partition("!/")[0]
    settings = prepared.settings._replace(explain=True, min_confidence="low", min_severity="low")
    allow = judge_allow(settings.allow, api.today())
    skipped = allow.path_allowed(os.path.relpath(outermost).replace(os.sep, "/"))
    source = FileSource((outermost,), limits=limits_of(settings))
    result = api.scan(source, settings=settings, suppressions=prepared.suppressions, allow=allow)
    rules = select(load_rules(settings.rules, cache=user_cache()), settings.only_rule, settings.exclude_rule)
    for problem in result.problems:
        print(f"{printable(problem.where)}: {problem.kind}: {problem.message}")
    if skipped:
        print(f"{path}: an allow entry of the config leaves this whole file out")
    told = [one for one in result.explanations if (one.path, one.line) == (path, line)]
    for one in told:
        outcome = _outcome(one, result, prepared.settings)
        print(f"{path}:{line}:{one.column}: {one.rule_id}: {outcome} by {one.by}: {one.reason} [{one.secret}]")
    _print_keywords(path, line, rules, {one.rule_id for one in told}, source)
    return exits.CLEAN


def _outcome(one: Explanation, result: ScanResult, wanted: Settings) -> str:
    """Say whether a candidate that was kept would be reported under the settings as they are."""
    place = (one.rule_id, one.path, one.line)
    for found in result.findings:
        if one.outcome == "kept" and (found.rule_id, found.location.path, found.location.start_line) == place:
            return _threshold(found.confidence, found.severity, wanted.min_confidence, wanted.min_severity)
    return one.outcome


def _threshold(confidence: str, severity: str, min_confidence: str, min_severity: str) -> str:
    from secrets_guard.model.rule import CONFIDENCES, SEVERITIES, at_least

    if not at_least(confidence, min_confidence, CONFIDENCES):
        return f"found, but only of {confidence} confidence (--min-confidence is {min_confidence})"
    if not at_least(severity, min_severity, SEVERITIES):
        return f"found, but only of {severity} severity (--min-severity is {min_severity})"
    return "REPORTED"


def _print_keywords(path: str, number: int, rules: object, told: set[str], source: Source) -> None:
    """Name the rules whose keyword stands in the line and whose pattern does not match there."""
    text = _line_of(source, path, number)
    if text is None:
        print(f"{path}: the file has no line {number}")
        return
    lowered = text.lower()
    near = []
    for rule in rules.rules:  # type: ignore[attr-defined]
        keyword = next((keyword for keyword in rule.keywords if keyword.lower().encode() in lowered), None)
        if keyword and rule.id not in told:
            near.append((rule.id, keyword))
    for rule_id, keyword in near:
        print(f"{path}:{number}: {rule_id}: its keyword {keyword!r} is there, its pattern does not match")
    if not near and not told:
        print(f"{path}:{number}: no rule's keyword or pattern fits anything in this line")


def _line_of(source: Source, path: str, number: int) -> bytes | None:
    """Return a line as the sweep sees it, in an archive too; None where there is none."""
    from secrets_guard.decode import root_view
    from secrets_guard.model.blob import Blob
    from secrets_guard.model.result import Stats

    for blob in source.blobs(Stats()):
        if isinstance(blob, Blob) and blob.hint == path and blob.place.line <= number:
            lines = root_view(blob, 0).data.removesuffix(b"\n").split(b"\n")
            if number - blob.place.line < len(lines):
                return lines[number - blob.place.line][:_LONGEST]
    return None
