"""Layers, each by its number -> their blobs, checked against their digests, unless a cache knows them to be clean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from secrets_guard.errors import SourceError
from secrets_guard.model.blob import Blob
from secrets_guard.model.result import Problem, Stats, count
from secrets_guard.sources.archive import expand
from secrets_guard.sources.image.catalogue import LAYER
from secrets_guard.sources.image.checked import Checked
from secrets_guard.sources.image.clean_layers import CleanLayers
from secrets_guard.sources.image.image import Attachment, Content, Layer, image_problem
from secrets_guard.sources.image.sweep import LayerSweep, Rules

Batches = Iterator[list[Blob | Problem]]
ATTACHED = "<attached>/"


class LayerReader:
    """Reads layers once each, and remembers which were clean. Threads may share it, each for layers of its own."""

    def __init__(self, rules: Rules, clean: CleanLayers | None) -> None:
        self._rules, self._clean = rules, clean
        self._sweeps: dict[int, LayerSweep] = {}
        self._digests: dict[int, str] = {}
        self._stats: list[Stats] = []

    def sweep(self, number: int, where: str) -> LayerSweep:
        """Return the sweep of a layer, a new one."""
        made = self._sweeps[number] = LayerSweep(f"{LAYER}{number}:", where, self._rules)
        return made

    def batches(self, number: int, layer: Layer, where: str) -> Batches:
        """Yield a layer's blobs and problems, many at a time."""
        content = layer.content
        if self._is_clean(content):
            count(self._counters().skipped, "cached")
            return
        sweep = self.sweep(number, where)
        try:
            with content.open() as read:
                checked = Checked(read, content.digest, content.size)
                yield from sweep.batches(checked, max(content.size, 0))
                wrong = "" if sweep.stopped else checked.finish()
        except SourceError as error:
            sweep.whole = False
            yield [Problem("unreadable", where, image_problem(where, error))]
            return
        if wrong:
            sweep.whole = False
            yield [Problem("damaged", where, wrong)]
        self._digests[number] = content.digest

    def attached(self, prefix: str, name: str, one: Attachment) -> Batches:
        """Yield what is in a document that is attached to the image ``name``; ids begin with ``prefix``."""
        path = f"{ATTACHED}{one.name}"
        where, content = f"{name}: {path}", one.content
        try:
            with content.open() as read:
                checked = Checked(read, content.digest, content.size)
                for item in expand(
                    prefix + path, path, checked, self._rules.limits, self._counters(), size=content.size
                ):
                    yield [item]
                wrong = checked.finish()
        except SourceError as error:
            wrong = image_problem(where, error)
        if wrong:
            yield [Problem("unreadable", where, wrong)]

    def over(self, number: int, layer: Layer) -> LayerSweep:
        """Return the sweep of a layer that is over; one that was not swept is read for what it takes away."""
        sweep = self._sweeps.get(number)
        if sweep is None:
            sweep = self.sweep(number, "")
            try:
                with layer.content.open() as read:
                    for _ in sweep.batches(read, max(layer.content.size, 0)):
                        pass
            except SourceError:
                # What it took away can't be told; that it can't be read is no gap, for it was not to be swept.
                pass
            sweep.whole = False
        return sweep

    def totals(self) -> Iterable[Stats]:
        """Return the counters of all layers that were read."""
        return [*self._stats, *(sweep.stats for sweep in self._sweeps.values())]

    def _counters(self) -> Stats:
        """Return counters of one's own: threads must not share any."""
        made = Stats()
        self._stats.append(made)
        return made

    def remember(self, suspects: Iterable[int]) -> None:
        """Remember which layers had no candidate; ``suspects`` are the numbers of those that had."""
        if self._clean is None:
            return
        guilty = set(suspects)
        clean = [number for number, sweep in self._sweeps.items() if sweep.whole and number not in guilty]
        self._clean.add(self._digests.get(number, "") for number in clean)

    def _is_clean(self, content: Content) -> bool:
        """Tell whether an earlier sweep found a layer clean; one that is only said to be it is hashed first."""
        if self._clean is None or content.digest not in self._clean:
            return False
        if content.addressed:
            return True
        try:
            with content.open() as read:
                return not Checked(read, content.digest, -1).finish()
        except SourceError:
            return False
