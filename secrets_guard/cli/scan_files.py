"""``scan files``, whoever parsed its command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from secrets_guard.cli import perform
from secrets_guard.config import Settings
from secrets_guard.model.protocols import Source
from secrets_guard.suppression.allow import AllowJudge


def sweep_files(targets: Sequence[str], options: Mapping[str, object], config: str | None) -> int:
    """Sweep files and folders, report, and return the exit code."""

    def source(settings: Settings, allow: AllowJudge) -> Source:
        from secrets_guard.sources.files import FileSource

        return FileSource(
            targets,
            no_ignore=settings.no_ignore,
            follow_symlinks=settings.follow_symlinks,
            max_file_size=settings.max_file_size,
            skip_path=allow.path_allowed,
        )

    return perform.perform(perform.prepare(targets, options, config), source)


def explain_line(place: str, targets: Sequence[str], options: Mapping[str, object], config: str | None) -> int:
    """Say why nothing is reported at a line (``FILE:LINE``), and return the exit code."""
    from secrets_guard.cli import why_not

    return why_not.explain_line(place, perform.prepare(targets, options, config))
