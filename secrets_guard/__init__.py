"""Find leaked credentials, and keep new ones from leaking.

    from secrets_guard import FileSource, scan
    result = scan(FileSource(["."]))

Public names are imported when they are first used, so that ``import secrets_guard`` costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_guard.api import load_rules, scan
    from secrets_guard.broker.manifest import read_manifest
    from secrets_guard.broker.resolve import resolve
    from secrets_guard.config import Settings
    from secrets_guard.errors import SecretsGuardError
    from secrets_guard.model.finding import Finding
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
    from secrets_guard.version import __version__

_PLACES = {
    "__version__": "secrets_guard.version",
    "FileSource": "secrets_guard.sources.files",
    "Finding": "secrets_guard.model.finding",
    "GitHistorySource": "secrets_guard.sources.git.history",
    "ImageSource": "secrets_guard.sources.image.source",
    "MemorySource": "secrets_guard.sources.memory",
    "Problem": "secrets_guard.model.result",
    "Rule": "secrets_guard.model.rule",
    "RuleSet": "secrets_guard.model.rule",
    "ScanResult": "secrets_guard.model.result",
    "Secret": "secrets_guard.model.secret",
    "SecretsGuardError": "secrets_guard.errors",
    "Settings": "secrets_guard.config",
    "StagedSource": "secrets_guard.sources.staged",
    "StreamSource": "secrets_guard.sources.stdin",
    "load_rules": "secrets_guard.api",
    "read_manifest": "secrets_guard.broker.manifest",
    "resolve": "secrets_guard.broker.resolve",
    "scan": "secrets_guard.api",
    "write_report": "secrets_guard.report",
}

__all__ = [
    "FileSource",
    "Finding",
    "GitHistorySource",
    "ImageSource",
    "MemorySource",
    "Problem",
    "Rule",
    "RuleSet",
    "ScanResult",
    "Secret",
    "SecretsGuardError",
    "Settings",
    "StagedSource",
    "StreamSource",
    "__version__",
    "load_rules",
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
