"""The content of a dotenv file -> its values."""

from __future__ import annotations

from collections.abc import Iterator

from secrets_guard.broker.dotenv import variables
from secrets_guard.migrate.literal import Literal
from secrets_guard.model.secret import Secret


def read(content: bytes) -> Iterator[Literal]:
    """Yield the value of each variable, quotes left where they are; see ``literal.Reader``."""
    try:
        for one in variables(content):
            if one.value:
                yield Literal(one.name, Secret(one.value), one.start, one.end)
    except ValueError as error:
        raise ValueError(f"line {error} is no assignment of a dotenv file") from None
