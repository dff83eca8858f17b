"""ScanResult -> a report in one of several formats. Each format is a module, imported only when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import IO, TYPE_CHECKING

from secrets_guard.errors import ConfigError

if TYPE_CHECKING:
    from secrets_guard.model.protocols import Reporter
    from secrets_guard.model.result import ScanResult

REPORTERS: Mapping[str, str] = MappingProxyType(
    {
        "human": "secrets_guard.report.human:write",
        "json": "secrets_guard.report.json:write",
        "jsonl": "secrets_guard.report.jsonl:write",
        "sarif": "secrets_guard.report.sarif:write",
        "junit": "secrets_guard.report.junit:write",
        "html": "secrets_guard.report.html.page:write",
        "csv": "secrets_guard.report.csv:write",
        "gitlab": "secrets_guard.report.gitlab:write",
        "github": "secrets_guard.report.github:write",
        "gitleaks": "secrets_guard.report.gitleaks:write",
    }
)
"""Format -> ``module:function``; a new format is a module and a line here."""

KNOWS_CHANGES = frozenset({"human", "json", "jsonl", "sarif", "csv", "html"})
"""Formats that tell of a comparison what is new, gone and unchanged; any other is given what is new."""


def formats() -> tuple[str, ...]:
    """Return the names of all formats."""
    return tuple(REPORTERS)


def write_report(result: ScanResult, format: str, stream: IO[str]) -> None:
    """Write ``result`` to the text ``stream`` in the named format.

    Raises ConfigError for an unknown format, naming the nearest known one.
    """
    reporter = _reporter(format)
    if format not in KNOWS_CHANGES:
        from secrets_guard.report.facts import new_only

        result = new_only(result)
    reporter(result, stream)


def _reporter(name: str) -> Reporter:
    from importlib import import_module

    place = REPORTERS.get(name)
    if place is None:
        raise ConfigError(_unknown(name))
    module, _, function = place.partition(":")
    reporter: Reporter = getattr(import_module(module), function)
    return reporter


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), REPORTERS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(REPORTERS)}"
    return f"unknown report format {name!r}; {hint}"
