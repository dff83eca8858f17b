"""What a provider offers whose credentials and token end: renewing them, and giving them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Protocol, runtime_checkable

from secrets_guard.broker.audit import Audit, Event
from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.parallel import each
from secrets_guard.broker.protocol import Fetched, Outcome, Provider, SecretRef
from secrets_guard.broker.refs import SCHEMES
from secrets_guard.errors import BrokerError

TOKEN = Lease("the token", 0.0, False, token=True)
"""Stands for a lender's token where nobody has asked for how long it lives."""


# Who failed, or only looked, does not wait for long (seconds).
_RETURNING = 3.0


@runtime_checkable
class Lender(Provider, Protocol):
    """A provider with one login, by whose token it lends."""

    own: bool
    """Whether the token was got by our login, and so is ours to give back."""

    def token(self, deadline: Deadline) -> Lease | None:
        """Return the lease of the token, logging in where that was not done yet; None for one that never ends."""
        ...

    def renew(self, lease: Lease, deadline: Deadline) -> Lease:
        """Return what is granted when the lease's ``seconds`` are asked for again.

        Raises SecretNotFound where it has ended, AccessDenied where it is not renewed, ProviderUnavailable.
        """
        ...

    def revoke(self, lease: Lease, deadline: Deadline) -> None:
        """End a lease now. Raises BrokerError."""
        ...

    def anew(self) -> Lender:
        """Return the same provider before its login; this one goes on with its token."""
        ...


class Loan(NamedTuple):
    """A lease, who gave it, and that provider's name."""

    name: str
    lender: Lender
    lease: Lease


def loans(
    providers: Mapping[str, Provider | BrokerError], outcomes: Mapping[SecretRef, Outcome], *, tokens: bool = True
) -> list[Loan]:
    """Return what was lent, each once: leases of outcomes, and with ``tokens`` those of logins of ours."""
    found = [Loan(name, one, TOKEN) for name, one in providers.items() if isinstance(one, Lender) and one.own]
    leased = {}
    for ref, outcome in outcomes.items():
        lender = providers.get(SCHEMES[ref.scheme])
        if isinstance(outcome, Fetched) and outcome.lease and isinstance(lender, Lender):
            leased[outcome.lease.id] = Loan(SCHEMES[ref.scheme], lender, outcome.lease)
    return [*leased.values(), *(found if tokens else ())]


def give_back(lent: Iterable[Loan], deadline: Deadline) -> list[tuple[Loan, BrokerError]]:
    """Revoke leases, and tokens of logins of ours (never one that was given), and return those that could not be.

    A token's end is the end of what it was lent, and needs no other right: where it is among them, that is all,
    unless the token can't be revoked (one of kind batch).
    """
    jobs = {(id(one.lender), one.lease.id): one for one in lent if one.lender.own or not one.lease.token}
    whole = {id(loan.lender) for loan in jobs.values() if loan.lease.token}
    left = {key: loan for key, loan in jobs.items() if not loan.lease.token and key[0] in whole}
    failed = _revoke_all({key: loan for key, loan in jobs.items() if key not in left}, deadline)
    kept = {id(loan.lender) for loan, _ in failed if loan.lease.token}
    return [*failed, *_revoke_all({key: loan for key, loan in left.items() if key[0] in kept}, deadline)]


def _revoke_all(loans: Mapping[tuple[int, str], Loan], deadline: Deadline) -> list[tuple[Loan, BrokerError]]:
    answers = each(list(loans), lambda key: revoke(loans[key], deadline), deadline)
    return [(loans[key], answer) for key, answer in answers.items() if isinstance(answer, BrokerError)]


def revoke(loan: Loan, deadline: Deadline) -> None:
    """End one lease and tell of it. Raises BrokerError."""
    detail = "token" if loan.lease.token else ""
    with deadline.audit.timed(Event("revoke", loan.name, lease=loan.lease, detail=detail)):
        loan.lender.revoke(loan.lease, deadline)


@contextmanager
def returning(
    providers: Mapping[str, Provider | BrokerError], outcomes: Mapping[SecretRef, Outcome], audit: Audit
) -> Iterator[None]:
    """Give back what was lent where what is inside fails: then nobody has it."""
    try:
        yield
    except BrokerError:
        # What can't be given back ends by itself, and what failed is told as it is.
        return_all(providers, outcomes, audit)
        raise


def return_all(
    providers: Mapping[str, Provider | BrokerError], outcomes: Mapping[SecretRef, Outcome], audit: Audit
) -> list[tuple[Loan, BrokerError]]:
    """Give back all that was lent for what will not be used, and return what could not be."""
    return give_back(loans(providers, outcomes), Deadline(_RETURNING, audit))
