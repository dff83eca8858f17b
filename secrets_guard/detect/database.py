"""Patterns -> a compiled Vectorscan database, from the cache where there is a good one."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import hyperscan

from secrets_guard.cache import Cache
from secrets_guard.digest import blake2b
from secrets_guard.errors import RuleError

MODE = hyperscan.HS_MODE_BLOCK


class Loaded(NamedTuple):
    """A database and the name of its cache entry, which says all that it was made of."""

    name: str
    database: hyperscan.Database


def database(patterns: Sequence[bytes], names: Sequence[str], cache: Cache, ready: Loaded | None = None) -> Loaded:
    """Return a database in which pattern ``i`` reports as id ``i``; ``names`` are for messages only.

    ``ready`` is one that is there already, taken if it is the one wanted.
    No start-of-match: stage two finds the start, and the database stays small and fast without it.
    Raises RuleError naming each pattern that Vectorscan refuses.
    """
    name = f"database-{_key(patterns)}.hs"
    found = ready if ready is not None and ready.name == name else load(name, cache)
    if found is not None:
        return found
    made = _compile(patterns, names)
    cache.write(name, hyperscan.dumpb(made))
    return Loaded(name, made)


def load(name: str, cache: Cache) -> Loaded | None:
    """Return the database in a cache entry; None where there is none that this engine can use."""
    kept = cache.read(name)
    if kept is None:
        return None
    try:
        return Loaded(name, hyperscan.loadb(kept, MODE))
    except hyperscan.error:  # made for another processor or version
        return None


def pattern_error(pattern: bytes) -> str:
    """Return why Vectorscan refuses a pattern, or an empty string."""
    try:
        hyperscan.Database(mode=MODE).compile(expressions=[pattern], ids=[0], flags=[0])
    except hyperscan.error as error:
        return str(error.args[0] if error.args else error)
    return ""


def _compile(patterns: Sequence[bytes], names: Sequence[str]) -> hyperscan.Database:
    made = hyperscan.Database(mode=MODE)
    try:
        made.compile(expressions=list(patterns), ids=list(range(len(patterns))), flags=[0] * len(patterns))
    except hyperscan.error:
        wrong = [(name, pattern_error(pattern)) for name, pattern in zip(names, patterns, strict=True)]
        raise RuleError(
            *(f"{name}: the matching engine can't read this pattern: {why}" for name, why in wrong if why)
        ) from None
    return made


def _key(patterns: Sequence[bytes]) -> str:
    digest = blake2b(f"{getattr(hyperscan, '__version__', '')} {_processor()}".encode(), digest_size=16)
    for pattern in patterns:
        digest.update(b"\0" + pattern)
    return digest.hexdigest()


def _processor() -> str:
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_IDENTIFIER", "")
    try:
        with open("/proc/cpuinfo", "rb", buffering=0) as stream:
            lines = stream.read(8192).split(b"\n")
    except OSError:
        return machine
    flags = next((line for line in lines if line.startswith((b"flags", b"Features"))), b"")
    return f"{machine} {blake2b(flags, digest_size=8).hexdigest()}"
