"""Everything that can be swept, by name; each is imported on first use only."""

from __future__ import annotations

SOURCES = {
    "files": "secrets_guard.sources.files:FileSource",
    "git": "secrets_guard.sources.git.history:GitHistorySource",
    "staged": "secrets_guard.sources.staged:StagedSource",
    "image": "secrets_guard.sources.image.source:ImageSource",
    "stdin": "secrets_guard.sources.stdin:StreamSource",
    "memory": "secrets_guard.sources.memory:MemorySource",
}
"""Name -> ``module:Class``; each satisfies ``model.protocols.Source``."""
