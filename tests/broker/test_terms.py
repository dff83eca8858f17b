"""When a lease is renewed or replaced: early enough, not all at once, and not for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from secrets_guard.broker import term as terms
from secrets_guard.broker.lease import Lease
from secrets_guard.broker.term import RENEW, REPLACE, Term

TIMES = st.floats(0, 1e9)
SECONDS = st.floats(1, 1e7)
CHANCES = st.floats(0, 1, exclude_max=True)


def lease(seconds: float, renewable: bool = True) -> Lease:
    return Lease("database/creds/web/1", seconds, renewable)


@given(TIMES, SECONDS, CHANCES)
def test_a_lease_is_renewed_when_about_two_thirds_are_over(now: float, seconds: float, chance: float) -> None:
    term = terms.begin(lease(seconds), now, chance)
    assert 0.59 * seconds <= term.due - now <= 0.71 * seconds
    assert (term.todo(now), term.todo(term.due)) == ("", RENEW)


def test_leases_that_were_given_together_are_not_renewed_together() -> None:
    assert len({terms.begin(lease(3600), 0, chance / 10).due for chance in range(10)}) == 10


@given(TIMES, SECONDS, CHANCES)
def test_one_that_can_not_be_renewed_is_replaced_before_it_ends(now: float, seconds: float, chance: float) -> None:
    term = terms.begin(lease(seconds, renewable=False), now, chance)
    assert term.due < term.ends
    assert term.todo(term.due) == REPLACE


@given(TIMES, SECONDS, st.floats(0, 1), CHANCES)
def test_a_renewal_that_brings_less_is_the_last(now: float, seconds: float, part: float, chance: float) -> None:
    term = terms.renewed(terms.begin(lease(seconds), now, chance), lease(seconds * part), now, chance)
    assert term.todo(term.due) == (REPLACE if part < 0.9 else RENEW)
    assert term.ends == now + seconds * part


@given(SECONDS, st.lists(CHANCES, min_size=1, max_size=200))
def test_tries_that_fail_are_spread_over_what_is_left_and_then_it_is_replaced(
    seconds: float, chances: list[float]
) -> None:
    term = terms.begin(lease(seconds), 0, 0.5)
    tries = 0
    for chance in chances:
        now = term.due
        if now >= term.ends:
            assert term.todo(now) == REPLACE
            assert tries >= min(4, seconds)
        else:
            tries += 1
            assert term.todo(now) == RENEW
        term = terms.unreached(term, now, chance)
        assert term.due - now + 1e-6 >= 0.2
        assert term.due - now <= 60


def test_after_a_failure_that_is_over_it_begins_anew() -> None:
    term: Term = terms.begin(lease(60), 0, 0.5)
    for _ in range(3):
        term = terms.unreached(term, term.due, 0.5)
    term = terms.renewed(term, lease(60), term.due, 0.5)
    assert term.failures == 0


def test_one_that_is_gone_or_refused_is_replaced_at_once() -> None:
    term = terms.begin(lease(60), 0, 0.5)
    gone, refused = (terms.refused(term, 40, gone=gone) for gone in (True, False))
    assert (gone.todo(40), refused.todo(40)) == (REPLACE, REPLACE)
    assert (gone.ends, refused.ends) == (40, 60)


def test_of_a_lease_that_is_not_new_what_is_left_counts_and_the_whole_is_asked_for() -> None:
    term = terms.begin(lease(60)._replace(left=10.0), 0, 0.5)
    assert (term.ends, round(term.due, 6), term.lease.seconds) == (10, 6.5, 60)
    assert terms.renewed(term, lease(50), 6.5, 0.5).last


def test_a_command_that_dies_of_new_credentials_rests_but_not_until_its_old_ones_are_over() -> None:
    term = terms.begin(lease(60, renewable=False), 0, 0.5)
    rests = [terms.rolled_back(term, 50, 0.5, times).due - 50 for times in range(1, 9)]
    assert rests == [9] * 8
    over = [terms.rolled_back(terms.begin(lease(60, False), 0, 0.5), 70, 0.5, times).due - 70 for times in range(1, 9)]
    assert over == [30, 60, 120, 240, 480, 600, 600, 600]
    assert terms.rolled_back(terms.begin(lease(3600, False), 0, 0.5), 0, 0.5, 1).due > 2000
