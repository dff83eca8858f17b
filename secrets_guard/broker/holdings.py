"""The newest values that are known of a running command's secrets, what these live by, and what they replaced."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from secrets_guard.broker import term as terms
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.lender import TOKEN, Lender, Loan, loans
from secrets_guard.broker.protocol import Fetched, Outcome, Provider, SecretRef
from secrets_guard.broker.refs import SCHEMES
from secrets_guard.broker.rotation import Rule
from secrets_guard.broker.term import Term
from secrets_guard.errors import BrokerError
from secrets_guard.model.secret import Secret


class Composed(NamedTuple):
    """What a command gets; ``values`` are those made from secrets, by name of variable or file, with their rules."""

    environment: Mapping[str, Secret]
    values: Mapping[str, Secret]
    rules: Mapping[str, Rule]
    files: Mapping[str, Secret] = {}
    hidden: frozenset[Secret] = frozenset()
    """All that the command's output must not show."""


FILE = "files."
"""Before the name of a file, which may be that of a variable as well."""
# With less left (seconds) there is no use in going back.
_WORTH_IT = 1.0

Compose = Callable[[Mapping[SecretRef, Outcome]], Composed]
"""Raises BrokerError for outcomes that can't be injected."""
Key = tuple[int, str]
"""Of a lease: its lender and its id."""


class Held(NamedTuple):
    """A lease's term, by whom it was lent, and that provider's name."""

    name: str
    lender: Lender
    term: Term

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return id(self.lender), self.term.lease.id

    @property
    def loan(self) -> Loan:
        """The same without times."""
        return Loan(self.name, self.lender, self.term.lease)


class Change(NamedTuple):
    """Names whose values changed, with their rules, and when the old values end."""

    rules: Mapping[str, Rule]
    by: float = math.inf


class Given(NamedTuple):
    """All that belonged together at one time, so that it can be gone back to."""

    outcomes: Mapping[SecretRef, Outcome]
    composed: Composed
    providers: Mapping[str, Provider | BrokerError]
    keys: frozenset[Key]


