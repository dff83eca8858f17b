"""Images and the layers that they share -> a number for each layer to sweep, and where each blob comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import count

from secrets_guard.model.origin import FileOrigin, ImageConfigOrigin, LayerOrigin, Origin
from secrets_guard.sources.image.git_folders import MEMBER
from secrets_guard.sources.image.history import shown
from secrets_guard.sources.image.image import Image, Layer
from secrets_guard.sources.image.sweep import LayerSweep

LAYER, SETTING = "l", "c"
"""What ids of blobs begin with: then comes the number of the layer or image, ``:`` and the path or setting."""


class Catalogue:
    """All images of one sweep."""

    def __init__(self, base: Collection[str], sweep_of: Callable[[int, Layer], LayerSweep]) -> None:
        """``base``: digests of base layers; ``sweep_of`` gives the sweep of a layer, which is over."""
        self.images: list[Image] = []
        self.suspects: frozenset[str] | None = None
        """Ids of blobs with any candidate; None while that is not known."""
        self.base, self._sweep_of = frozenset(base), sweep_of
        self._count = count()
        self._numbers: dict[str, int] = {}
        self._twins: dict[int, int] = {}
        self._uses: dict[int, list[tuple[int, int]]] = {}
        self._streams: dict[int, str] = {}

    def number(self, key: str) -> int:
        """Return the number of a layer's content, a new one where its key is new."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = next(self._count)
        return number

    def number_passing(self, key: str, where: str) -> int:
        """Return a number for a layer that goes by before any image tells of it; ``where`` names it if none ever does.

        Threads may ask at once, each for keys of its own.
        """
        number = self._numbers[key] = next(self._count)
        self._streams[number] = where
        return number

    def alias(self, digest: str, key: str) -> None:
        """Let a layer that went by under ``key`` be known by its digest too."""
        number = self._numbers[key]
        known = self._numbers.setdefault(digest, number)
        if known != number:
            self._twins[number] = known

    def add(self, image: Image) -> tuple[int, list[tuple[int, Layer]]]:
        """Take an image in; return its own number, and its layers that no image before had, with theirs."""
        own = len(self.images)
        self.images.append(image)
        new = []
        for index, layer in enumerate(image.layers):
            number = self.number(layer.content.key)
            if number not in self._uses and number not in self._streams:
                new.append((number, layer))
            self._uses.setdefault(number, []).append((own, index))
        return own, new

    def is_base(self, layer: Layer) -> bool:
        """Tell whether a layer belongs to a base image."""
        return layer.diff_id in self.base or layer.content.digest in self.base

    def origins(self, blob_id: str) -> list[Origin]:
        """Return where a guilty blob comes from: one place for each image, and for each hard link to it."""
        kind, (number, _, path) = blob_id[0], blob_id[1:].partition(":")
        if kind == SETTING:
            return [ImageConfigOrigin(path, self.images[int(number)].name, path.partition("/")[2])]
        own = int(number)
        uses = self._uses.get(own) or self._uses.get(self._twins.get(own, own), [])
        if not uses:
            return [FileOrigin(f"{self._streams.get(own, '')}{MEMBER}{path}")]
        return [origin for image, index in uses for origin in self._in_layer(self.images[image], index, path)]

    def _in_layer(self, image: Image, index: int, path: str) -> Iterator[Origin]:
        layer = image.layers[index]
        sweep = self._sweep(layer)
        file, inside, member = sweep.shown(path).partition(MEMBER)
        for name in (file, *sweep.paths.names_of(file)):
            remover = self._remover(image, index, name)
            yield LayerOrigin(
                path=f"{name}{inside}{member}",
                image=image.name,
                layer_digest=layer.diff_id or layer.content.digest,
                layer_index=index,
                created_by=self._instruction(image, index),
                removed_by_layer="" if remover < 0 else image.layers[remover].diff_id,
                removed_by="" if remover < 0 else self._instruction(image, remover),
                base=self.is_base(layer),
            )

    def _remover(self, image: Image, index: int, path: str) -> int:
        """Return which layer above takes a file away; -1: none does."""
        above = range(index + 1, len(image.layers))
        return next((number for number in above if self._sweep(image.layers[number]).paths.takes_away(path)), -1)

    def _sweep(self, layer: Layer) -> LayerSweep:
        return self._sweep_of(self._numbers[layer.content.key], layer)

    def _instruction(self, image: Image, index: int) -> str:
        """Return what made a layer; its text only where it holds no candidate, for it may be a build argument."""
        instruction = image.layers[index].instruction
        if self.suspects is None:
            return shown(instruction, secret=True)
        ids = (f"{SETTING}{own}:" for own, other in enumerate(self.images) if other.history == image.history)
        told = (f"{one}<image config>/history[{instruction.number}]" for one in ids)
        return shown(instruction, secret=any(name in self.suspects for name in told))
