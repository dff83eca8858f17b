"""Our own JSON report -> ScanResult, so that it can be written in any other format."""

from __future__ import annotations

from typing import IO, Any, get_args, get_type_hints

from secrets_guard.errors import ConfigError
from secrets_guard.model.finding import CHANGES, VERIFICATIONS, Finding, Location, Occurrence, Part, Verification
from secrets_guard.model.origin import Exposure, Origin
from secrets_guard.model.result import Covered, Explanation, Problem, ScanInfo, ScanResult, Stats, ToolInfo
from secrets_guard.model.rule import CONFIDENCES, SEVERITIES
from secrets_guard.report.json import SCHEMA

_KINDS = {str(kind._field_defaults["kind"]): kind for kind in get_args(Origin)}
_LARGEST = 2**63
_NAMES = {str: "a text", int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "an object"}


def read(stream: IO[str]) -> ScanResult:
    """Read a report of ``--format json`` from a text stream.

    Raises ConfigError, in one line and without any value of the report, when it is none of ours or misshapen.
    """
    name = str(getattr(stream, "name", "report"))
    report = _parsed(stream, name)
    schema = report.get("schema")
    if schema != SCHEMA:
        ours = isinstance(schema, str) and schema.startswith(SCHEMA.rpartition("/")[0] + "/")
        what = "made by another version of secrets-guard" if ours else "no JSON report of secrets-guard"
        raise ConfigError(f"{name}: {what}: its schema is not {SCHEMA}; write one with --format json")
    try:
        return _result(report)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}; write it anew with --format json") from None


def _parsed(stream: IO[str], name: str) -> dict[str, Any]:
    import json

    try:
        report = json.load(stream, parse_constant=_refuse)
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: not UTF-8, so no JSON report of secrets-guard") from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{name}: not JSON that can be read: a number out of range, or nested too deep") from None
    if not isinstance(report, dict):
        raise ConfigError(f"{name}: no JSON report of secrets-guard: it should be an object")
    return report


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _result(report: dict[str, Any]) -> ScanResult:
    rules = [_rule(rule, f"rules[{number}]") for number, rule in enumerate(_get(report, "rules", list, "", []))]
    return ScanResult(
        tool=ToolInfo(**_take(ToolInfo, _get(report, "tool", dict, ""), "tool")),
        scan=ScanInfo(**_take(ScanInfo, _get(report, "scan", dict, ""), "scan")),
        findings=tuple(_finding(item, where) for item, where in _items(report, "findings")),
        problems=tuple(Problem(**_take(Problem, item, where)) for item, where in _items(report, "problems")),
        stats=_stats(_get(report, "stats", dict, "")),
        explanations=tuple(
            Explanation(**_take(Explanation, item, where)) for item, where in _items(report, "explanations", [])
        ),
        notes=_texts(report, "notes", ""),
        rules=tuple(rules),
        repositories=tuple(
            Covered(**_take(Covered, item, where)) for item, where in _items(report, "repositories", [])
        ),
        before=_before(report),
    )


def _before(report: dict[str, Any]) -> ScanInfo | None:
    if "diff" not in report:
        return None
    old = _get(_get(report, "diff", dict, ""), "old", dict, "diff")
    return ScanInfo(**_take(ScanInfo, old, "diff.old"))


def _items(fields: dict[str, Any], key: str, default: Any = None, where: str = "") -> list[tuple[Any, str]]:
    values = _get(fields, key, list, where, default)
    return [(value, f"{where + '.' if where else ''}{key}[{number}]") for number, value in enumerate(values)]


def _finding(item: Any, where: str) -> Finding:
    fields = _object(item, where)
    taken = {
        name: _get(fields, name, kind, where)
        for name, kind in (("rule_id", str), ("title", str), ("secret", str), ("context", str), ("fingerprint", str))
    }
    location = Location(**_take(Location, fields, where))
    return Finding(
        **taken,
        severity=_one_of(fields, "severity", SEVERITIES, where),
        confidence=_one_of(fields, "confidence", CONFIDENCES, where),
        reasons=_texts(fields, "confidence_reasons", where),
        change=_one_of(fields, "change", CHANGES, where) if "change" in fields else "",
        location=location,
        origin=_origin(_get(fields, "origin", dict, where), location.path, f"{where}.origin"),
        entropy=_get(fields, "entropy", float, where),
        decoded=_texts(fields, "decoded", where),
        occurrences=tuple(_occurrence(other, at) for other, at in _items(fields, "occurrences", [], where)),
        occurrences_total=_get(fields, "occurrences_total", int, where, 0),
        exposure=_exposure(fields, where),
        parts=tuple(Part(**_take(Part, part, at)) for part, at in _items(fields, "parts", [], where)),
        details=_details(fields, where),
        verification=_verification(fields, where),
    )


