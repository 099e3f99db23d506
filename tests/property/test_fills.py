"""Fills for any candle: floats and decimals agree, and a limit is a limit."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.simulation.fills import stop_limit_fill, stop_market_fill

CENTS = st.integers(1, 20_000).map(lambda cents: Decimal(cents) / 100)
SLIPPAGES = st.integers(0, 200).map(lambda basis_points: Decimal(basis_points) / 10_000)


class Order(NamedTuple):
    """A stop order and the candle that it meets."""

    trigger: Decimal
    limit: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    slippage: Decimal


@st.composite
def orders(draw: st.DrawFn) -> Order:
    limit, trigger = sorted((draw(CENTS), draw(CENTS)))
    low, open_, high = sorted((draw(CENTS), draw(CENTS), draw(CENTS)))
    if draw(st.booleans()):  # near each other: equal prices matter
        open_ = draw(st.sampled_from([open_, min(max(trigger, low), high), min(max(limit, low), high)]))
    return Order(trigger, limit, open_, high, low, draw(SLIPPAGES))


def floats(order: Order) -> tuple[float, ...]:
    return tuple(float(one) for one in order)


@given(orders(), st.booleans())
def test_a_stop_limit_is_the_same_in_floats_and_decimals(order: Order, resting: bool) -> None:
    trigger, limit, open_, high, low, slippage = floats(order)
    exact = stop_limit_fill(order.trigger, order.limit, resting, *order[2:])
    quick = stop_limit_fill(trigger, limit, resting, open_, high, low, slippage)
    assert quick[:2] == exact[:2]
    assert quick[2] == pytest.approx(float(exact[2]), rel=1e-14)


@given(orders())
def test_a_stop_market_is_the_same_in_floats_and_decimals(order: Order) -> None:
    trigger, _, open_, _, low, slippage = floats(order)
    exact = stop_market_fill(order.trigger, order.open, order.low, order.slippage)
    quick = stop_market_fill(trigger, open_, low, slippage)
    assert quick[0] == exact[0]
    assert quick[1] == pytest.approx(float(exact[1]), rel=1e-14)


@given(orders(), st.booleans())
def test_a_stop_limit_is_never_sold_below_its_limit_nor_above_what_the_candle_gave(order: Order, resting: bool) -> None:
    filled, rests, price = stop_limit_fill(order.trigger, order.limit, resting, *order[2:])
    assert not (filled and rests)
    if filled:
        assert order.limit <= price <= max(order.limit, min(order.open, order.trigger))
        assert resting or order.low <= order.trigger
    if rests:
        assert order.high <= order.limit


@given(orders())
def test_an_order_neither_filled_nor_resting_was_not_triggered(order: Order) -> None:
    filled, rests, _ = stop_limit_fill(order.trigger, order.limit, False, *order[2:])
    assert (filled or rests) == (order.low <= order.trigger)


@given(orders())
def test_a_market_stop_is_never_better_than_a_limit_stop_filled_on_the_same_candle_but_for_the_limit(
    order: Order,
) -> None:
    market, market_price = stop_market_fill(order.trigger, order.open, order.low, order.slippage)
    limit, _, limit_price = stop_limit_fill(order.trigger, order.limit, False, *order[2:])
    assert market == (order.low <= order.trigger)
    if limit:
        assert limit_price == max(order.limit, market_price)
