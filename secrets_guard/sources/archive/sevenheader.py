"""The header of a 7z archive -> its folders (streams compressed as one) and its files.

Format: 7-Zip's own 7zFormat.txt ("7z Format description", version 2). Every count is checked against the bytes at hand.
"""

from __future__ import annotations

from typing import NamedTuple

_HEADER, _STREAMS, _FILES, _PACKED, _FOLDERS, _SUBSTREAMS, _SIZE, _CRC = 1, 4, 5, 6, 7, 8, 9, 10
_FOLDER, _UNPACKED, _COUNTS, _EMPTY_STREAM, _NAMES, ENCODED = 11, 12, 13, 14, 17, 23
_PROPERTIES, _ADDITIONAL = 2, 3


class Coder(NamedTuple):
    """One step of a folder: ``method`` and ``properties`` as they are stored."""

    method: bytes
    properties: bytes
    inputs: int
    outputs: int


class Folder(NamedTuple):
    """Streams that were compressed as one. ``chain``: the coders, that of the output first; none where they branch."""

    chain: tuple[Coder, ...]
    methods: tuple[bytes, ...]
    """All methods, also of a folder that branches."""
    size: int
    """Bytes that come out."""
    packed: tuple[int, int]
    """(offset from the end of the signature header, bytes) of what goes in."""
    parts: tuple[int, ...] = ()
    """Bytes of each stream."""
    checks: tuple[int | None, ...] = ()
    """CRC-32 of each stream; None where there is none."""


class Listing(NamedTuple):
    """What a header tells; ``files`` are (name, whether it has a content), in the order of the streams."""

    folders: tuple[Folder, ...]
    files: tuple[tuple[str, bool], ...]


def parse(data: bytes) -> Listing:
    """Return what a header tells. Raises ValueError for one that makes no sense."""
    try:
        return _Parser(data).listing()
    except (IndexError, UnicodeDecodeError, OverflowError) as error:
        raise ValueError("its header makes no sense") from error


