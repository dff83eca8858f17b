"""A store's manifests and indexes -> the images in them, each with its config read and its layers still to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from secrets_guard.errors import SourceError
from secrets_guard.model.result import Problem
from secrets_guard.sources.image.attestations import artifact, attachments, of_index
from secrets_guard.sources.image.config import named_lines
from secrets_guard.sources.image.image import Attachment, Image, assemble, image_problem
from secrets_guard.sources.image.manifest import Descriptor, Index, Manifest, is_image, is_layer, parse_manifest
from secrets_guard.sources.image.platform import is_wanted
from secrets_guard.sources.image.store import Store, Stored, content_of, read_config

_DEEPEST = 4
_MOST_MANIFESTS = 512


class Resolver:
    """Walks from a tag or digest down to images; what can't be read is a Problem, and the rest goes on."""

    def __init__(self, store: Store, platforms: Sequence[str]) -> None:
        """``platforms``: none for all."""
        self._store, self._platforms = store, platforms
        self._seen: set[str] = set()
        self.left_out: list[str] = []
        """Platforms that are there and were not asked for."""

    def images(
        self, name: str, version: str, annotations: Mapping[str, str] | None = None
    ) -> Iterator[Image | Problem]:
        """Yield the images that a tag or digest leads to. Raises SourceError when it can't be read itself."""
        yield from self._walk(name, self._store.manifest(version), "", dict(annotations or {}), (), _DEEPEST)

    def _walk(
        self, name: str, stored: Stored, platform: str, told: dict[str, str], attached: Iterable[Descriptor], depth: int
    ) -> Iterator[Image | Problem]:
        if stored.digest in self._seen:
            return
        self._seen.add(stored.digest)
        parsed = parse_manifest(stored.content, stored.media_type, name)
        hanging: list[Attachment] = []
        for item in self._attachments(name, stored.digest, attached):
            if isinstance(item, Problem):
                yield item
            else:
                hanging.append(item)
        lines = {"annotations": named_lines(parsed.annotations), "index annotations": named_lines(told)}
        texts = {name: text for name, text in lines.items() if text}
        if isinstance(parsed, Manifest):
            yield from self._image(name, parsed, platform, texts, hanging)
            return
        if texts or hanging:
            yield Image(name, "", b"", (), (), texts, tuple(hanging))
        if not depth:
            raise SourceError(f"{name}: indexes inside one another, more than {_DEEPEST} deep")
        yield from self._index(name, parsed, depth)

    def _attachments(self, name: str, digest: str, attached: Iterable[Descriptor]) -> Iterator[Attachment | Problem]:
        found = list(attached)
        try:
            found += self._store.attached(digest)
        except SourceError as error:
            yield Problem("unreadable", name, f"what is attached to it can't be told: {image_problem(name, error)}")
        own = [one for one in found if one.digest not in self._seen]
        self._seen.update(one.digest for one in own)
        yield from attachments(self._store, own, name)

    def _index(self, name: str, index: Index, depth: int) -> Iterator[Image | Problem]:
        attested = of_index(index.manifests)
        apart = {one.digest for listed in attested.values() for one in listed}
        wanted = [one for one in index.manifests if one.digest not in apart and self._is_wanted(one)]
        for one in wanted:
            own = name if len(wanted) == 1 else f"{name} ({one.platform or one.digest[:19]})"
            if len(self._seen) >= _MOST_MANIFESTS:
                yield Problem("limit", name, f"more than {_MOST_MANIFESTS} manifests; the rest is not swept")
                return
            try:
                stored = self._store.manifest(one.digest)
                hanging = attested.get(one.digest, ())
                yield from self._walk(own, stored, one.platform, dict(one.annotations), hanging, depth - 1)
            except SourceError as error:
                yield Problem("unreadable", own, image_problem(own, error))

    def _is_wanted(self, one: Descriptor) -> bool:
        if not one.platform or is_wanted(one.platform, self._platforms):
            return True
        self.left_out.append(one.platform)
        return False

    def _image(
        self, name: str, manifest: Manifest, platform: str, texts: dict[str, str], hanging: list[Attachment]
    ) -> Iterator[Image | Problem]:
        if not is_image(manifest):
            yield Image(name, platform, b"", (), (), texts, (*artifact(self._store, manifest), *hanging))
            return
        contents = [content_of(self._store, blob) for blob in manifest.layers]
        for number, blob in enumerate(manifest.layers):
            if not is_layer(blob.media_type):
                message = f"of the unknown type {blob.media_type!r}: swept as what it looks like"
                yield Problem("unknown", f"{name}: layer {number}", message)
        image = assemble(name, read_config(self._store, manifest.config, name), contents, texts, platform)
        yield image._replace(attachments=tuple(hanging))
