"""What stands between a child and our standard streams: nothing, or a relay that hides values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from secrets_guard.broker.child.job import Place, choose_place
from secrets_guard.model.secret import Secret


class Output(Protocol):
    """Called by the supervisor, in this order: begin, place, enter (in the child), started, drain; then begin again."""

    def begin(self, environment: Mapping[str, Secret], hidden: tuple[Secret, ...]) -> None:
        """Make ready for a child with this environment; ``hidden`` are values to hide."""
        ...

    def place(self) -> Place:
        """Return where the child is to stand."""
        ...

    def enter(self) -> None:
        """Take the streams; called in the child, in its place."""
        ...

    def started(self, child: int) -> None:
        """Begin to relay for this child."""
        ...

    def drain(self, interrupting: int | None, /) -> bool:
        """Return True when what the ended child wrote is out, False when ``interrupting`` becomes readable before."""
        ...

    def hide(self, hidden: Iterable[Secret]) -> None:
        """Hide more values in what the child writes from now on."""
        ...

    def resize(self) -> bool:
        """Pass the terminal's size on; False where the child sees the terminal itself."""
        ...

    def suspend(self) -> None:
        """Leave the terminal as we found it: we are about to be stopped."""
        ...

    def resume(self) -> None:
        """Take the terminal again, where our job has it."""
        ...


class Direct:
    """The child has our own streams."""

    def begin(self, environment: Mapping[str, Secret], hidden: tuple[Secret, ...]) -> None:
        """Nothing to make ready."""

    def place(self) -> Place:
        """Return where the child is to stand."""
        return choose_place()

    def enter(self) -> None:
        """It has them already."""

    def started(self, child: int) -> None:
        """Nothing to relay."""

    def drain(self, _interrupting: int | None) -> bool:
        """Nothing was held."""
        return True

    def hide(self, hidden: Iterable[Secret]) -> None:
        """Nothing is hidden."""

    def resize(self) -> bool:
        """The child sees the terminal itself."""
        return False

    def suspend(self) -> None:
        """The terminal is as the child left it."""

    def resume(self) -> None:
        """The terminal is the child's to set."""
