"""Children that have changed -> how ours ended or that it stopped; orphans that were left to us are reaped."""

from __future__ import annotations

import os
from typing import NamedTuple

_CHANGES = os.WEXITED | os.WSTOPPED | os.WNOHANG


class Change(NamedTuple):
    """What became of our child: its exit code (128+n for signal n), or None when it was only stopped."""

    code: int | None


def changes(child: int, *, adopting: bool) -> list[Change]:
    """Return what became of the child since the last call; never waits.

    ``adopting``: every other child of this process is an orphan, and reaped. Only then, since code beside us may wait
    for processes of its own (a credential helper).
    """
    found: list[Change] = []
    while True:
        try:
            info = os.waitid(os.P_ALL, 0, _CHANGES | os.WNOWAIT) if adopting else _own(child)
        except ChildProcessError:
            return found
        if info is None:
            return found
        if adopting:
            # Asked again by its pid, which takes it away; meanwhile it may have gone from stopped to ended.
            info = os.waitid(os.P_PID, info.si_pid, _CHANGES) or info
        if info.si_pid == child:
            found.append(_change(info))
            if found[-1].code is not None and not adopting:
                return found


def _own(child: int) -> os.waitid_result | None:
    return os.waitid(os.P_PID, child, _CHANGES)


def _change(info: os.waitid_result) -> Change:
    if info.si_code in (os.CLD_STOPPED, os.CLD_TRAPPED):
        return Change(None)
    return Change(info.si_status if info.si_code == os.CLD_EXITED else 128 + info.si_status)
