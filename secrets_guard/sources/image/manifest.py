"""The JSON of a manifest or an index -> its descriptors, whichever of Docker's or OCI's formats it is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from secrets_guard.errors import SourceError
from secrets_guard.sources.image import document
from secrets_guard.sources.image.reference import is_digest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
MANIFESTS, INDEXES = (OCI_MANIFEST, DOCKER_MANIFEST), (OCI_INDEX, DOCKER_LIST)
ACCEPTED = ", ".join((*MANIFESTS, *INDEXES))
"""What a registry is asked for."""
CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_LAYERS = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
)
_COMPRESSIONS = ("", "gzip", "zstd")
_SCHEMA_1 = ("application/vnd.docker.distribution.manifest.v1+json",
             "application/vnd.docker.distribution.manifest.v1+prettyjws")  # fmt: skip
_MOST = 4096


class Descriptor(NamedTuple):
    """A content that something refers to (OCI image-spec, descriptor.md); ``size`` in bytes."""

    digest: str
    size: int
    media_type: str
    platform: str = ""
    """``os/architecture[/variant]``."""
    annotations: Mapping[str, str] = {}
    artifact: str = ""


class Manifest(NamedTuple):
    """One image for one platform, or another artifact that is stored as one."""

    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str]
    subject: str = ""
    """Digest of the manifest that this one is attached to."""
    artifact: str = ""


class Index(NamedTuple):
    """Several manifests, usually one for each platform."""

    manifests: tuple[Descriptor, ...]
    annotations: Mapping[str, str]


def parse_manifest(content: bytes, media_type: str, where: str) -> Manifest | Index:
    """Return what a manifest says; ``media_type`` as it was served, empty where nothing was said.

    Raises SourceError for what is neither manifest nor index.
    """
    fields = document.load_object(content, where)
    kind = document.text(fields, "mediaType") or media_type.partition(";")[0].strip()
    if kind in _SCHEMA_1 or fields.get("schemaVersion") == 1:
        raise SourceError(
            f"{where}: a manifest of schema 1, which registries no longer take; push the image again with today's tools"
        )
    if kind not in (*MANIFESTS, *INDEXES):
        # Old layouts say nothing, and a served type may be as vague as application/json: the fields tell.
        kind = OCI_INDEX if "manifests" in fields else OCI_MANIFEST if "layers" in fields else kind
    if kind in INDEXES:
        return Index(_descriptors(fields, "manifests", where), document.pairs(fields, "annotations"))
    if kind not in MANIFESTS:
        raise SourceError(f"{where}: of the unknown type {kind or 'nothing'!r}; an image's manifest or index is needed")
    config = document.field(fields, "config", dict, where)
    subject = fields.get("subject")
    return Manifest(
        config=_descriptor(config, where),
        layers=_descriptors(fields, "layers", where),
        annotations=document.pairs(fields, "annotations"),
        subject=document.text(subject, "digest") if isinstance(subject, dict) else "",
        artifact=document.text(fields, "artifactType"),
    )


def is_layer(media_type: str) -> bool:
    """Tell whether a media type is a file system layer's, in a compression that we know."""
    plain, _, compression = (
        media_type.replace(".tar.gzip", ".tar+gzip").replace(".tar.zstd", ".tar+zstd").partition("+")
    )
    return plain in _LAYERS and compression in _COMPRESSIONS


def is_image(manifest: Manifest) -> bool:
    """Tell an image from other artifacts (charts, signatures, attestations) that registries keep in its format."""
    return manifest.config.media_type in CONFIGS and not manifest.artifact


def _descriptors(fields: dict[str, Any], name: str, where: str) -> tuple[Descriptor, ...]:
    listed = document.field(fields, name, list, where)
    if len(listed) > _MOST:
        raise SourceError(f"{where}: more than {_MOST:,} {name}")
    return tuple(_descriptor(item, f"{where}: {name}[{number}]") for number, item in enumerate(listed))


def _descriptor(fields: Any, where: str) -> Descriptor:
    if not isinstance(fields, dict):
        raise SourceError(f"{where}: not a descriptor")
    digest, size = document.text(fields, "digest"), document.field(fields, "size", int, where)
    if not is_digest(digest):
        raise SourceError(f"{where}: its digest is missing or of an unknown kind")
    if size < 0:
        raise SourceError(f"{where}: its size is negative")
    platform = fields.get("platform")
    return Descriptor(
        digest,
        size,
        document.text(fields, "mediaType"),
        _platform(platform) if isinstance(platform, dict) else "",
        document.pairs(fields, "annotations"),
        document.text(fields, "artifactType"),
    )


def _platform(fields: dict[str, Any]) -> str:
    return "/".join(
        part for part in (document.text(fields, name) for name in ("os", "architecture", "variant")) if part
    )
