"""What asking an issuer came to, and what kept it from answering."""

from __future__ import annotations

from typing import NamedTuple

_LONGEST = 160


class Outcome(NamedTuple):
    """``status`` is one of the four; ``message`` is for people and holds nothing that is secret."""

    status: str
    message: str = ""

    @staticmethod
    def of(status: str, message: str, *values: str) -> Outcome:
        """Return an outcome whose message was put together from an answer: cut, and empty where it holds a value."""
        if any(value and value in message for value in values):
            message = ""
        return Outcome(status, message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…")


class Unanswered(Exception):
    """No answer was had; the text says why, in words of ours alone: neither addresses' contents nor values."""


class Alone(Unanswered):
    """What belongs to the credential was not found near it; in another place it may be."""
