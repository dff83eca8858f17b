"""Find leaked credentials, and keep new ones from leaking.

    from secrets_guard import FileSource, scan
    result = scan(FileSource(["."]))

Public names are imported when they are first used, so that ``import secrets_guard`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_guard.api import load_rules, scan
    from secrets_guard.broker.manifest import Manifest, read_manifest
    from secrets_guard.broker.resolve import Resolved, resolve
    from secrets_guard.config import Settings, load_settings
    from secrets_guard.errors import BrokerError, ConfigError, EngineError, SecretsGuardError, SourceError
    from secrets_guard.model.finding import Finding, Location, Occurrence, Part
    from secrets_guard.model.origin import Origin
    from secrets_guard.model.protocols import Source
    from secrets_guard.model.result import Problem, ScanResult
    from secrets_guard.model.rule import Rule, RuleSet
    from secrets_guard.model.secret import Secret
    from secrets_guard.report import write_report
    from secrets_guard.sources.files import FileSource
    from secrets_guard.sources.git.history import GitHistorySource
    from secrets_guard.sources.image.source import ImageSource
    from secrets_guard.sources.memory import MemorySource
    from secrets_guard.sources.staged import StagedSource
    from secrets_guard.sources.stdin import StreamSource
    from secrets_guard.suppression.entry import Suppression
    from secrets_guard.suppression.read import read_known
    from secrets_guard.version import __version__

_PLACES = {
    "__version__": "secrets_guard.version",
    "BrokerError": "secrets_guard.errors",
    "ConfigError": "secrets_guard.errors",
    "EngineError": "secrets_guard.errors",
    "FileSource": "secrets_guard.sources.files",
    "Finding": "secrets_guard.model.finding",
    "GitHistorySource": "secrets_guard.sources.git.history",
    "ImageSource": "secrets_guard.sources.image.source",
    "Location": "secrets_guard.model.finding",
    "Manifest": "secrets_guard.broker.manifest",
    "MemorySource": "secrets_guard.sources.memory",
    "Occurrence": "secrets_guard.model.finding",
    "Origin": "secrets_guard.model.origin",
    "Part": "secrets_guard.model.finding",
    "Problem": "secrets_guard.model.result",
    "Resolved": "secrets_guard.broker.resolve",
    "Rule": "secrets_guard.model.rule",
    "RuleSet": "secrets_guard.model.rule",
    "ScanResult": "secrets_guard.model.result",
    "Secret": "secrets_guard.model.secret",
    "SecretsGuardError": "secrets_guard.errors",
    "Settings": "secrets_guard.config",
    "Source": "secrets_guard.model.protocols",
    "SourceError": "secrets_guard.errors",
    "StagedSource": "secrets_guard.sources.staged",
    "StreamSource": "secrets_guard.sources.stdin",
    "Suppression": "secrets_guard.suppression.entry",
    "load_rules": "secrets_guard.api",
    "load_settings": "secrets_guard.config",
    "read_known": "secrets_guard.suppression.read",
    "read_manifest": "secrets_guard.broker.manifest",
    "resolve": "secrets_guard.broker.resolve",
    "scan": "secrets_guard.api",
    "write_report": "secrets_guard.report",
}

__all__ = [
    "BrokerError",
    "ConfigError",
    "EngineError",
    "FileSource",
    "Finding",
    "GitHistorySource",
    "ImageSource",
    "Location",
    "Manifest",
    "MemorySource",
    "Occurrence",
    "Origin",
    "Part",
    "Problem",
    "Resolved",
    "Rule",
    "RuleSet",
    "ScanResult",
    "Secret",
    "SecretsGuardError",
    "Settings",
    "Source",
    "SourceError",
    "StagedSource",
    "StreamSource",
    "Suppression",
    "__version__",
    "load_rules",
    "load_settings",
    "read_known",
    "read_manifest",
    "resolve",
    "scan",
    "write_report",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'secrets_guard' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
