"""A provider in memory whose credentials and token end by a clock that a test sets, and a command that does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.field import all_fields, parse_document
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.protocol import WHOLE, Fetched, Outcome, SecretRef
from secrets_guard.errors import AccessDenied, BrokerError, ProviderUnavailable, SecretNotFound
from secrets_guard.model.secret import Secret


class Bank:
    """What all logins have in common: the clock, the static values, which leases and tokens live, faults to come."""

    def __init__(self, ttl: float = 60.0, longest: float = 300.0, token_ttl: float = 0.0) -> None:
        self.now = 0.0
        self.ttl, self.longest, self.token_ttl = ttl, longest, token_ttl
        self.static: dict[str, str] = {}
        self.alive: dict[str, tuple[float, float, str]] = {}
        """Lease or token -> when it was given, when it ends, by which token."""
        self.faults: list[BrokerError] = []
        self.trouble: Callable[[], BrokerError | None] = lambda: None
        """What goes wrong with the next question, besides; not with revoking."""
        self.renewals: list[float] = []
        self.revoked: list[str] = []
        self.fetched = 0
        self.numbers = count(1)

    def lives(self, name: str) -> bool:
        if name not in self.alive or self.alive[name][1] <= self.now:
            return False
        token = self.alive[name][2]
        return not token or self.lives(token)

    def fault(self) -> None:
        trouble = self.faults.pop(0) if self.faults else self.trouble()
        if trouble:
            raise trouble


class MemoryLender:
    """``creds/…`` are made for each read and end; other paths are what ``Bank.static`` says."""

    credentials: frozenset[str] = frozenset()

    def __init__(self, bank: Bank, own: bool = True) -> None:
        self.bank, self.own, self._token = bank, own, ""

    def _log_in(self) -> None:
        if not self._token:
            self._token = f"token-{next(self.bank.numbers)}" if self.own else "token-given"
            ttl = self.bank.token_ttl or 1e9
            self.bank.alive.setdefault(self._token, (self.bank.now, self.bank.now + ttl, ""))

    def fetch(self, refs: Sequence[SecretRef], deadline: Deadline) -> Mapping[SecretRef, Outcome]:
        self._log_in()
        with deadline.phase(f"memory: read {len(refs)}"):
            made: dict[str, Outcome] = {path: self._read(path) for path in dict.fromkeys(ref.path for ref in refs)}
        return {ref: _with_fields(made[ref.path]) if ref.key == WHOLE else made[ref.path] for ref in refs}

    def _read(self, path: str) -> Outcome:
        bank = self.bank
        bank.fetched += 1
        trouble = bank.faults.pop(0) if bank.faults else bank.trouble()
        if trouble:
            return trouble
        if not bank.lives(self._token):
            return AccessDenied("the token is over")
        if not path.startswith("creds/"):
            value = bank.static.get(path)
            return Fetched(Secret(value.encode())) if value is not None else SecretNotFound(f"no {path}")
        name = f"{path}/{next(bank.numbers)}"
        bank.alive[name] = (bank.now, bank.now + bank.ttl, self._token)
        return Fetched(Secret(f"value-of-{name}".encode()), lease=Lease(name, bank.ttl, True))

    def token(self, deadline: Deadline) -> Lease | None:
        deadline.wait()
        self.bank.fault()
        self._log_in()
        if not self.bank.lives(self._token):
            raise AccessDenied("the token is over")
        left = self.bank.alive[self._token][1] - self.bank.now
        return Lease(self._token, left, True, token=True) if self.bank.token_ttl else None

    def renew(self, lease: Lease, deadline: Deadline) -> Lease:
        deadline.wait()
        bank = self.bank
        bank.renewals.append(bank.now)
        bank.fault()
        if not bank.lives(lease.id):
            raise SecretNotFound(f"{lease.id} is over")
        since, _, token = bank.alive[lease.id]
        ends = min(
            bank.now + lease.seconds, since + (max(bank.longest, bank.token_ttl) if lease.token else bank.longest)
        )
        bank.alive[lease.id] = (since, ends, token)
        return lease._replace(seconds=ends - bank.now)

    def revoke(self, lease: Lease, deadline: Deadline) -> None:
        deadline.wait()
        name = self._token if lease.token else lease.id
        assert name != "token-given", "a token that was given is not ours to revoke"
        if self.bank.faults:
            raise self.bank.faults.pop(0)
        self.bank.revoked.append(name)
        del self.bank.alive[name]

    def anew(self) -> MemoryLender:
        return MemoryLender(self.bank, self.own)


def _with_fields(one: Outcome) -> Outcome:
    return (
        Fetched(Secret(b""), fields=all_fields(parse_document(one.secret.reveal())))
        if isinstance(one, Fetched)
        else one
    )


# A child needs a moment to be there.
_START = 0.001


class Still:
    """A supervised command that only writes down what is asked of it; it starts in no time, by the bank's clock."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self.since = bank.now
        self.started: list[Mapping[str, Secret]] = []
        self.did: list[Any] = []
        self.hidden: set[Secret] = set()

    def restart(
        self, environment: Mapping[str, Secret], *, files: Mapping[str, Secret] = {}, hidden: Iterable[Secret] = ()
    ) -> None:
        self.rewrite(files)
        self.started.append(environment)
        self.hidden = set(hidden)
        self.did.append(("restart", self._bank.now))
        self.since = self._bank.now + _START

    def rewrite(self, files: Mapping[str, Secret], *, hidden: Iterable[Secret] = ()) -> None:
        self.hidden |= set(hidden)
        if files:
            self.did.append(("rewrite", dict(files)))

    def signal(self, number: int) -> None:
        self.did.append(("signal", number))

    def alive_for(self) -> float:
        return max(0.0, self._bank.now - self.since)


UNREACHED = ProviderUnavailable("no answer")
