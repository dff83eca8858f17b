"""Encoded pieces of a batch -> new views in which they are undone, each knowing the way back."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from secrets_guard.decode import base64, hexadecimal, percent, unicode_escape, utf16
from secrets_guard.decode.batch import Batch
from secrets_guard.decode.segment import Spliced, Steps
from secrets_guard.decode.view import View
from secrets_guard.model.blob import Blob
from secrets_guard.model.span import Span


class Decoder(NamedTuple):
    """One encoding: how stage one notices it, how far it reaches, and how it is undone."""

    name: str
    trigger: bytes
    """Vectorscan pattern; a hit ends inside the encoded run."""
    run: Callable[[bytes, int, int, int], Span | None]
    """(buffer, end of the hit, low, high) -> the encoded run, within low and high."""
    decode: Callable[[bytes], tuple[bytes, Steps] | None]


def _wide_base64(buffer: bytes, end: int, low: int, high: int) -> Span | None:
    return base64.run(buffer, end, low, high, trigger=1)


# Those of base64, in the order of its shapes, and of wide text come first: where the extension finds their runs, the
# database leaves them out (detect/runs.py).
DECODERS: tuple[Decoder, ...] = (
    Decoder(base64.NAME, base64.TRIGGERS[0], base64.run, base64.decode),
    Decoder(base64.NAME, base64.TRIGGERS[1], _wide_base64, base64.decode),
    Decoder(utf16.NAME, utf16.TRIGGERS[0], utf16.run, utf16.decode),
    Decoder(hexadecimal.NAME, hexadecimal.TRIGGERS[0], hexadecimal.run, hexadecimal.decode),
    Decoder(percent.NAME, percent.TRIGGERS[0], percent.run, percent.decode),
    Decoder(unicode_escape.NAME, unicode_escape.TRIGGERS[0], unicode_escape.run, unicode_escape.decode),
    Decoder(unicode_escape.NAME, unicode_escape.TRIGGERS[1], unicode_escape.run, unicode_escape.decode),
)

_AROUND = 120
"""Bytes of the line before and after an encoded run that stay with it, so that ``password: <base64>`` is still seen."""
_TIMES_ROOT = 3
_SPARE_BYTES = 64 << 10
"""What one level of decoding may yield for a blob: this many times its size, and this much more."""
PEEK = 8192
"""Bytes at the beginning of a content among which a NUL tells that it is no plain text."""


def root_view(blob: Blob, index: int) -> View:
    """Return a blob as a view: UTF-16 is shown as UTF-8; other content with NUL bytes is marked binary."""
    view = View(blob, index)
    if not blob.data.startswith(utf16.BYTE_ORDER_MARKS) and b"\0" not in blob.data[:PEEK]:
        return view
    encoding = utf16.encoding_of(blob.data)
    if encoding:
        view.as_text(encoding, *utf16.whole(blob.data, encoding))
    else:
        view.binary = True
    return view


def around(text: bytes, run: Span, low: int, high: int) -> tuple[bytes, bytes]:
    """Return what stays of the line before and behind an encoded run, within ``low`` and ``high``."""
    before = text[max(low, run.start - _AROUND) : run.start].rpartition(b"\n")[2]
    return before, text[run.end : min(high, run.end + _AROUND)].partition(b"\n")[0]


def decode(batch: Batch, hits: Iterable[tuple[int, int]]) -> tuple[list[View], set[int]]:
    """Return the views that undoing the encodings at ``hits`` gives, and the blobs of which not all are there.

    A hit is (index into DECODERS, end offset in the batch's buffer). The work is bounded for each blob by itself, so
    that a hostile one costs its neighbours nothing.
    """
    made: list[View] = []
    cut: set[int] = set()
    reached: dict[int, int] = {}
    budgets: dict[int, int] = {}
    wide: dict[int, list[Span]] = {}
    for index, end in sorted(hits):
        if end <= reached.get(index, 0):
            continue
        decoder, place = DECODERS[index], batch.index_of(end)
        blob = batch.views[place].blob_index
        if blob in cut:
            continue
        low, high = batch.bounds(place)
        run = decoder.run(batch.buffer, end, low, high)
        if run is None:
            continue
        reached[index] = run.end
        if decoder.name == utf16.NAME and batch.views[place].parent is None:
            # A binary holds thousands of wide strings: they become lines of one view, not a view each.
            wide.setdefault(place, []).append(Span(run.start - low, run.end - low))
            continue
        view = _undo(batch.views[place], decoder, Span(run.start - low, run.end - low))
        if view is not None:
            made.append(view)
            spent = budgets[blob] = budgets.get(blob, 0) + len(view.data)
            if spent > len(view.blob.data) * _TIMES_ROOT + _SPARE_BYTES:
                cut.add(blob)
    made += [_narrowed(batch.views[place], runs) for place, runs in wide.items()]
    return made, cut


def _narrowed(view: View, runs: list[Span]) -> View:
    data, steps = utf16.lines(view.data, runs)
    return view.decoded(utf16.NAME, data, Span(0, len(data)), steps)


def _undo(view: View, decoder: Decoder, run: Span) -> View | None:
    if not run.overlaps(view.fresh):
        return None
    result = decoder.decode(view.data[run.start : run.end])
    if result is None:
        return None
    text, inner = result
    before, after = around(view.data, run, 0, len(view.data))
    fresh = Span(len(before), len(before) + len(text))
    return view.decoded(decoder.name, before + text + after, fresh, Spliced(len(before), run, len(text), inner))
