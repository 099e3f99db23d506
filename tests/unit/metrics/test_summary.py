from __future__ import annotations

import math

import numpy as np
import pytest

from tests.fakes.results import HOUR, START, of_profits, trades
from vigie.domain.timeframe import Timeframe
from vigie.domain.trades import Trades
from vigie.metrics.definitions import CURVE_METRICS, DEFINITIONS
from vigie.metrics.summary import Metrics, measure, measure_hold

DAYS = 40


def run(
    equity: list[float],
    *,
    closed: Trades | None = None,
    invested: list[float] | None = None,
    hold: list[float] | None = None,
    timeframe: Timeframe = HOUR,
    risk_free_rate: float = 0.0,
) -> Metrics:
    count = len(equity)
    closes_at = START + timeframe.milliseconds * np.arange(1, count + 1)
    own = measure(
        equity=np.array(equity),
        invested=np.array(invested if invested is not None else [0.0] * count),
        closes_at=closes_at,
        capital=100.0,
        timeframe=timeframe,
        trades=of_profits() if closed is None else closed,
        risk_free_rate=risk_free_rate,
    )
    held = measure_hold(
        hold=np.array(hold if hold is not None else equity),
        closes_at=closes_at,
        capital=100.0,
        timeframe=timeframe,
        risk_free_rate=risk_free_rate,
    )
    return own.beside(held)


def wavy(count: int) -> list[float]:
    return [100.0 + 5.0 * math.sin(row) + 0.1 * row for row in range(count)]


def test_every_defined_name_is_measured_and_has_a_reason_exactly_where_it_is_none() -> None:
    for found in (run([]), run([100.0]), run(wavy(24 * DAYS), closed=of_profits(1.0, -1.0))):
        assert list(found.values) == list(DEFINITIONS)
        assert {name for name, value in found.values.items() if value is None} == set(found.undefined)


def test_an_ordinary_run_has_no_undefined_number() -> None:
    assert run(wavy(24 * DAYS), closed=of_profits(1.0, -1.0)).undefined == {}


def test_growth_is_counted_from_the_capital_over_calendar_days() -> None:
    found = run([101.0] * 24 * 365 + [110.0] * 6).values
    assert found["days"] == pytest.approx(365.25)
    assert found["total_return"] == pytest.approx(0.1)
    assert found["cagr"] == pytest.approx(0.1)
    assert found["final_equity"] == 110.0


def test_lesson_81_daily_candles_are_annualised_as_days_and_not_as_hours() -> None:
    curve = wavy(200)
    hourly, daily = run(curve).values, run(curve, timeframe=Timeframe.parse("1d")).values
    for name in ("sharpe", "sortino", "volatility"):
        fast, slow = hourly[name], daily[name]
        assert fast is not None
        assert slow is not None
        assert fast / slow == pytest.approx(math.sqrt(8766.0 / 365.0))


def test_a_risk_free_rate_lowers_sharpe_and_sortino() -> None:
    plain, above = run(wavy(200)).values, run(wavy(200), risk_free_rate=0.5).values
    for name in ("sharpe", "sortino"):
        before, after = plain[name], above[name]
        assert before is not None
        assert after is not None
        assert after < before
    assert above["volatility"] == pytest.approx(plain["volatility"])


def test_exposure_is_the_share_of_candles_with_coins() -> None:
    assert run([100.0] * 4, invested=[0.0, 5.0, 5.0, 5.0]).values["exposure_fraction"] == 0.75


def test_turnover_is_traded_value_by_mean_equity_and_year() -> None:
    found = run([100.0] * 8766, closed=trades({}, {})).values
    # Each trade buys for 100 and sells for 110; 8766 hours are a year.
    assert found["turnover"] == pytest.approx(420.0 / 100.0)


def test_buy_and_hold_stands_beside_with_the_same_definitions() -> None:
    curve = wavy(24 * DAYS)
    found = run([100.0] * len(curve), hold=curve).values
    alone = run(curve).values
    for name in CURVE_METRICS:
        assert found[f"hold_{name}"] == alone[name]


def test_value_at_risk_is_measured_on_days_and_not_on_candles() -> None:
    curve = [100.0 * 0.99**day for day in range(1, DAYS + 1) for _ in range(24)]
    assert run(curve).values["value_at_risk_95"] == pytest.approx(0.01)


def test_a_flat_run_has_no_ratio_instead_of_a_ratio_of_zero() -> None:
    found = run([100.0] * 100)
    assert found.undefined["sharpe"] == "returns do not vary"
    assert found.undefined["sortino"] == "no candle lost anything"
    assert found.undefined["calmar"] == "no drawdown"
    assert found.values["max_drawdown"] == found.values["max_drawdown_days"] == 0.0


def test_ruin_has_a_return_and_a_drawdown_but_no_ratio() -> None:
    found = run([100.0] * 24 * DAYS + [0.0] * 24 * DAYS)
    assert (found.values["total_return"], found.values["max_drawdown"]) == (-1.0, 1.0)
    for name in ("sharpe", "sortino", "volatility", "value_at_risk_95", "conditional_var_95", "hold_sharpe"):
        assert found.undefined[name] == "the equity fell to zero"


def test_a_run_that_never_had_equity_has_no_turnover() -> None:
    assert run([0.0] * 3).undefined["turnover"] == "the equity fell to zero"
