"""One thing that was looked at: what was found, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

OK, NOTE, ATTENTION = "ok", "note", "attention"
"""As it should be; worth knowing; something that keeps this installation from doing all it could."""


class Check(NamedTuple):
    """``topic`` is a word or two; ``advice`` what to do, empty where nothing is."""

    topic: str
    state: str
    text: str
    advice: str = ""
