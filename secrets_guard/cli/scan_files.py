"""``scan files``, whoever parsed its command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from secrets_guard.cli import perform
from secrets_guard.config import Settings
from secrets_guard.suppression.allow import AllowJudge

if TYPE_CHECKING:
    from secrets_guard.sources.files import FileSource


def file_source(targets: Sequence[str], settings: Settings, allow: AllowJudge) -> FileSource:
    """Return the source of files and folders that the settings ask for."""
    from secrets_guard.sources.archive.limits import limits_of
    from secrets_guard.sources.files import FileSource

    return FileSource(
        targets,
        no_ignore=settings.no_ignore,
        follow_symlinks=settings.follow_symlinks,
        max_file_size=settings.max_file_size,
        skip_path=allow.path_allowed,
        limits=limits_of(settings),
    )


def sweep_files(targets: Sequence[str], options: Mapping[str, object], config: str | None) -> int:
    """Sweep files and folders, report, and return the exit code."""
    return perform.perform(perform.prepare(targets, options, config), partial(file_source, targets))


def explain_line(place: str, targets: Sequence[str], options: Mapping[str, object], config: str | None) -> int:
    """Say why nothing is reported at a line (``FILE:LINE``), and return the exit code."""
    from secrets_guard.cli import why_not

    return why_not.explain_line(place, perform.prepare(targets, options, config))
