"""A time for which a provider lends something: a credential that it made, or the token that it was asked with."""

from __future__ import annotations

import time
from typing import NamedTuple


class Lease(NamedTuple):
    """``seconds`` from when it was given or renewed; ``left`` is what is left of them where that was not just now.

    ``scope`` is where the provider keeps it (Vault: a namespace).
    The ``id`` is no credential: nothing can be read with it. ``token``: it is that of the token itself, with which
    all end that were given to it.
    """

    id: str
    seconds: float
    renewable: bool
    scope: str = ""
    token: bool = False
    left: float | None = None


def clock() -> float:
    """Return the time in seconds by which leases are counted: while a machine is suspended they go on to end."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
