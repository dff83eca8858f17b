"""What one read of AWS is of."""

from __future__ import annotations

from typing import NamedTuple


class Spot(NamedTuple):
    """A secret or parameter at a version; references to several keys of it share the read."""

    scheme: str
    region: str
    name: str
    version: str = ""
    stage: str = ""


def cut(spots: list[Spot], size: int) -> list[tuple[Spot, ...]]:
    """Return the spots in groups of one region, each of up to ``size``."""
    made = []
    for region in dict.fromkeys(spot.region for spot in spots):
        here = [spot for spot in spots if spot.region == region]
        made += [tuple(here[start : start + size]) for start in range(0, len(here), size)]
    return made
