"""What hangs on an image (SBOMs, provenance, signatures) -> attachments to sweep, with names that say what they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem
from secrets_guard.sources.image.image import Attachment, image_problem
from secrets_guard.sources.image.manifest import Descriptor, Manifest, parse_manifest
from secrets_guard.sources.image.store import Store, content_of

# docs.docker.com/build/metadata/attestations/attestation-storage
_TYPE, _OF = "vnd.docker.reference.type", "vnd.docker.reference.digest"
_PREDICATE = "in-toto.io/predicate-type"
_TITLE = "org.opencontainers.image.title"
_EMPTY = "application/vnd.oci.empty.v1+json"
_MOST = 64


def of_index(manifests: Iterable[Descriptor]) -> dict[str, list[Descriptor]]:
    """Return an index's attestation manifests (BuildKit's) by the digest of the image that each is of."""
    listed = list(manifests)
    images = {one.digest for one in listed}
    found: dict[str, list[Descriptor]] = {}
    for one in listed:
        about = one.annotations.get(_OF, "")
        if one.annotations.get(_TYPE) == "attestation-manifest" and about in images:
            found.setdefault(about, []).append(one)
    return found


def attachments(store: Store, manifests: Iterable[Descriptor], where: str) -> Iterator[Attachment | Problem]:
    """Yield what the manifests of attestations and other attached artifacts hold; what can't be read is a Problem."""
    for number, one in enumerate(manifests):
        if number == _MOST:
            yield Problem("limit", where, f"more than {_MOST} attached artifacts; the rest is not swept")
            return
        try:
            stored = store.manifest(one.digest)
            parsed = parse_manifest(stored.content, stored.media_type, f"{where}: attached {one.digest[:19]}")
        except SourceError as error:
            yield Problem("unreadable", where, image_problem(where, error))
            continue
        if isinstance(parsed, Manifest):
            yield from artifact(store, parsed)


def artifact(store: Store, manifest: Manifest) -> Iterator[Attachment]:
    """Yield all that an artifact's manifest holds, its config too where it has any."""
    if manifest.config.media_type != _EMPTY and manifest.config.size > len(b"{}"):
        yield Attachment("artifact config", content_of(store, manifest.config))
    for blob in manifest.layers:
        yield Attachment(_name(blob), content_of(store, blob))


def _name(blob: Descriptor) -> str:
    predicate = blob.annotations.get(_PREDICATE, "")
    if predicate:
        return f"attestation {predicate}"
    return blob.annotations.get(_TITLE) or blob.media_type or blob.digest
