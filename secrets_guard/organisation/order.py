"""What is to be done with each repository, as plain values, so that other processes can be told."""

from __future__ import annotations

from typing import NamedTuple

from secrets_guard.config import Settings
from secrets_guard.model.result import ToolInfo
from secrets_guard.suppression.entry import Suppression


class Order(NamedTuple):
    """How to sweep. ``tool`` says which version and rules gave the order: whoever carries it out must have the same.

    Settings hold the fingerprints' key, so an order is as private as that is.
    """

    settings: Settings
    tool: ToolInfo
    suppressions: tuple[Suppression, ...] = ()
    branch: str = ""
    since: str = ""
    unreachable: bool = False
    require_full: bool = False
    cache: str = ""
    """A folder in which each repository's clean contents are remembered, '' for none."""

    def __repr__(self) -> str:
        """Show what is asked for, not the settings: a log of a cluster may print it."""
        return f"Order({self.tool!r}, branch={self.branch!r}, since={self.since!r})"