class Holdings:
    """Changes as secrets do; asks nobody. Leases are ``held``, or ``parked`` when others took their place."""

    def __init__(
        self,
        outcomes: Mapping[SecretRef, Outcome],
        providers: Mapping[str, Provider | BrokerError],
        compose: Compose,
        now: float,
        chance: float,
    ) -> None:
        """``now`` is when the outcomes were fetched. Raises BrokerError where they can't be injected."""
        self._compose = compose
        self.outcomes = dict(outcomes)
        self.providers = dict(providers)
        self.composed = compose(outcomes)
        self.held: dict[Key, Held] = {}
        self.parked: dict[Key, Held] = {}
        self._rejected: dict[SecretRef, Outcome] = {}
        self._keep_leases(outcomes, now, chance)

    def keep(self, name: str, lender: Lender, lease: Lease, now: float, chance: float) -> None:
        """Hold a lease that was given just now."""
        held = Held(name, lender, terms.begin(lease, now, chance))
        self.held[held.key] = held

    def put(self, key: Key, term: Term) -> None:
        """Note what became of a term; nothing where the lease is no longer held."""
        if key in self.held:
            self.held[key] = self.held[key]._replace(term=term)

    def refs_of(self, leases: Iterable[str]) -> list[SecretRef]:
        """Return the references whose values live by one of these leases."""
        ids = set(leases)
        return [
            ref for ref, one in self.outcomes.items() if isinstance(one, Fetched) and one.lease and one.lease.id in ids
        ]

    def made(self, ref: SecretRef) -> bool:
        """Tell whether a reference's value was made for us, so that each look would bring another."""
        one = self.outcomes.get(ref)
        return isinstance(one, Fetched) and (one.made or one.lease is not None)

    def news(self, fetched: Mapping[SecretRef, Outcome]) -> dict[SecretRef, Outcome]:
        """Return what is neither known already nor was found not to work; failures are no news."""
        return {
            ref: one
            for ref, one in fetched.items()
            if isinstance(one, Fetched)
            and not _same(one, self.outcomes.get(ref))
            and not _same(one, self._rejected.get(ref))
        }

    def reject(self, fetched: Mapping[SecretRef, Outcome]) -> None:
        """Take no more notice of values until there are others."""
        self._rejected.update(fetched)

    def accept(
        self, fetched: Mapping[SecretRef, Outcome], replaced: Iterable[Key], now: float, chance: float
    ) -> Change:
        """Put new values in place of the old ones and park the leases of these.

        Raises BrokerError, with nothing changed, where they can't be injected.
        """
        outcomes = {**self.outcomes, **fetched}
        composed = self._compose(outcomes)
        rules = {**self.composed.rules, **composed.rules}
        changed = [name for name in rules if self.composed.values.get(name) != composed.values.get(name)]
        gone = [self.held.pop(key) for key in replaced if key in self.held]
        self.parked.update((one.key, one) for one in gone)
        self.outcomes, self.composed = outcomes, composed
        self._keep_leases(fetched, now, chance)
        ends = min((one.term.ends for one in gone), default=math.inf)
        return Change({name: rules[name] for name in changed}, ends)

    def given(self) -> Given:
        """Return all as it is now."""
        return Given(self.outcomes, self.composed, self.providers.copy(), frozenset(self.held))

    def lives(self, good: Given, now: float) -> bool:
        """Tell whether nothing that was given has ended meanwhile, or is about to. May be called from any thread."""
        found = [self.held.get(key) or self.parked.get(key) for key in good.keys]
        return all(one is not None and one.term.ends > now + _WORTH_IT for one in found)

    def restore(self, good: Given, now: float, chance: float, times: int) -> list[Loan]:
        """Go back to what was given before, since the newer did not work, and return what nobody needs any more.

        Values without a lease are not taken up again before they change; leases are replaced again after a rest that
        grows with ``times``.
        """
        self.reject({ref: one for ref, one in self.news_since(good).items() if one.lease is None})
        pool = {**self.held, **self.parked}
        tokens = {
            one.key for one in pool.values() if one.term.lease.token and good.providers.get(one.name) is one.lender
        }
        back = {key: pool[key] for key in good.keys | tokens if key in pool}
        for key, one in back.items():
            if key not in self.held:
                back[key] = one._replace(term=terms.rolled_back(one.term, now, chance, times))
        self.held, self.parked = back, {}
        self.outcomes, self.composed, self.providers = dict(good.outcomes), good.composed, dict(good.providers)
        return self._left([one for key, one in pool.items() if key not in back], now)

    def news_since(self, good: Given) -> dict[SecretRef, Fetched]:
        """Return the values that are other than they were."""
        return {
            ref: one
            for ref, one in self.outcomes.items()
            if isinstance(one, Fetched) and not _same(one, good.outcomes.get(ref))
        }

    def release(self, keys: Iterable[Key], now: float) -> list[Loan]:
        """Hold these of the parked leases no more, and return those that have not ended by themselves."""
        return self._left([self.parked.pop(key) for key in list(keys) if key in self.parked], now)

    def all(self, now: float) -> list[Loan]:
        """Return every lease that has not ended, and hold none any more."""
        gone = [*self.held.values(), *self.parked.values()]
        self.held, self.parked = {}, {}
        tokens, self.providers = loans(self.providers, {}), {}
        known = {id(one.lender) for one in gone}
        return [*self._left(gone, now), *(loan for loan in tokens if id(loan.lender) not in known)]

    def _left(self, gone: list[Held], now: float) -> list[Loan]:
        """Return what has not ended of leases that are not held any more, and tokens whose lenders nobody needs now."""
        needed = {id(one.lender) for one in (*self.held.values(), *self.parked.values())}
        needed |= {id(one) for one in self.providers.values()}
        # Of some tokens nobody could tell how long they live.
        told = {id(one.lender) for one in gone if one.term.lease.token}
        others = {
            id(one.lender): Loan(one.name, one.lender, TOKEN) for one in gone if id(one.lender) not in needed | told
        }
        return [*(one.loan for one in gone if one.term.ends > now), *others.values()]

    def _keep_leases(self, fetched: Mapping[SecretRef, Outcome], now: float, chance: float) -> None:
        for ref, one in fetched.items():
            name = SCHEMES[ref.scheme]
            lender = self.providers.get(name)
            if not isinstance(one, Fetched) or one.lease is None or not isinstance(lender, Lender):
                continue
            if (id(lender), one.lease.id) not in self.held:
                self.keep(name, lender, one.lease, now, chance)


def _same(one: Fetched, other: Outcome | None) -> bool:
    return isinstance(other, Fetched) and (one.secret, one.fields) == (other.secret, other.fields)
