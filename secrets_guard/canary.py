"""The positive control: a synthetic token that every run must find, plain and encoded, or the run is not believed."""

from __future__ import annotations

import base64

from secrets_guard.model.blob import Blob
from secrets_guard.model.rule import Rule

RULE = Rule(
    id="secrets-guard-canary",
    title="Positive control",
    pattern=r"\bsgcanary_[0-9a-f]{32}\b",
    max_length=41,
    min_entropy=3.0,
    vendor="secrets-guard",
    place="secrets_guard/canary.py",
)
"""Always among the rules, never among the findings."""

_TOKEN = b"sgcanary_" + b"".join(b"%02x" % (number * 37 % 256) for number in range(3, 19))
ID = "\0secrets-guard-canary"
"""Holds a NUL, so that no file can take this name and be left out with it."""


def blob(max_depth: int) -> Blob:
    """Return the content to sweep along; base64 is part of it unless decoding is off."""
    # No name before it that other rules look for: their judges would cost each run more than the sweep of a commit.
    lines = [b"control " + _TOKEN]
    if max_depth:
        lines.append(b"encoded " + base64.b64encode(b"control " + _TOKEN))
    return Blob(ID, b"\n".join(lines) + b"\n", ID)


def expected(max_depth: int) -> frozenset[tuple[str, ...]]:
    """Return the encodings under which the token must be found."""
    return frozenset({(), ("base64",)} if max_depth else {()})
