"""What a command may do, set in the process that becomes it: its user, its limit of core dumps, no new privileges."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from typing import NamedTuple

from secrets_guard.broker.account import Account, take_on


class Privileges(NamedTuple):
    """``core`` is the command's limit of core dumps (soft, hard)."""

    account: Account | None = None
    no_new_privs: bool = False
    core: tuple[int, int] | None = None

    def apply(self) -> None:
        """Set them, for good. Raises NotExecutable where this process may not become that user, OSError."""
        if self.core is not None:
            resource.setrlimit(resource.RLIMIT_CORE, self.core)
        if self.account is not None:
            take_on(self.account)
        if self.no_new_privs:
            from secrets_guard.broker.kernel import forbid_new_privileges

            forbid_new_privileges()


def keep_memory() -> tuple[int, int]:
    """Let no core of this process be written, nor its memory be read by its user; return the limit as it was."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
    if sys.platform == "linux":
        from secrets_guard.broker.kernel import forbid_dumping

        with suppress(OSError):  # a sandbox may refuse it
            forbid_dumping()
    return before
