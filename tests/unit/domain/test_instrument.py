"""The only crossing between floats and decimals."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair

PAIR = Pair("BTC", "USDT")
D = Decimal


@pytest.mark.parametrize(
    ("quantity", "step", "expected"),
    [
        # 1.239 / 0.01 = 123.9 -> 123 steps.
        (1.239, "0.01", "1.23"),
        # 0.3 is 0.3, although the float is 0.299999999999999988897769753748.
        (0.3, "0.1", "0.3"),
        (D("0.7"), "0.3", "0.6"),
        (5.0, "0", "5.0"),
        (0.009, "0.01", "0"),
        # 2.99...966 steps: with 28 digits the quotient is 3, which would be more than there is.
        (D("0.8999999999999999999999999999"), "0.3", "0.6"),
        (np.float64(1.239), "0.01", "1.23"),
        (7, "2", "6"),
    ],
)
def test_a_quantity_is_rounded_down_to_the_step(quantity: Decimal | float, step: str, expected: str) -> None:
    assert Instrument(PAIR, step=D(step)).quantity_down(quantity) == D(expected)


def test_a_price_is_rounded_down_or_up_to_the_tick() -> None:
    instrument = Instrument(PAIR, tick=D("0.05"))
    assert instrument.price_down(100.07) == D("100.05")
    assert instrument.price_up(100.07) == D("100.10")
    assert instrument.price_down(100.05) == instrument.price_up(100.05) == D("100.05")
    assert instrument.price_up(np.float64(100.0501)) == D("100.10")


@pytest.mark.parametrize(
    ("quantity", "price", "sendable"),
    [
        ("0.1", "100", True),
        ("0.0999", "101", False),
        ("0.1", "99.99", False),
        ("0", "100", False),
        ("-1", "-100", False),
        ("NaN", "100", False),
        ("1", "NaN", False),
        ("Infinity", "100", False),
    ],
)
def test_an_order_is_sendable_from_its_minimum_quantity_and_notional_on(
    quantity: str, price: str, sendable: bool
) -> None:
    instrument = Instrument(PAIR, min_quantity=D("0.1"), min_notional=D(10))
    assert instrument.sendable(D(quantity), D(price)) is sendable


def test_unknown_filters_let_everything_above_zero_through() -> None:
    assert Instrument(PAIR).sendable(D("1e-18"), D("1e-18"))
    assert not Instrument(PAIR).sendable(D(0), D(1))
