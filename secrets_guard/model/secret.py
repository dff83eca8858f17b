"""A secret's value, wrapped so that it can't slip into a log, a repr, a pickle or a report."""

from __future__ import annotations

from typing import NoReturn

# Fewer characters than this and showing any of them gives too much away.
_SHOW_ENDS_FROM = 16


class Secret:
    """Wraps the bytes of a secret; ``reveal()`` is the one, greppable way to them."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """Return the plain bytes."""
        return self._value

    def redacted(self) -> str:
        """Return a form that is safe to print: at most four characters at either end.

        Ends are shown only of a value of 16 bytes or more, and at most a fifth of it at either.
        """
        if len(self._value) < _SHOW_ENDS_FROM:
            return "****"
        text = self._value.decode("utf-8", "replace")
        shown = max(1, min(4, len(text) // 5))
        first, last = text[:shown], text[-shown:]
        if not (first + last).isprintable():
            return "****"
        return f"{first}…{last}"

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret can't be pickled or copied; call reveal() where the value is really needed")
