"""Lots of coins by hand, and what holds for all of them."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.domain.errors import DataError
from vigie.domain.holdings import EXACT
from vigie.domain.lots import Booked, Disposal, Method, disposals
from vigie.domain.order import Fill, Side

D = Decimal


def booked(seq: int, side: str, quantity: str, price: str, fee: str = "0", asset: str = "USDT") -> Booked:
    return Booked(seq, "BTC/USDT", Side(side), Fill(str(seq), D(price), D(quantity), D(fee), asset, seq * 1000))


BUYS = [booked(1, "buy", "1", "100"), booked(2, "buy", "1", "200"), booked(3, "buy", "2", "300")]


def costs(method: Method, *fills: Booked) -> list[tuple[int, Decimal, Decimal]]:
    return [(one.bought_seq, one.quantity, one.cost) for one in disposals(fills, method)]


def test_fifo_sells_the_oldest_lots_and_splits_the_one_it_ends_in() -> None:
    assert costs(Method.FIFO, *BUYS, booked(4, "sell", "2.5", "400")) == [(1, 1, 100), (2, 1, 200), (3, D("0.5"), 150)]


def test_lifo_sells_the_youngest() -> None:
    assert costs(Method.LIFO, *BUYS, booked(4, "sell", "2.5", "400")) == [(3, 2, 600), (2, D("0.5"), 100)]


def test_average_sells_from_one_pool_and_the_next_pool_begins_when_it_is_empty() -> None:
    first = [*BUYS, booked(4, "sell", "1", "400"), booked(5, "sell", "3", "400")]
    assert costs(Method.AVERAGE, *first) == [(1, 1, 225), (1, 3, 675)]
    again = [*first, booked(6, "buy", "1", "50"), booked(7, "sell", "1", "60")]
    assert costs(Method.AVERAGE, *again)[-1] == (6, 1, 50)


def test_fees_in_quote_are_cost_and_less_proceeds_and_those_in_coin_are_coins() -> None:
    (one,) = disposals(
        [booked(1, "buy", "1", "100", "0.1"), booked(2, "sell", "1", "110", "0.11")], Method.FIFO
    )  # fmt: skip
    assert (one.cost, one.proceeds, one.gain) == (D("100.1"), D("109.89"), D("9.79"))
    (one,) = disposals(
        [booked(1, "buy", "1", "100", "0.01", "BTC"), booked(2, "sell", "0.98", "110", "0.01", "BTC")], Method.FIFO
    )  # fmt: skip
    assert (one.quantity, one.cost, one.proceeds) == (D("0.99"), 100, D("107.80"))


def test_a_fee_in_a_third_asset_is_told_and_is_in_no_gain() -> None:
    fills = [*BUYS[:2], booked(3, "sell", "2", "150", "0.3", "BNB")]
    first, second = disposals(fills, Method.FIFO)
    assert (first.gain, second.gain) == (50, -50)
    assert (first.fee + second.fee, first.fee_asset) == (D("0.3"), "BNB")


def test_more_sold_than_bought_names_the_line() -> None:
    with pytest.raises(DataError, match=r"seq 4: 1 BTC/USDT sold that were never bought"):
        list(disposals([*BUYS, booked(4, "sell", "5", "100")], Method.FIFO))


amounts = st.decimals(min_value=D("0.00001"), max_value=1000, places=5)
prices = st.decimals(min_value=D("0.01"), max_value=100_000, places=2)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), amounts, prices), min_size=1, max_size=30), st.sampled_from(Method))
def test_no_cost_and_no_coin_is_lost_or_told_twice(rows: list[tuple[bool, Decimal, Decimal]], method: Method) -> None:
    fills: list[Booked] = []
    held = spent = received = D(0)
    with localcontext(EXACT):
        for seq, (buys, quantity, price) in enumerate(rows, 1):
            size = quantity if buys else min(quantity, held)
            if size == 0:
                continue
            fee = (size * price / 1000).quantize(D("1e-8"))
            fills.append(booked(seq, "buy" if buys else "sell", str(size), str(price), str(fee)))
            held += size if buys else -size
            spent += size * price + fee if buys else D(0)
            received += D(0) if buys else size * price - fee
        if held:
            fills.append(booked(99, "sell", str(held), "1"))
            received += held
        found: list[Disposal] = list(disposals(fills, method))
        assert sum((one.cost for one in found), D(0)) == spent
        assert sum((one.proceeds for one in found), D(0)) == received
        assert sum((one.gain for one in found), D(0)) == received - spent