def _verification(fields: dict[str, Any], where: str) -> Verification | None:
    if "verification" not in fields:
        return None
    told = _take(Verification, fields["verification"], f"{where}.verification")
    _one_of(told, "status", VERIFICATIONS, f"{where}.verification")
    return Verification(**told)


def _details(fields: dict[str, Any], where: str) -> tuple[tuple[str, str], ...]:
    told = _get(fields, "details", dict, where, {})
    return tuple((name, _get(told, name, str, f"{where}.details")) for name in told)


def _exposure(fields: dict[str, Any], where: str) -> Exposure | None:
    if "exposure" not in fields:
        return None
    at = f"{where}.exposure"
    told = _get(fields, "exposure", dict, where)
    plain = ("first_commit", "first_date", "last_commit", "last_date")
    return Exposure(
        **{name: _get(told, name, str, at) for name in plain},
        days=_get(told, "days", int, at),
        at_tip=_get(told, "at_tip", bool, at),
        branches=_texts(told, "branches", at),
        tags=_texts(told, "tags", at),
        refs_total=_get(told, "refs_total", int, at, 0),
    )


def _occurrence(item: Any, where: str) -> Occurrence:
    fields = _object(item, where)
    path = _get(fields, "path", str, where)
    return Occurrence(
        path,
        _get(fields, "start_line", int, where),
        _get(fields, "start_column", int, where),
        _origin(_get(fields, "origin", dict, where), path, f"{where}.origin"),
    )


def _origin(fields: dict[str, Any], path: str, where: str) -> Origin:
    kind = _KINDS.get(_get(fields, "kind", str, where))
    if kind is None:
        raise ConfigError(f"{where}.kind should be one of {', '.join(_KINDS)}")
    told: dict[str, Any] = {**fields, "path": path}
    missing = [name for name in kind._fields if name not in told and name not in kind._field_defaults]
    if missing:
        raise ConfigError(f"{where}.{missing[0]} is missing")
    taken = {name: _plain_value(told[name], f"{where}.{name}") for name in kind._fields if name in told}
    origin: Origin = kind(**taken)
    return origin


def _plain_value(value: Any, where: str) -> Any:
    if isinstance(value, list) and all(isinstance(inner, str) for inner in value):
        return tuple(value)
    if isinstance(value, dict | list):
        raise ConfigError(f"{where} should be a plain value")
    return value


def _rule(item: Any, where: str) -> tuple[str, str, str, str, tuple[str, ...]]:
    fields = _object(item, where)
    rule_id, title, kind = (_get(fields, name, str, where) for name in ("id", "title", "kind"))
    return rule_id, title, _one_of(fields, "severity", SEVERITIES, where), kind, _texts(fields, "references", where)


def _stats(fields: dict[str, Any]) -> Stats:
    stats = Stats()
    stats.blobs = _get(fields, "blobs", int, "stats")
    stats.bytes = _get(fields, "bytes", int, "stats")
    stats.decoded = _get(fields, "decoded", int, "stats", 0)
    stats.reader = _get(fields, "reader", str, "stats", "")
    for name in ("skipped", "suppressed", "dropped"):
        counters = _get(fields, name, dict, "stats", {})
        setattr(stats, name, {key: _get(counters, key, int, f"stats.{name}") for key in counters})
    return stats


def _take(shape: Any, item: Any, where: str) -> dict[str, Any]:
    """Return the fields of ``shape``, a NamedTuple whose annotations are str, int, float or bool."""
    fields = _object(item, where)
    kinds = get_type_hints(shape)
    return {name: _get(fields, name, kinds[name], where) for name in shape._fields}


def _texts(fields: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = _get(fields, key, list, where, [])
    if not all(isinstance(value, str) for value in values):
        raise ConfigError(f"{_at(where, key)} should be a list of texts")
    return tuple(values)


def _one_of(fields: dict[str, Any], key: str, known: tuple[str, ...], where: str) -> str:
    value = _get(fields, key, str, where)
    if value not in known:
        raise ConfigError(f"{_at(where, key)} should be one of {', '.join(known)}")
    return str(value)


def _object(item: Any, where: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise ConfigError(f"{where} should be an object")
    return item


def _get(fields: dict[str, Any], key: str, kind: type, where: str, default: Any = None) -> Any:
    value = fields.get(key, default)
    if value is None:
        raise ConfigError(f"{_at(where, key)} is missing")
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{_at(where, key)} should be {_NAMES[kind]}")
    # Also keeps out the infinity that JSON's 1e999 becomes.
    if kind in (int, float) and not -_LARGEST <= value <= _LARGEST:
        raise ConfigError(f"{_at(where, key)} is out of range")
    return value


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
