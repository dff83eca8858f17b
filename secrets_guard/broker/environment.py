"""Inherited variables and fetched values -> the environment of the child, or every reason why it can't be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from secrets_guard.broker.resolve import Injected
from secrets_guard.errors import BadValue, BrokerError, DuplicateName, Unresolved
from secrets_guard.model.secret import Secret


class Limits(NamedTuple):
    """What the kernel takes, in bytes: one string of the environment, and all of it with the arguments."""

    string: int
    total: int


def build(
    inherited: Mapping[str, str],
    injected: Sequence[Injected],
    credentials: frozenset[str],
    keep: frozenset[str],
    arguments: Sequence[str],
    limits: Limits,
) -> dict[str, Secret]:
    """Return the child's environment, inherited values wrapped as well: some are secrets.

    Raises Unresolved with every name that two references want and every value that is too large.
    """
    failures: list[BrokerError] = []
    taken: dict[str, Injected] = {}
    for one in injected:
        other = taken.setdefault(one.name, one)
        if other is not one:
            failures.append(DuplicateName(f"{one.name}: both {_told(other)} and {_told(one)} want this name"))
    made = {name: Secret(_encoded(text)) for name, text in inherited.items() if name not in credentials or name in keep}
    made |= {one.name: one.secret for one in injected}
    failures += _oversized(made, taken, arguments, limits)
    if failures:
        raise Unresolved(tuple(map(str, failures)))
    return made


def _oversized(
    made: Mapping[str, Secret], injected: Mapping[str, Injected], arguments: Sequence[str], limits: Limits
) -> list[BrokerError]:
    # NAME=value and its NUL.
    sizes = {name: len(_encoded(name)) + len(secret) + 2 for name, secret in made.items()}
    failures: list[BrokerError] = [
        BadValue(
            f"{name}{f' ({injected[name].source.value})' if name in injected else ''}: is too large for the kernel: "
            f"{size:,} bytes with its name, the limit is {limits.string:,}"
        )
        for name, size in sizes.items()
        if size > limits.string
    ]
    # Each string costs a pointer, too.
    total = sum(sizes.values()) + sum(len(_encoded(word)) + 1 for word in arguments) + 8 * (len(sizes) + len(arguments))
    if not failures and total > limits.total:
        largest = ", ".join(sorted(sizes, key=lambda name: -sizes[name])[:3])
        failures.append(
            BadValue(
                f"arguments and environment together are too large for the kernel: {total:,} bytes, "
                f"the limit is {limits.total:,}; the largest variables are {largest}"
            )
        )
    return failures


def _told(one: Injected) -> str:
    field = f" field {one.note!r}" if one.source.whole else ""
    return f"{one.source.value}{field} ({one.source.place})"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
