"""Companions of a command that has ended -> closed, side by side, within a bound of time."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from threading import Thread

from secrets_guard.broker.supervised import Companion

SECONDS = 5.0
"""Orchestrators kill ten seconds (docker) or thirty (Kubernetes) after their TERM, of which the child had its grace."""


def close_all(companions: Sequence[Companion], seconds: float = SECONDS) -> None:
    """Close each in a thread of its own, and leave behind what is not done in time."""
    threads = [Thread(target=_close, args=(companion, seconds), daemon=True) for companion in companions]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _close(companion: Companion, seconds: float) -> None:
    try:
        companion.close(seconds)
    except Exception as error:  # noqa: BLE001 - the command's own exit code must come out; a message may hold a value
        kind = type(error).__name__
        print(f"secrets-guard: {type(companion).__name__} could not be closed: {kind}", file=sys.stderr)
