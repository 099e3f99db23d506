"""Each sizing rule at prices of 0.0001, 1 and 50,000: what is risked does not depend on the price (lesson 79)."""

from __future__ import annotations

import math

import pytest

from vigie.decision.registry import SizingRule, sizing_rules
from vigie.decision.sizing.wanted import Wanted

PRICES = [0.0001, 1.0, 50_000.0]
RULES = {rule.name: rule for rule in sizing_rules()}


def units(name: str, price: float, amount: float, *, stop: float = 0.03, volatility: float = 0.01) -> float:
    """Base to buy with an equity of 10,000 and a start of 5,000; stop and volatility as fractions of the price."""
    return RULES[name].units(Wanted(10_000.0, 5_000.0, price, price * stop, price * volatility), amount)


@pytest.mark.parametrize("price", PRICES)
def test_baseline_puts_its_share_of_the_equity_into_the_position__lesson_79(price: float) -> None:
    # 0.95 x 10,000 = 9,500 in quote, at any price.
    assert units("baseline", price, 0.95) * price == pytest.approx(9_500.0)


@pytest.mark.parametrize("price", PRICES)
def test_fixed_notional_puts_its_share_of_the_first_capital_into_the_position__lesson_79(price: float) -> None:
    # 0.10 x 5,000 = 500 in quote, whatever the equity is now.
    assert units("fixed_notional", price, 0.10) * price == pytest.approx(500.0)


@pytest.mark.parametrize("price", PRICES)
def test_risk_loses_its_share_of_the_equity_at_the_stop__lesson_79(price: float) -> None:
    # Units x stop distance = 0.02 x 10,000 = 200 in quote; with a stop 3 % below, 200 / 0.03 = 6,667 are bought.
    bought = units("risk", price, 0.02)
    assert bought * (0.03 * price) == pytest.approx(200.0)
    assert bought * price == pytest.approx(200.0 / 0.03)


@pytest.mark.parametrize("price", PRICES)
def test_volatility_parity_moves_the_equity_by_its_share_when_the_price_moves_by_one_atr__lesson_79(
    price: float,
) -> None:
    # Units x ATR = 0.02 x 10,000 = 200 in quote. The first system divided by the price once more.
    bought = units("volatility_parity", price, 0.02)
    assert bought * (0.01 * price) == pytest.approx(200.0)


@pytest.mark.parametrize("unknown", [math.nan, 0.0, -1.0])
def test_an_unknown_stop_or_volatility_gives_no_size(unknown: float) -> None:
    assert math.isnan(units("risk", 100.0, 0.02, stop=unknown))
    assert math.isnan(units("volatility_parity", 100.0, 0.02, volatility=unknown))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_size_grows_with_its_number(rule: SizingRule) -> None:
    low, high = float(rule.number.low or 0.0), float(rule.number.high or 0.0)
    assert 0.0 < units(rule.name, 100.0, low) < units(rule.name, 100.0, high)
    assert low <= float(rule.number.default) <= high


def test_the_four_rules_are_there() -> None:
    assert list(RULES) == ["baseline", "fixed_notional", "risk", "volatility_parity"]
