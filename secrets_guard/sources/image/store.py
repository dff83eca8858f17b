"""The seam between where images are kept and what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple, Protocol

from secrets_guard.errors import SourceError
from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.image import document
from secrets_guard.sources.image.checked import Checked
from secrets_guard.sources.image.image import Content
from secrets_guard.sources.image.manifest import Descriptor


class Stored(NamedTuple):
    """A manifest or index as it is stored."""

    content: bytes
    media_type: str
    digest: str
    """``sha256:`` and hex: of the content, computed."""


class Store(Protocol):
    """A place that holds manifests and blobs by their digests: a registry, an OCI layout."""

    where: str
    """What to call it."""
    addressed: bool
    """Whether it gives a blob by its digest alone, as a registry does; a folder may hold something else under it."""

    def manifest(self, version: str) -> Stored:
        """Return a manifest by digest, which it is checked against, or by tag. Raises SourceError."""
        ...

    def open(self, blob: Descriptor) -> AbstractContextManager[Read]:
        """Open a blob as it is stored, unchecked. Raises SourceError, at once or while it is read."""
        ...

    def attached(self, digest: str) -> Iterable[Descriptor]:
        """Return the manifests that say they belong to this one (SBOMs, signatures), where the place can tell."""
        ...


def content_of(store: Store, blob: Descriptor) -> Content:
    """Return a blob of a store as content to sweep; its digest names it."""
    return Content(blob.digest, partial(store.open, blob), blob.digest, blob.size, blob.media_type, store.addressed)


def read_config(store: Store, blob: Descriptor, where: str) -> bytes:
    """Return an image's config. Raises SourceError for one that can't be read or is not what its digest says."""
    if blob.size > document.LARGEST:
        raise SourceError(f"{where}: its config is said to have {blob.size:,} bytes, which none has")
    with store.open(blob) as read:
        checked, parts = Checked(read, blob.digest, blob.size), list[bytes]()
        while part := checked(document.LARGEST):
            parts.append(part)
        wrong = checked.finish()
    if wrong:
        raise SourceError(f"{where}: its config is {wrong}")
    return b"".join(parts)
