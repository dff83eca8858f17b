"""Which failures are worth another try, and how long to wait before it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from secrets_guard.broker.deadline import Deadline
from secrets_guard.errors import (
    AccessDenied,
    AuditFailed,
    BadValue,
    BrokerError,
    CommandNotFound,
    DuplicateName,
    NotExecutable,
    OtherValue,
    ProviderMissing,
    ProviderUnavailable,
    SecretNotFound,
    Unresolved,
)

Answer = TypeVar("Answer")

# Full jitter: a random wait up to a bound that doubles, so that a fleet that starts at once does not come back at once.
# https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
_FIRST_BOUND = 0.1
_LAST_BOUND = 2.0

RETRIED: dict[type[BrokerError], bool] = {
    ProviderUnavailable: True,
    SecretNotFound: False,
    AccessDenied: False,
    DuplicateName: False,
    OtherValue: False,
    BadValue: False,
    ProviderMissing: False,
    AuditFailed: False,
    Unresolved: False,
    CommandNotFound: False,
    NotExecutable: False,
}
"""Every kind of failure, and whether trying again may help; a test holds that none is left out."""


def may_help(error: BrokerError, *, repeatable: bool) -> bool:
    """Tell whether the same request may be made again.

    One that is not ``repeatable`` (it makes a credential) is, only if it certainly had no effect.
    """
    if not RETRIED[type(error)]:
        return False
    return repeatable or not (isinstance(error, ProviderUnavailable) and error.lost)


def persist(
    ask: Callable[[], Answer], deadline: Deadline, phase: str, *, repeatable: bool = True, of: tuple[str, ...] = ()
) -> Answer:
    """Return what ``ask`` returns, asked again while that may help and the deadline allows; else raise its error.

    Each time it is asked is a ``phase`` of the time line, ``of`` the paths that it is asked for.
    """
    bound = _FIRST_BOUND
    while True:
        try:
            with deadline.phase(phase, of):
                return ask()
        except BrokerError as error:
            pause = random.uniform(bound / 10, bound)  # noqa: S311 - to spread load, not to keep a secret
            if not may_help(error, repeatable=repeatable) or pause >= deadline.left():
                raise
            time.sleep(pause)
        bound = min(bound * 2, _LAST_BOUND)
