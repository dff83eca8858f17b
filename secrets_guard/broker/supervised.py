"""What a supervised command offers to those who work beside it (renew, rotate, revoke), and what it asks of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from secrets_guard.model.secret import Secret


class Ended(NamedTuple):
    """How a child ended by itself: its exit code (128+n for signal n) and how many seconds it had lived."""

    code: int
    lived: float
    restarts: int
    """How often the command had been started anew before: 0 is the first child."""


class Supervised(Protocol):
    """The running command. Every method may be called from any thread, and returns without waiting."""

    def restart(
        self, environment: Mapping[str, Secret], *, files: Mapping[str, Secret] = {}, hidden: Iterable[Secret] = ()
    ) -> None:
        """End the child (TERM, KILL after its grace) and start the command anew with this environment.

        ``files`` are rewritten before that. ``hidden`` are all values that its output must not show; with none given,
        those of variables and files that held secrets before. Ignored once the command is being stopped from outside;
        of several calls before the new start the last counts.
        """
        ...

    def rewrite(self, files: Mapping[str, Secret], *, hidden: Iterable[Secret] = ()) -> None:
        """Replace files of the manifest by name, each in one step, while the child runs; tell which can't be.

        Before that, ``hidden`` are added to the values that its output must not show.
        """
        ...

    def signal(self, number: int) -> None:
        """Send a signal to the child; nothing where none runs."""
        ...

    def alive_for(self) -> float:
        """Return how many seconds the current child has lived, 0 where none runs."""
        ...


class Companion(Protocol):
    """What works beside the command. Its methods are called by the supervisor's own thread, none during another."""

    def begin(self, command: Supervised) -> None:
        """Called once, when the first child runs: the place to start threads (they inherit blocked signals)."""
        ...

    def ended(self, end: Ended) -> Mapping[str, Secret] | None:
        """Return an environment to start the command with again, or None to let the supervisor end as the child did.

        Called when a child ended by itself, not by ``restart`` nor after a signal that stops the command. Files that
        are rewritten from in here are so before the new start.
        It must return quickly: nothing is forwarded or reaped meanwhile.
        """
        ...

    def close(self, seconds: float) -> None:
        """Called once at the end, when no child runs any more: revoke, write the last line.

        It runs in a thread of its own and is left behind when ``seconds`` are over.
        """
        ...
