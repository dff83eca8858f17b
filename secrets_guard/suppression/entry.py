"""One known secret, as a baseline or an ignore file names it."""

import functools
import os
from typing import NamedTuple

from secrets_guard.digest import blake2b

VERDICTS = ("accepted", "false", "real")
"""What an audit may say: accepted as it is, no secret at all, real and known. No verdict: not looked at yet."""


class Suppression(NamedTuple):
    """A known secret. It is found by its fingerprint, else by its tag (and path), else by path and line.

    ``rule`` and ``path`` (a glob; see suppression/glob.py) narrow it where they are given.
    """

    fingerprint: str = ""
    rule: str = ""
    path: str = ""
    reason: str = ""
    author: str = ""
    expires: str = ""
    """Last day (ISO) on which it holds; "" for ever."""
    verdict: str = "accepted"
    place: str = ""
    """``file:line`` where it is written, for messages."""
    line: int = 0
    """1-based; 0: any."""
    commit: str = ""
    tag: str = ""
    """``secret_tag`` of the value, where another tool's file tells it."""


def secret_tag(sha1_hex: str) -> str:
    """Return a tag that is equal for equal secrets within this process only, from the SHA-1 of the plain bytes.

    SHA-1 because detect-secrets stores nothing else; it is keyed here so that what we hold can't be looked up.
    """
    return blake2b(sha1_hex.lower().encode(), key=_process_key(), digest_size=16).hexdigest()


@functools.cache
def _process_key() -> bytes:
    return os.urandom(32)
