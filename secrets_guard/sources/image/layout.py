"""An OCI image layout, in a folder or in a tar -> its manifests and blobs, and the images that it lists.

Format: OCI image-spec, image-layout.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.image import document
from secrets_guard.sources.image.manifest import OCI_INDEX, Descriptor, Index, Manifest, parse_manifest
from secrets_guard.sources.image.members import Members, read_whole
from secrets_guard.sources.image.reference import is_digest
from secrets_guard.sources.image.store import Stored

INDEX, MARK = "index.json", "oci-layout"
_NAMES = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
_MOST_LOOKED_AT = 256


class LayoutStore:
    """Reads a layout's blobs by their digests."""

    addressed = False

    def __init__(self, members: Members) -> None:
        """Raises SourceError for what is no layout."""
        self.where = members.where
        self._members = members
        parsed = parse_manifest(read_whole(members, INDEX, document.LARGEST), OCI_INDEX, f"{members.where}: {INDEX}")
        if not isinstance(parsed, Index):
            raise SourceError(f"{members.where}: {INDEX}: it is no index")
        self.index = parsed
        self._subjects: dict[str, list[Descriptor]] | None = None

    def roots(self, version: str) -> list[tuple[str, Descriptor]]:
        """Return (name, descriptor) of what the layout lists; given a tag or digest, only what that means.

        Raises SourceError when nothing is called so.
        """
        named = [(_name_of(one), one) for one in self.index.manifests]
        if not version:
            return named
        chosen = [(name, one) for name, one in named if version in (name, one.digest) or name.endswith(f":{version}")]
        if not chosen:
            known = ", ".join(sorted({name for name, _ in named})[:10]) or "nothing"
            raise SourceError(f"{self.where}: no image {version!r} in it; there is: {known}")
        return chosen

    def manifest(self, version: str) -> Stored:
        """Return a manifest by digest. Raises SourceError where it is not there or not what its digest says."""
        content = read_whole(self._members, _path(version), document.LARGEST)
        algorithm, _, wanted = version.partition(":")
        if hashlib.new(algorithm, content).hexdigest() != wanted:
            raise SourceError(f"{self.where}: {_path(version)}: not what its digest says")
        return Stored(content, "", version)

    @contextmanager
    def open(self, blob: Descriptor) -> Iterator[Read]:
        """Open a blob. Raises SourceError where it is not there."""
        path = _path(blob.digest)
        if self._members.size(path) < 0:
            raise SourceError(f"{self.where}: {path}: it is not there")
        with self._members.open(path) as read:
            yield read

    def attached(self, digest: str) -> Iterable[Descriptor]:
        """Return the listed manifests whose subject is this one."""
        if self._subjects is None:
            self._subjects = {}
            for one in self.index.manifests[:_MOST_LOOKED_AT]:
                subject = self._subject(one)
                if subject:
                    self._subjects.setdefault(subject, []).append(one)
        return self._subjects.get(digest, ())

    def _subject(self, one: Descriptor) -> str:
        try:
            parsed = parse_manifest(self.manifest(one.digest).content, one.media_type, self.where)
        except SourceError:
            return ""  # told where it is swept itself
        return parsed.subject if isinstance(parsed, Manifest) else ""


def _path(digest: str) -> str:
    """Return where a blob lies; a digest is checked first, since it becomes a path."""
    if not is_digest(digest):
        raise SourceError(f"{digest[:40]!r} is no digest")
    return f"blobs/{digest.replace(':', '/')}"


def _name_of(one: Descriptor) -> str:
    return next((one.annotations[name] for name in _NAMES if one.annotations.get(name)), one.digest)
