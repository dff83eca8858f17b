"""What a supervised child is started with, and on which terms it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from secrets_guard.broker.child.output import Output
from secrets_guard.broker.privileges import Privileges
from secrets_guard.model.secret import Secret


class Task(NamedTuple):
    """What a child is started with; ``hidden`` are values that its output must not show."""

    environment: Mapping[str, Secret]
    hidden: tuple[Secret, ...] = ()
    files: Mapping[str, Secret] = {}


class Terms(NamedTuple):
    """How a command is supervised: ``grace`` seconds from TERM to KILL; ``write`` replaces the manifest's files."""

    grace: float
    privileges: Privileges
    output: Callable[[], Output]
    adopting: bool = False
    write: Callable[[Mapping[str, Secret]], None] | None = None
