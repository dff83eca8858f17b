"""Contents that git holds -> blobs; and of what is found in them, what no version before had."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from secrets_guard.model.blob import Blob
from secrets_guard.model.finding import Finding
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import expand, inside, suspect
from secrets_guard.sources.archive.limits import Limits
from secrets_guard.sources.changes import Change, Contents, CutShort, whole
from secrets_guard.sources.contents import too_large
from secrets_guard.sources.git.command import Git
from secrets_guard.sources.pieces import SIZES

_MOST_COMPARED = 64 << 20
"""Bytes of a version that is compared by lines; all of a larger one counts as new."""


def blobs_of(
    oid: str, path: str, size: int, read: Callable[[int], bytes], limits: Limits, stats: Stats
) -> Iterator[Blob | Problem]:
    """Yield the blobs of one content, an archive opened."""
    try:
        if limits.largest and size > limits.largest:
            yield too_large(path, size, limits.largest, stats)
        elif not size:
            count(stats.skipped, "empty")
        elif size <= SIZES.piece:
            blob = Blob(oid, whole(size, read), path)
            yield from inside(blob, limits, stats) if suspect(blob.data) else iter((blob,))
        else:
            yield from expand(oid, path, read, limits, stats, size=size)
    except CutShort as error:
        yield unreadable(oid, path, str(error))


def unreadable(oid: str, path: str, trouble: str) -> Problem:
    """Return the Problem of an object that can't be read, and why."""
    return Problem("unreadable", path, f"object {oid}: {trouble}; see 'git fsck'")


class Novelty:
    """Tells which findings stand on lines that none of the versions before had."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def only_new(self, findings: Iterable[tuple[Finding, Change]]) -> list[Finding]:
        """Return the findings of new content, and of changed content those with a line that no version before had.

        A line that was only moved is not new, nor one whose line end alone changed. What is in an archive that changed
        is new.
        """
        pairs = list(findings)
        lines = self._lines({oid for _, change in pairs if change.before for oid in (change.blob, *change.before)})
        known = {oid: frozenset(lines.get(oid, ())) for _, change in pairs for oid in change.before}
        kept = []
        for finding, change in pairs:
            place = finding.location
            text = lines.get(change.blob, [])
            own = text[place.start_line - 1 : place.end_line]
            own += [text[part.start_line - 1] for part in finding.parts if own and part.start_line <= len(text)]
            # A version that could not be read knows no line, so what can't be compared is new.
            if (
                finding.location.path != change.path
                or not own
                or any(not any(line in known[oid] for oid in change.before) for line in own)
            ):
                kept.append(finding)
        return kept

    def _lines(self, wanted: Iterable[str]) -> dict[str, list[bytes]]:
        from secrets_guard.decode import root_view

        made: dict[str, list[bytes]] = {}
        ids = sorted(wanted)
        for oid, kind, size, read, _ in Contents(self._git, ids) if ids else ():
            if kind != "blob" or size > _MOST_COMPARED:
                continue
            with suppress(CutShort):
                # As the sweep saw it: UTF-16 shown as UTF-8.
                text = root_view(Blob(oid, whole(size, read), ""), 0).data
                made[oid] = [line.rstrip(b"\r") for line in text.split(b"\n")]
        return made
