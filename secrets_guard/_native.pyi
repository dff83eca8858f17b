"""The types of the extension (native/src/python.rs)."""

class Store:
    """Packs and loose objects in some object folders; an ordinal counts through all of them."""

    width: int
    def __init__(self, folders: list[str], width: int) -> None: ...
    def __len__(self) -> int: ...
    def __contains__(self, name: bytes) -> bool: ...
    def name(self, ordinal: int) -> bytes: ...
    def names(self) -> bytes: ...
    def novelties(
        self, known: bytes, limit: int, margin: int, heads: list[bytes], peek: int, tail: tuple[int, bytes]
    ) -> Pass: ...
    def closure(self, ordinals: list[int], limit: int) -> Pass: ...
    def changes(
        self, lines: bytes, guilty: list[bytes]
    ) -> tuple[list[tuple[bytes, bytes, bytes, bytes]], list[bytes]]: ...

class Pass:
    """What is to be given of a store."""

    unreached: list[int]
    skipped: int
    def cursor(self) -> Cursor: ...

class Cursor:
    """One thread's walk."""

    def next(self, size: int) -> Output | None: ...

class Output:
    """A piece of what a walk gives."""

    buffer: bytes
    starts: bytes
    owners: bytes
    objects: list[tuple[int, int, bytes]]
    odd: list[int]
    left: list[int]
    refused: list[tuple[int, int]]
    taken: bytes
    counts: tuple[int, int, int]

class Finder:
    """Finds runs of an alphabet that begin with a shape."""

    def __init__(self, alphabet: bytes, shapes: list[list[bytes]]) -> None: ...
    def find(self, buffer: bytes) -> list[tuple[int, int]]: ...

def find_wide(buffer: bytes, shortest: int) -> list[int]:
    """Return where the first characters of runs of wide ones end."""
