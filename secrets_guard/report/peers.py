"""A report of ours or of another scanner -> where it found something, by which rule; never what.

Read are: gitleaks and betterleaks 1 (report/finding.go), betterleaks 2, kingfisher, trufflehog, detect-secrets
baselines (core/baseline.py) and SARIF 2.1.0, each as JSON or JSON lines, told apart by their fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from secrets_guard.errors import ConfigError

LARGEST = 512 << 20
"""Bytes of a report that are read."""


class Seen(NamedTuple):
    """One finding of a scanner. ``line`` 0: somewhere in the file."""

    rule: str
    path: str
    line: int
    end_line: int
    commit: str = ""
    parts: tuple[int, ...] = ()
    """Lines of its other parts, in the same file."""


class Report(NamedTuple):
    """All that a report tells, and what kind of report it is."""

    name: str
    kind: str
    seen: list[Seen]


class _Shape(NamedTuple):
    """One kind of JSON value that a report is, or is made of."""

    kind: str
    fits: Callable[[dict[str, Any]], bool]
    read: Callable[[dict[str, Any]], Iterator[Seen]]


def read_report(path: str) -> Report:
    """Read a report. Raises ConfigError, in one line and without any value of it, when it is none that is known."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    if len(content) > LARGEST:
        raise ConfigError(f"{path}: larger than {LARGEST >> 20} MiB, which is more than is read of a report")
    kinds: dict[str, None] = {}
    seen: list[Seen] = []
    for value in _values(content, path):
        shape = next((shape for shape in SHAPES if shape.fits(value)), None)
        if shape is None:
            known = "our JSON or JSON lines, gitleaks, betterleaks, kingfisher, trufflehog, detect-secrets, SARIF"
            raise ConfigError(f"{path}: no report that can be compared; known are {known}")
        try:
            seen += shape.read(value)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise ConfigError(f"{path}: misshapen for a report of {shape.kind}: {type(error).__name__}") from None
        kinds[shape.kind] = None
    return Report(path, ", ".join(kinds) or "empty", seen)


def _values(content: bytes, path: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON text, of JSON lines, or of a list of objects."""
    decoder, text = json.JSONDecoder(), content.decode("utf-8-sig", "replace")
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise ConfigError(
                f"{path}: not JSON at character {at}; give a report as JSON, JSON lines or SARIF"
            ) from None
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                raise ConfigError(f"{path}: a report is made of JSON objects")
            yield item


def _ours(value: dict[str, Any]) -> Iterator[Seen]:
    for finding in value["findings"] if "schema" in value else [value]:
        parts = tuple(int(part["start_line"]) for part in finding.get("parts", ()))
        start, end = int(finding["start_line"]), int(finding["end_line"])
        commit = str(finding.get("origin", {}).get("commit", ""))
        yield Seen(str(finding["rule_id"]), str(finding["path"]), start, end, commit, parts)


def _gitleaks(value: dict[str, Any]) -> Iterator[Seen]:
    start = int(value["StartLine"])
    yield Seen(
        str(value["RuleID"]), str(value["File"]), start, int(value.get("EndLine", start)), str(value.get("Commit", ""))
    )


def _betterleaks(value: dict[str, Any]) -> Iterator[Seen]:
    # What it writes: 'findings' in a report, 'finding' in a line, neither in the line about the scan.
    for finding in value.get("findings") or [value[key] for key in ("finding",) if key in value]:
        place, more = finding["location"], finding.get("attributes") or {}
        sets = finding.get("component_sets") or []
        parts = tuple(int(part["location"]["start_line"]) for one in sets for part in one.get("components") or [])
        start = int(place["start_line"])
        end, commit = int(place.get("end_line", start)), str(more.get("git.sha", ""))
        yield Seen(str(finding["rule_id"]), str(place["path"]), start, end, commit, parts)


def _kingfisher(value: dict[str, Any]) -> Iterator[Seen]:
    for one in value["findings"] if isinstance(value.get("findings"), list) else [value]:
        found = one["finding"]
        commit = ((found.get("git_metadata") or {}).get("commit") or {}).get("id", "")
        line = int(found["line"])
        yield Seen(str(one["rule"]["id"]), str(found["path"]), line, line, str(commit))


def _trufflehog(value: dict[str, Any]) -> Iterator[Seen]:
    for place in value["SourceMetadata"]["Data"].values():
        line = int(place.get("line") or 0)
        path = str(place.get("file") or place.get("link") or "")
        yield Seen(str(value["DetectorName"]), path, line, line, str(place.get("commit", "")))


def _detect_secrets(value: dict[str, Any]) -> Iterator[Seen]:
    for path, found in value["results"].items():
        for one in found:
            line = int(one.get("line_number") or 0)
            yield Seen(str(one["type"]), str(path), line, line)


def _sarif(value: dict[str, Any]) -> Iterator[Seen]:
    from urllib.parse import unquote

    for run in value["runs"]:
        for result in run.get("results") or []:
            place = result["locations"][0]["physicalLocation"]
            region = place.get("region") or {}
            start = int(region.get("startLine") or 0)
            path = unquote(str(place["artifactLocation"]["uri"]).removeprefix("file://"))
            origin = (result.get("properties") or {}).get("origin") or {}
            commit = origin.get("commit") or (result.get("partialFingerprints") or {}).get("commitSha") or ""
            rule = str(result.get("ruleId") or (result.get("rule") or {}).get("id") or "")
            yield Seen(rule, path, start, int(region.get("endLine") or start), str(commit))


def _nothing(_value: dict[str, Any]) -> Iterator[Seen]:
    return iter(())


SHAPES = (
    _Shape("secrets-guard", lambda value: str(value.get("schema", "")).startswith("secrets-guard/report/"), _ours),
    _Shape("secrets-guard", lambda value: {"rule_id", "path", "start_line", "fingerprint"} <= set(value), _ours),
    _Shape("gitleaks", lambda value: {"RuleID", "File", "StartLine"} <= set(value), _gitleaks),
    _Shape("betterleaks", lambda value: "schema_version" in value, _betterleaks),
    _Shape("kingfisher", lambda value: {"rule", "finding"} <= set(value), _kingfisher),
    _Shape(
        "kingfisher", lambda value: "findings" in value and {"metadata", "audit"} & set(value) != set(), _kingfisher
    ),
    # What it writes besides: a summary of numbers, the audit of a run.
    _Shape("kingfisher", lambda value: "kingfisher" in value or set(value) == {"audit"}, _nothing),
    _Shape("trufflehog", lambda value: {"SourceMetadata", "DetectorName"} <= set(value), _trufflehog),
    _Shape("detect-secrets", lambda value: {"results", "plugins_used"} <= set(value), _detect_secrets),
    _Shape("SARIF", lambda value: isinstance(value.get("runs"), list), _sarif),
)
"""Every shape of value, asked in this order."""
