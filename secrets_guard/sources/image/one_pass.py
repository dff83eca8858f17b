"""An image's archive that can be read only once, front to back -> its layers, swept as they go by, and then its images.

Which member is a layer, and of which image, is often said at the end only: so each is told by its first bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem
from secrets_guard.sources.archive import tar
from secrets_guard.sources.archive.entry import Entry, Read, chained, gather
from secrets_guard.sources.image import document
from secrets_guard.sources.image.checked import Checked
from secrets_guard.sources.image.docker_archive import digest_of
from secrets_guard.sources.image.members import ReadMembers, linked
from secrets_guard.sources.image.sweep import LayerSweep, is_layer_like

_HEAD = 512
_MOST_KEPT = 64 << 20
_MOST_MEMBERS = 100_000
_DOCUMENTS = (b"{", b"[")


class OnePass:
    """Reads one archive. Afterwards ``members`` has its small documents, and ``swept`` its layers by their keys."""

    def __init__(self, where: str, make_sweep: Callable[[str, str], LayerSweep]) -> None:
        """``make_sweep``: (where, key) -> the sweep of a layer."""
        self.where, self._make_sweep = where, make_sweep
        self.members = ReadMembers(where)
        self.digests: dict[str, str] = {}
        """Key of a layer -> the digest that its name says it has, or else the one that it has."""
        self.layers = 0
        """How many contents were swept, or begun to be."""
        self._kept = 0

    def batches(self, read: Read) -> Iterator[list[Blob | Problem]]:
        """Yield what is in the layers, many blobs at a time. Raises SourceError where reading fails."""
        for number, entry in enumerate(tar.entries(read, self.where)):
            if isinstance(entry, Problem):
                yield [entry]
            elif number >= _MOST_MEMBERS:
                yield [Problem("limit", self.where, f"more than {_MOST_MEMBERS:,} members; the rest is not swept")]
                return
            elif entry.kind in ("symlink", "hardlink") and not entry.size:
                self.members.links[entry.path] = linked(entry.path, entry.link, symbolic=entry.kind == "symlink")
            elif entry.size and entry.kind in ("file", "other"):
                yield from self._member(entry)

    def _member(self, entry: Entry) -> Iterator[list[Blob | Problem]]:
        claimed = digest_of(entry.path)
        checked = Checked(entry.read, claimed or "sha256:", -1)
        begun = gather(checked, _HEAD)
        members = self.members
        members.sizes[entry.path] = entry.size
        small = 0 < entry.size <= min(document.LARGEST, _MOST_KEPT - self._kept)
        if small and (begun.lstrip().startswith(_DOCUMENTS) or not is_layer_like(begun)):
            parts = [begun]
            while part := checked(entry.size):
                parts.append(part)
            members.contents[entry.path] = b"".join(parts)
            self._kept += entry.size
            return
        members.contents[entry.path] = begun[:8]
        key = members.key(entry.path)
        self.layers += 1
        sweep = self._make_sweep(f"{self.where}: {entry.path}", key)
        yield from sweep.batches(chained(begun, checked), entry.size)
        wrong = checked.finish()
        if wrong:
            sweep.whole = False
            yield [Problem("damaged", sweep.where, wrong)]
        self.digests[key] = claimed or checked.digest