class _Parser:
    """Reads one header from front to back."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def listing(self) -> Listing:
        """Read a header, or what describes an encoded one."""
        kind, folders, files = self._byte(), tuple[Folder, ...](), tuple[tuple[str, bool], ...]()
        if kind == ENCODED:
            return Listing(self._streams(), ())
        if kind != _HEADER:
            raise ValueError("its header makes no sense")
        while kind := self._byte():
            if kind in (_STREAMS, _ADDITIONAL):
                streams = self._streams()
                folders = streams if kind == _STREAMS else folders
            elif kind == _FILES:
                files = self._files()
            elif kind == _PROPERTIES:
                while self._byte():
                    self._take(self._number())
            else:
                raise ValueError("its header makes no sense")
        return Listing(folders, files)

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> bytes:
        if size > len(self._data) - self._at:
            raise IndexError
        self._at += size
        return self._data[self._at - size : self._at]

    def _number(self) -> int:
        """Read a number: the ones that its first byte begins with tell how many bytes follow, lowest first."""
        first, mask, value = self._byte(), 0x80, 0
        for shift in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << 8 * shift
            value |= self._byte() << 8 * shift
            mask >>= 1
        return value

    def _count(self) -> int:
        """Read how many things follow: no more than there are bytes left."""
        count = self._number()
        if count > len(self._data) - self._at:
            raise IndexError
        return count

    def _bits(self, count: int) -> list[bool]:
        data = self._take((count + 7) // 8)
        return [bool(data[index >> 3] & 0x80 >> (index & 7)) for index in range(count)]

    def _checks(self, count: int) -> list[int | None]:
        defined = [True] * count if self._byte() else self._bits(count)
        return [int.from_bytes(self._take(4), "little") if one else None for one in defined]

    def _streams(self) -> tuple[Folder, ...]:
        packed: list[tuple[int, int]] = []
        folders: list[Folder] = []
        while kind := self._byte():
            if kind == _PACKED:
                packed = self._packed()
            elif kind == _FOLDERS:
                folders = self._folders(packed)
            elif kind == _SUBSTREAMS:
                folders = self._substreams(folders)
            else:
                raise ValueError("its header makes no sense")
        return tuple(folders)

    def _packed(self) -> list[tuple[int, int]]:
        position, made = self._number(), []
        count = self._count()
        while kind := self._byte():
            if kind == _SIZE:
                for _ in range(count):
                    made.append((position, self._number()))
                    position += made[-1][1]
            elif kind == _CRC:
                self._checks(count)
        return made

    def _folders(self, packed: list[tuple[int, int]]) -> list[Folder]:
        if self._byte() != _FOLDER:
            raise ValueError("its header makes no sense")
        count = self._count()
        if self._byte():
            raise ValueError("its header is kept elsewhere")
        described = [self._folder() for _ in range(count)]
        if self._byte() != _UNPACKED:
            raise ValueError("its header makes no sense")
        made, first = [], 0
        for chain, methods, outputs, main, inputs in described:
            sizes = [self._number() for _ in range(outputs)]
            made.append(Folder(chain, methods, sizes[main], packed[first], (sizes[main],), (None,)))
            first += inputs
        while kind := self._byte():
            if kind == _CRC:
                made = [one._replace(checks=(crc,)) for one, crc in zip(made, self._checks(count), strict=True)]
        return made

    def _folder(self) -> tuple[tuple[Coder, ...], tuple[bytes, ...], int, int, int]:
        """Read a folder's coders: (chain, methods, number of outputs, the output that is the result, inputs)."""
        coders = [self._coder() for _ in range(self._count())]
        inputs, outputs = sum(one.inputs for one in coders), sum(one.outputs for one in coders)
        if not coders or outputs > 32 or inputs > 32:
            raise ValueError("its header makes no sense")
        pairs = {self._number(): self._number() for _ in range(outputs - 1)}
        packed = inputs - len(pairs)
        if packed > 1:
            for _ in range(packed):
                self._number()
        main = next(index for index in range(outputs) if index not in pairs.values())
        methods = tuple(one.method for one in coders)
        if packed != 1 or inputs != len(coders) or outputs != len(coders):
            return (), methods, outputs, main, packed
        chain, at = [coders[main]], main
        while at in pairs and len(chain) < len(coders):
            at = pairs[at]
            chain.append(coders[at])
        return tuple(chain), methods, outputs, main, 1

    def _coder(self) -> Coder:
        flags = self._byte()
        method = self._take(flags & 15)
        inputs, outputs = (self._number(), self._number()) if flags & 0x10 else (1, 1)
        return Coder(method, self._take(self._number()) if flags & 0x20 else b"", inputs, outputs)

    def _substreams(self, folders: list[Folder]) -> list[Folder]:
        counts = [1] * len(folders)
        kind = self._byte()
        if kind == _COUNTS:
            counts = [self._count() for _ in folders]
            kind = self._byte()
        sized = kind == _SIZE
        made = []
        for folder, count in zip(folders, counts, strict=True):
            parts = [self._number() for _ in range(count - 1)] if sized else []
            parts += [folder.size - sum(parts)] if count else []
            if len(parts) != count or any(part < 0 for part in parts):
                raise ValueError("its header makes no sense")
            # A folder of one stream has the stream's checksum already.
            made.append(folder._replace(parts=tuple(parts), checks=folder.checks if count == 1 else (None,) * count))
        if sized:
            kind = self._byte()
        while kind:
            if kind != _CRC:
                raise ValueError("its header makes no sense")
            # A folder of one stream that has a checksum is not told again.
            lacking = [one for one in made if len(one.parts) != 1 or one.checks == (None,)]
            told = iter(self._checks(sum(len(one.parts) for one in lacking)))
            made = [
                one._replace(checks=tuple(next(told) for _ in one.parts)) if one in lacking else one for one in made
            ]
            kind = self._byte()
        return made

    def _files(self) -> tuple[tuple[str, bool], ...]:
        count = self._number()
        if count > 8 * len(self._data):
            raise IndexError
        names, empty = [""] * count, [False] * count
        while kind := self._byte():
            end = self._number() + self._at
            if kind == _EMPTY_STREAM:
                empty = self._bits(count)
            elif kind == _NAMES and not self._byte():
                text = self._take(end - self._at).decode("utf-16-le", "surrogatepass")
                names = text.split("\0")[:count]
            self._at = end
        names += [""] * (count - len(names))
        return tuple((name, not none) for name, none in zip(names, empty, strict=True))
