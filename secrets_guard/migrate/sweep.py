"""The content of a file -> what our own sweep finds in it."""

from __future__ import annotations

from collections.abc import Sequence

from secrets_guard import api
from secrets_guard.config import Settings
from secrets_guard.errors import SourceError
from secrets_guard.migrate.document import Document
from secrets_guard.migrate.moves import Sweep
from secrets_guard.model.finding import Finding
from secrets_guard.sources.memory import MemorySource


def sweep_by(settings: Settings) -> Sweep:
    """Return a sweep under some settings, without baselines: what is known to be there is to be moved as well.

    It raises SourceError for a content that can't be swept whole.
    """
    own = settings._replace(show_secrets=False, explain=False)

    def sweep(document: Document) -> Sequence[Finding]:
        result = api.scan(MemorySource({document.path: document.content}, target=document.path), settings=own)
        if result.problems:
            raise SourceError(f"{document.path}: can't be swept whole: {result.problems[0].message}")
        return result.findings

    return sweep
