"""Holdings and the time -> their leases renewed or replaced, their secrets looked at again; what changed by that."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from secrets_guard.broker import term as terms
from secrets_guard.broker.audit import Audit, Event
from secrets_guard.broker.deadline import Deadline
from secrets_guard.broker.fetch import fetch, grouped
from secrets_guard.broker.holdings import Change, Held, Holdings, Key
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.lender import TOKEN, Lender, Loan, give_back, loans
from secrets_guard.broker.parallel import each
from secrets_guard.broker.protocol import Fetched, Outcome, Provider, SecretRef
from secrets_guard.errors import AccessDenied, BrokerError, ProviderUnavailable, SecretNotFound

# A right that was taken away must not make a login at every look (seconds).
_BETWEEN_LOGINS = 300.0
_REVOKING = 10.0
_BETWEEN_QUESTIONS = 5.0


class Poll(NamedTuple):
    """References of one entry, looked at again each ``every`` seconds, next when ``due``."""

    name: str
    refs: tuple[SecretRef, ...]
    every: float
    due: float


class Means(NamedTuple):
    """What tending needs of the world; ``seconds`` is for all that is asked together."""

    reopen: Callable[[str], Provider]
    audit: Audit
    warn: Callable[[str], None]
    chance: Callable[[], float]
    seconds: float


class Tending:
    """Does what is due, and nothing else; the clock is passed in."""

    def __init__(self, holdings: Holdings, polls: Sequence[Poll], means: Means) -> None:
        self._all = holdings
        self._polls = list(polls)
        self._means = means
        self._troubles: set[str] = set()
        self._logins: dict[str, float] = {}
        self._unasked: set[str] = set()
        """Providers whose token could not be looked up yet."""
        self._ask_at = math.inf

    @property
    def needed(self) -> bool:
        """Whether there is anything to keep: where not, no token is needed any more."""
        return bool(self._all.held or self._polls)

    def due(self) -> float:
        """Return when there is something to do."""
        leases, polls = self._all.held.values(), self._polls
        return min((self._ask_at, *(one.term.due for one in leases), *(one.due for one in polls)))

    def keep_tokens(self, now: float) -> None:
        """Begin to keep the tokens by which all was lent."""
        self._unasked, self._ask_at = set(self._all.providers), math.inf
        self._ask_for_tokens(now)

    def _ask_for_tokens(self, now: float) -> None:
        for name in list(self._unasked):
            provider = self._all.providers[name]
            self._unasked.discard(name)
            try:
                lease = provider.token(self._deadline()) if isinstance(provider, Lender) else None
            except BrokerError as error:
                self._trouble(f"token {name}", f"{name}: its token is not kept alive: {error}")
                self._unasked |= {name} if isinstance(error, ProviderUnavailable) else set()
                continue
            if isinstance(provider, Lender):
                self._keep(name, provider, lease, now)
        self._ask_at = now + _BETWEEN_QUESTIONS if self._unasked else math.inf

    def tend(self, now: float) -> list[Change]:
        """Renew, replace and look at what is due."""
        changes: list[Change | None] = []
        if now >= self._ask_at:
            self._ask_for_tokens(now)
        self._renew([one for one in self._all.held.values() if one.term.todo(now) == terms.RENEW], now)
        for key, held in list(self._all.held.items()):
            if key in self._all.held and held.term.todo(now) == terms.REPLACE:
                token = held.term.lease.token
                change = self._log_in(held.name, held.lender, now) if token else self._reissue(held, now)
                if change is None:
                    self._all.put(key, terms.unreached(held.term, now, self._means.chance()))
                changes.append(change)
        return [change for change in [*changes, *self._look(now)] if change and change.rules]

    def give_back(self, loans: Iterable[Loan], seconds: float = _REVOKING) -> None:
        """Revoke what nobody needs any more."""
        for loan, error in give_back(loans, Deadline(seconds, self._means.audit)):
            # Few roles have the right to revoke a lease; what a login of ours was lent goes with its token.
            if not (loan.lender.own and not loan.lease.token and isinstance(error, AccessDenied)):
                self._means.warn(f"not given back: {loan.lease.id}: {error}")

    def _renew(self, due: Sequence[Held], now: float) -> None:
        """Renew leases, all at once: one that is not answered takes nothing from another."""
        deadline, by_key = self._deadline(), {held.key: held for held in due}
        answers = each(list(by_key), lambda key: _renewed(by_key[key], deadline), deadline)
        for key, answer in answers.items():
            held, chance = by_key[key], self._means.chance()
            if isinstance(answer, Lease):
                term = terms.renewed(held.term, answer, now, chance)
                self._troubles.discard(held.term.lease.id)
            elif isinstance(answer, SecretNotFound | AccessDenied):
                term = terms.refused(held.term, now, gone=isinstance(answer, SecretNotFound))
            else:
                lease = held.term.lease.id
                self._trouble(lease, f"{held.name}: {lease} is not renewed: {answer}; trying again")
                term = terms.unreached(held.term, now, chance)
            self._all.put(key, term)

    def _reissue(self, held: Held, now: float) -> Change | None:
        """Fetch new credentials in place of those whose lease ends; None where there are none yet."""
        refs = self._all.refs_of([held.term.lease.id])
        fetched = fetch(refs, self._all.providers, self._deadline())
        denied = any(isinstance(one, AccessDenied) for one in fetched.values())
        if denied and held.lender.own and self._may_log_in(held.name, now):
            return self._log_in(held.name, held.lender, now)
        return self._take(held.name, fetched, [held.key], now)

    def _log_in(self, name: str, old: Lender, now: float) -> Change | None:
        """Log in again: what the old token was lent ends with it, so that is fetched anew; None where that failed."""
        new, mine = old.anew(), [one for one in self._all.held.values() if one.lender is old]
        try:
            lease = new.token(self._deadline())
        except BrokerError as error:
            self._trouble(name, f"{name}: no new login: {error}; trying again")
            return None
        if not new.own and lease is not None and any(lease.id == one.term.lease.id for one in mine):
            self._trouble(name, f"{name}: the token that was given ends and can't be renewed; give a new one")
            return None
        before = self._all.providers
        self._all.providers = {**before, name: new}
        refs = self._all.refs_of(one.term.lease.id for one in mine)
        change = self._take(name, fetch(refs, self._all.providers, self._deadline()), [one.key for one in mine], now)
        if change is None:
            self._all.providers = before
            self.give_back([Loan(name, new, TOKEN)])
            return None
        self._keep(name, new, lease, now)
        if not refs:
            self.give_back(self._all.release((one.key for one in mine), now))
        return change

    def _take(
        self, name: str, fetched: Mapping[SecretRef, Outcome], replaced: Sequence[Key], now: float
    ) -> Change | None:
        """Put new credentials in place, or give back what came of them."""
        try:
            for one in fetched.values():
                if isinstance(one, BrokerError):
                    raise one
            change = self._all.accept(fetched, replaced, now, self._means.chance())
        except BrokerError as error:
            self.give_back(loans(self._all.providers, fetched, tokens=False))
            self._trouble(name, f"{name}: no new credentials: {error}; trying again")
            return None
        self._troubles.discard(name)
        return change

    def _look(self, now: float) -> list[Change]:
        """Read again what has no lease and is due."""
        due = [poll for poll in self._polls if poll.due <= now]
        spread = 0.9 + 0.2 * self._means.chance()
        self._polls = [poll._replace(due=now + poll.every * spread) if poll in due else poll for poll in self._polls]
        refs = [ref for poll in due for ref in poll.refs if not self._all.made(ref)]
        fetched = fetch(refs, self._all.providers, self._deadline())
        denied = [ref for ref, one in fetched.items() if isinstance(one, AccessDenied)]
        changes = [change for name in grouped(denied) if (change := self._reopen(name, now))]
        fetched |= fetch(denied, self._all.providers, self._deadline()) if changes else {}
        return [*changes, *(change for poll in due if (change := self._compare(poll, fetched, now)))]

    def _reopen(self, name: str, now: float) -> Change | None:
        """Return what came of a new login where a provider refused what it gave before; None where there is none."""
        provider = self._all.providers[name]
        if not self._may_log_in(name, now) or (isinstance(provider, Lender) and not provider.own):
            return None
        if isinstance(provider, Lender):
            return self._log_in(name, provider, now)
        self._all.providers = {**self._all.providers, name: self._means.reopen(name)}
        return Change({})

    def _compare(self, poll: Poll, fetched: Mapping[SecretRef, Outcome], now: float) -> Change | None:
        mine = {ref: fetched[ref] for ref in poll.refs if ref in fetched}
        news = self._all.news(mine)
        try:
            for ref, one in mine.items():
                if isinstance(one, BrokerError) and isinstance(self._all.outcomes[ref], Fetched):
                    raise one
            change = self._all.accept(news, [], now, self._means.chance()) if news else None
        except BrokerError as error:
            # What can't be injected stays so; the line in the audit names the reference.
            self._all.reject(news)
            self._trouble(poll.name, f"{poll.name}: the value that it has is kept: {error}")
            return None
        self._troubles.discard(poll.name)
        return change

    def _keep(self, name: str, lender: Lender, lease: Lease | None, now: float) -> None:
        if lease is not None:
            self._all.keep(name, lender, lease, now, self._means.chance())

    def _may_log_in(self, name: str, now: float) -> bool:
        may = now - self._logins.get(name, -math.inf) >= _BETWEEN_LOGINS
        if may:
            self._logins[name] = now
        return may

    def _trouble(self, about: str, words: str) -> None:
        """Warn once until it is over: the audit has each failure."""
        if about not in self._troubles:
            self._troubles.add(about)
            self._means.warn(words)

    def _deadline(self) -> Deadline:
        return Deadline(self._means.seconds, self._means.audit)


def _renewed(held: Held, deadline: Deadline) -> Lease:
    """Return what was granted, and tell of it. Raises BrokerError."""
    lease = held.term.lease
    event = Event("renew", held.name, lease=lease, detail="token" if lease.token else "")
    with deadline.audit.timed(event) as tell_instead:
        granted = held.lender.renew(lease, deadline)
        tell_instead(event._replace(lease=granted))
    return granted
