"""Container images -> blobs: every file of every layer, every setting of the config, and what is attached."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.origin import Origin
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive.entry import Read
from secrets_guard.sources.image.access import Access
from secrets_guard.sources.image.archive import stored_images
from secrets_guard.sources.image.base import base_layers
from secrets_guard.sources.image.catalogue import LAYER, SETTING, Catalogue
from secrets_guard.sources.image.clean_layers import CleanLayers
from secrets_guard.sources.image.config import PREFIX, config_texts
from secrets_guard.sources.image.image import Image
from secrets_guard.sources.image.one_pass import OnePass
from secrets_guard.sources.image.reading import Batches, LayerReader
from secrets_guard.sources.image.sweep import LayerSweep, Rules
from secrets_guard.sources.image.target import Target, parse_target
from secrets_guard.sources.image.transports import open_target
from secrets_guard.sources.pieces import stream_pieces
from secrets_guard.workers import side_by_side

_USUAL, _NO_RULES = Access(), Rules()


class ImageSource:
    """Sweeps images. A layer that several have is read once, and each of them gets its findings.

    ``platforms`` as ``parse_platforms`` gives them (none: all). ``base`` names images, ``base_layers`` digests, whose
    layers are marked as a base's; ``ignore_base`` leaves these out. ``jobs`` layers are read at a time.
    """

    kind = "image"

    def __init__(
        self, targets: Sequence[str], *, platforms: Sequence[str] = (), base: Sequence[str] = (),
        base_layers: Collection[str] = (), ignore_base: bool = False, access: Access = _USUAL,
        rules: Rules = _NO_RULES, jobs: int = 2, clean: CleanLayers | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.target = " ".join(targets)
        self.notes: list[str] = []
        self._targets = [parse_target(one) for one in dict.fromkeys(targets)]
        self._platforms, self._access = platforms, access
        self._base, self._base_layers, self._ignore_base = base, base_layers, ignore_base
        self._jobs, self._clean = max(1, jobs), clean
        self._environ = os.environ if environ is None else environ
        self._layers = LayerReader(rules, clean)
        self._catalogue = Catalogue((), self._layers.over)
        self._open = ExitStack()

    def use_rules(self, key: str) -> None:
        """Learn which rules sweep (a name for them): only layers that were clean under the same ones are not read."""
        if self._clean is not None:
            self._clean.open(key)

    def blobs(self, stats: Stats) -> Iterator[Blob | Problem]:
        """Yield settings, then the files of all layers, as they come; what can't be read is a Problem.

        Raises SourceError, before anything is swept, when one of the targets can't be read at all.
        """
        try:
            yield from self._swept(stats)
        except Exception:
            self._open.close()
            raise

    def _swept(self, stats: Stats) -> Iterator[Blob | Problem]:
        known = base_layers(self._base, self._access, self._environ) | frozenset(self._base_layers)
        self._catalogue = Catalogue(known, self._layers.over)
        streams: list[Callable[[], Batches]] = []
        passing: list[tuple[Target, OnePass]] = []
        told: list[Image | Problem] = []
        for target in self._targets:
            found = open_target(target, self._platforms, self._access, self._environ, self._open)
            self._note_left_out(target, found.left_out)
            told += [*found.problems, *found.images]
            if found.passing is not None:
                one = OnePass(target.given, self._passing_sweep)
                passing.append((target, one))
                streams.append(partial(_pass, one, self._open.enter_context(found.passing.open())))
        yield from self._taken(told, streams, stats)
        for batch in side_by_side(streams, self._jobs):
            yield from batch
        streams.clear()
        for target, one in passing:
            yield from self._taken(self._gone_by(target, one), streams, stats)
        for batch in side_by_side(streams, self._jobs):
            yield from batch
        for counters in self._layers.totals():
            stats.add(counters)
        self._note_base()

    def settle(self, suspects: Collection[str]) -> None:
        """Learn, after a whole sweep, which blobs had any candidate: layers without one are remembered as clean."""
        self._catalogue.suspects = frozenset(suspects)
        self._layers.remember(int(one[1:].partition(":")[0]) for one in suspects if one.startswith(LAYER))

    def origins(self, ids: Iterable[str]) -> Mapping[str, list[Origin]]:
        """Tell which layer, setting or attachment each guilty blob is of, once for each image that has it."""
        with self._open:
            return {one: self._catalogue.origins(one) for one in ids}

    def _taken(
        self, items: Iterable[Image | Problem], streams: list[Callable[[], Batches]], stats: Stats
    ) -> Iterator[Blob | Problem]:
        """Yield the settings of images; what reads their layers and attachments goes to ``streams``."""
        for item in items:
            if isinstance(item, Problem):
                yield item
                continue
            own, layers = self._catalogue.add(item)
            yield from _settings(item, own)
            for number, layer in layers:
                if self._ignore_base and self._catalogue.is_base(layer):
                    count(stats.skipped, "base_layer")
                    continue
                where = (
                    f"{item.name}: layer {item.layers.index(layer)} ({(layer.diff_id or layer.content.digest)[:19]})"
                )
                streams.append(partial(self._layers.batches, number, layer, where))
            attached = partial(self._layers.attached, f"{SETTING}{own}:", item.name)
            streams += [partial(attached, one) for one in item.attachments]

    def _passing_sweep(self, where: str, key: str) -> LayerSweep:
        return self._layers.sweep(self._catalogue.number_passing(key, where), where)

    def _gone_by(self, target: Target, one: OnePass) -> Iterator[Image | Problem]:
        """Yield the images of an archive that has gone by. Raises SourceError when there was nothing in it."""
        for key, digest in one.digests.items():
            self._catalogue.alias(digest, key)
        left_out: list[str] = []
        try:
            for item in stored_images(one.members, target.version, self._platforms, left_out):
                yield item
                if isinstance(item, Image):
                    yield from _altered(item, one)
        except SourceError as error:
            if not one.layers:
                raise
            yield Problem("unreadable", target.given, f"which layer is whose can't be told: {error}")
        self._note_left_out(target, left_out)

    def _note_left_out(self, target: Target, platforms: Sequence[str]) -> None:
        if platforms:
            self.notes.append(f"{target.given}: not swept: {', '.join(sorted(set(platforms)))} (--platform)")

    def _note_base(self) -> None:
        catalogue = self._catalogue
        if catalogue.base and not any(catalogue.is_base(layer) for image in catalogue.images for layer in image.layers):
            self.notes.append(f"{self.target}: has no layer of the base: was it built from another version of that?")


def _pass(one: OnePass, read: Read) -> Batches:
    """Read an archive that can be read only once; where it breaks off, what came before stays."""
    try:
        yield from one.batches(read)
    except SourceError as error:
        if not one.members.sizes:
            raise
        yield [Problem("unreadable", one.where, str(error))]


def _settings(image: Image, own: int) -> Iterator[Blob | Problem]:
    for name, text in config_texts(image):
        path = PREFIX + name
        yield from stream_pieces(io.BytesIO(text.encode("utf-8", "surrogatepass")).read, f"{SETTING}{own}:{path}", path)


def _altered(image: Image, one: OnePass) -> Iterator[Problem]:
    """Yield a Problem for each layer that is not what its image says."""
    for index, layer in enumerate(image.layers):
        made = one.digests.get(layer.content.key)
        if made and layer.content.digest and made != layer.content.digest:
            yield Problem("damaged", f"{image.name}: layer {index}", "not what its digest says")
