"""The life of an order, pair by pair: whatever is not written here is an invariant broken."""

from __future__ import annotations

from itertools import product

import pytest

from vigie.domain.errors import InvariantBroken
from vigie.domain.order_status import Learnt, OrderStatus, after

S, L = OrderStatus, Learnt
# Written out by hand, not taken from the table under test.
#             sent  accepted  no-answer rejected part      filled  canceled  expired  absent
EXPECTED = """
planned       sent  -         -         -        -         -       -         -        abandoned
sent          -     accepted  unknown   rejected partial   filled  canceled  expired  abandoned
unknown       -     accepted  unknown   rejected partial   filled  canceled  expired  abandoned
accepted      -     accepted  accepted  rejected partial   filled  canceled  expired  -
partial       -     partial   partial   -        partial   filled  canceled  expired  -
filled        -     filled    filled    -        filled    filled  filled    filled   -
canceled      -     canceled  canceled  -        canceled  filled  canceled  canceled -
expired       -     expired   expired   -        expired   filled  expired   expired  -
rejected      -     -         -         rejected -         -       -         -        rejected
abandoned     -     accepted  -         rejected partial   filled  canceled  expired  abandoned
"""
ROWS = {S(row.split()[0]): row.split()[1:] for row in EXPECTED.strip().splitlines()}
CASES = [(status, learnt, ROWS[status][at]) for status, (at, learnt) in product(S, enumerate(L))]


def test_every_status_and_everything_that_can_be_learnt_is_in_the_cases() -> None:
    assert len(CASES) == len(S) * len(L) == 90


@pytest.mark.parametrize(("status", "learnt", "expected"), CASES)
def test_what_is_learnt_leads_to_one_status_or_is_an_invariant_broken(
    status: OrderStatus, learnt: Learnt, expected: str
) -> None:
    if expected == "-":
        with pytest.raises(InvariantBroken, match=f"an order that is {status} cannot be learnt to be {learnt}"):
            after(status, learnt)
    else:
        assert after(status, learnt) is S(expected)


def test_only_an_order_of_which_nobody_knows_blocks_its_pair() -> None:
    assert {one for one in S if one.unsettled} == {S.SENT, S.UNKNOWN}


def test_an_order_that_has_ended_is_not_at_the_venue() -> None:
    assert {one for one in S if one.final} == {S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED, S.ABANDONED}
    assert {one for one in S if one.at_venue} == set(S) - {one for one in S if one.final} - {S.PLANNED}


@pytest.mark.parametrize("learnt", L)
def test_what_has_been_filled_never_becomes_anything_else(learnt: Learnt) -> None:
    try:
        assert after(S.FILLED, learnt) is S.FILLED
    except InvariantBroken:
        assert learnt in (L.SENT, L.REJECTED, L.ABSENT)
