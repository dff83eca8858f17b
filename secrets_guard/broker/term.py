"""A lease and the time -> when it is to be renewed, or replaced by a new one. Pure: clock and chance are passed in."""

from __future__ import annotations

from typing import NamedTuple

from secrets_guard.broker.lease import Lease

# Of what is left. A third stays for tries that fail; a fleet that started together does not come back together.
_EARLIEST, _LATEST = 0.6, 0.7
# Less than this part of what was asked for: the lease comes up against its longest time (its max TTL).
_CUT = 0.9
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
# However short a lease is, a server is not asked more often.
_SHORTEST_PAUSE = 0.2
# A command that dies with every new credential is not started again and again.
_FIRST_REST, _LONGEST_REST = 30.0, 600.0

RENEW, REPLACE = "renew", "replace"


class Term(NamedTuple):
    """``lease`` as it was first given; ``ends`` and ``due`` by the clock; ``last``: renewing brings nothing more."""

    lease: Lease
    ends: float
    due: float
    last: bool
    failures: int = 0

    def todo(self, now: float) -> str:
        """Return RENEW or REPLACE, or nothing before it is due."""
        if now < self.due:
            return ""
        return REPLACE if self.last or now >= self.ends else RENEW


def begin(lease: Lease, now: float, chance: float) -> Term:
    """Return the term of a lease as it is now; ``chance`` is from 0 to 1, here and below."""
    left = lease.seconds if lease.left is None else lease.left
    return Term(lease, now + left, _ahead(now, left, chance), not lease.renewable)


def renewed(term: Term, granted: Lease, now: float, chance: float) -> Term:
    """Return the term after a renewal; as many seconds were asked for as it had at first."""
    last = not granted.renewable or granted.seconds < term.lease.seconds * _CUT
    return Term(term.lease, now + granted.seconds, _ahead(now, granted.seconds, chance), last)


def unreached(term: Term, now: float, chance: float) -> Term:
    """Return the term after a renewal, or a replacement, that failed and may be tried again."""
    pause = min(_FIRST_PAUSE * 2**term.failures, _LONGEST_PAUSE) * (0.5 + chance / 2)
    left = term.ends - now
    # While there is something to lose, there are at least a few tries before it is lost.
    pause = max(_SHORTEST_PAUSE, min(pause, left / 4)) if left > 0 else pause
    return term._replace(due=now + pause, failures=min(term.failures + 1, 30))


def refused(term: Term, now: float, *, gone: bool) -> Term:
    """Return the term of a lease that will not be renewed any more; ``gone``: it has ended already.

    It is replaced now: one that is refused may have ended with its token.
    """
    return term._replace(last=True, ends=now if gone else term.ends, due=now)


def rolled_back(term: Term, now: float, chance: float, times: int) -> Term:
    """Return the term of a lease whose replacement the command did not survive, for the ``times``-th time."""
    rest = min(_FIRST_REST * 2 ** (times - 1), _LONGEST_REST)
    left = max(0.0, term.ends - now)
    due = max(_ahead(now, left, chance), now + rest)
    # Not so long that the old one is over before there is another.
    return term._replace(last=True, due=min(due, now + max(_SHORTEST_PAUSE, left * _CUT)) if left else due)


def _ahead(now: float, left: float, chance: float) -> float:
    return now + max(_SHORTEST_PAUSE, left * (_EARLIEST + (_LATEST - _EARLIEST) * chance))
