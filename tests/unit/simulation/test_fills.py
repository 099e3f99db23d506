"""The formulas of a fill, case by case."""

from __future__ import annotations

from decimal import Decimal

import pytest

from vigie.simulation.fills import buy_price, fee_of, sell_price, stop_limit_fill, stop_market_fill, stop_sleeps


def test_slippage_is_always_against_us() -> None:
    assert buy_price(100.0, 0.001) == pytest.approx(100.1)
    assert sell_price(100.0, 0.001) == pytest.approx(99.9)
    assert buy_price(Decimal(100), Decimal("0.001")) == Decimal("100.1")
    assert sell_price(Decimal(100), Decimal("0.001")) == Decimal("99.9")


def test_a_fee_is_a_share_of_the_value() -> None:
    assert fee_of(250.0, 0.001) == 0.25
    assert fee_of(Decimal(250), Decimal("0.001")) == Decimal("0.25")


@pytest.mark.parametrize(
    ("open_", "low", "filled", "price"),
    [
        # The low stays a tick above the trigger of 100.
        (105.0, 100.01, False, None),
        # Touched: 100 x (1 - 0.001).
        (105.0, 100.0, True, 99.9),
        # Gone through inside the candle: still the trigger, 100 x 0.999.
        (105.0, 90.0, True, 99.9),
        # Opened at the trigger.
        (100.0, 99.0, True, 99.9),
        # Opened below it: the open, 98 x 0.999.
        (98.0, 97.0, True, 97.902),
    ],
)
def test_a_stop_market_order_is_sold_at_the_worse_of_trigger_and_open(
    open_: float, low: float, filled: bool, price: float | None
) -> None:
    done, at = stop_market_fill(100.0, open_, low, 0.001)
    assert done is filled
    if price is not None:
        assert at == pytest.approx(price, rel=1e-15)


@pytest.mark.parametrize(
    ("resting", "open_", "high", "low", "slippage", "filled", "rests", "price"),
    [
        # Trigger 100, limit 99.5 in all cases. The trigger is untouched.
        (False, 101.0, 102.0, 100.01, 0.001, False, False, None),
        # Touched inside the candle: 100 x 0.999.
        (False, 101.0, 102.0, 100.0, 0.001, True, False, 99.9),
        # Touched, with more slippage than the limit allows: 100 x 0.99 = 99 -> 99.5.
        (False, 101.0, 102.0, 99.9, 0.01, True, False, 99.5),
        # Fell from the open far through the limit: on its way down it traded at the trigger.
        (False, 101.0, 102.0, 80.0, 0.001, True, False, 99.9),
        # A gap to above the limit: 99.8 x 0.999 = 99.7002.
        (False, 99.8, 102.0, 99.0, 0.001, True, False, 99.7002),
        # A gap to exactly the limit: 99.5 x 0.999 < 99.5 -> 99.5.
        (False, 99.5, 102.0, 99.0, 0.001, True, False, 99.5),
        # The same where nothing trades above it: the open itself was within the limit.
        (False, 99.5, 99.5, 99.0, 0.001, True, False, 99.5),
        # A gap through the limit, and the high stays below it: rests.
        (False, 99.0, 99.4, 98.0, 0.001, False, True, None),
        # The high only touches the limit: others were first.
        (False, 99.0, 99.5, 98.0, 0.001, False, True, None),
        # The price comes back above the limit: sold at the limit, a maker's price without slippage.
        (False, 99.0, 99.51, 98.0, 0.001, True, False, 99.5),
        # Resting since an earlier candle: the same, wherever the candle opens and whatever the low.
        (True, 99.0, 99.5, 98.0, 0.001, False, True, None),
        (True, 99.0, 99.51, 98.0, 0.001, True, False, 99.5),
        (True, 105.0, 106.0, 104.0, 0.001, True, False, 99.5),
    ],
)
def test_a_stop_limit_order_is_filled_within_its_limit_or_rests(
    resting: bool,
    open_: float,
    high: float,
    low: float,
    slippage: float,
    filled: bool,
    rests: bool,
    price: float | None,
) -> None:
    done, left, at = stop_limit_fill(100.0, 99.5, resting, open_, high, low, slippage)
    assert (done, left) == (filled, rests)
    if price is not None:
        assert at == pytest.approx(price, rel=1e-15)


@pytest.mark.parametrize(
    ("resting", "low", "sleeps"), [(False, 100.01, True), (False, 100.0, False), (True, 100.01, False)]
)
def test_an_order_sleeps_until_its_trigger_is_reached_and_never_again(resting: bool, low: float, sleeps: bool) -> None:
    assert stop_sleeps(100.0, resting, low) is sleeps
