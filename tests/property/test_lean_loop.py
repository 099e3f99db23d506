"""The lean loop of a search finds the numbers of the full one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import markets
from tests.unit.research.search_cases import differences
from vigie.decision.profile import Plan, plan
from vigie.domain.candles import Candles, Series
from vigie.domain.pair import Pair
from vigie.metrics.returns import last_of_each_day, simple_returns
from vigie.metrics.summary import Metrics
from vigie.research.backtest import run
from vigie.research.lean_sweep import _batches, _groups, can_be_lean
from vigie.research.space import Point
from vigie.research.sweep import sweep
from vigie.strategy.strategy import load

PAIR = Pair("AAA", "BBB")
CHOICES: dict[str, list[str]] = {
    "stop_test": ["intrabar", "close"],
    "stop_limit_fraction": ["0", "0.001", "0.005"],
    "gap_policy": ["rest", "chase"],
    "trail_from": ["never", "entry", "activation"],
    "extreme": ["close", "high"],
    "activation_atr": ["0", "1", "5.5"],
    "trail_atr": ["1", "3", "5.5"],
    "breakeven_fraction": ["0", "0.01"],
    "partials": ["on", "off"],
    "sizing": ["risk", "baseline", "fixed_notional", "volatility_parity"],
    "fee_in_base": ["on", "off"],
    "cooldown_bars": ["0", "12"],
    "daily_loss_fraction": ["off", "0.01", "0.05"],
    "drawdown_fraction": ["off", "0.05", "0.15"],
    "candles_in_row": ["off", "24"],
    "heat_fraction": ["off", "0.02"],
    "max_losing_streak": ["off", "1", "2"],
    "max_trades_per_day": ["off", "1", "3"],
    "total_loss_fraction": ["off", "0.05"],
    "stop_atr": ["0.5", "3"],
    "max_position_fraction": ["0", "0.3", "1"],
}
STRATEGIES = {"ema_cross": {"warm_up": "60"}, "donchian": {}, "rsi_reversion": {"rsi_buy": "45"}}


def plans_drawn() -> st.SearchStrategy[Plan]:
    drawn = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in CHOICES.items()})
    return st.builds(
        lambda name, given_: plan(load(name), "standard", {**STRATEGIES[name], **given_}),
        st.sampled_from(sorted(STRATEGIES)),
        drawn,
    )


def candles_of(maker: int, seed: int) -> Candles:
    makers = (markets.random_walk, markets.trending, markets.fat_tails, markets.gap_heavy)
    return markets.as_candles(markets.with_holes(makers[maker](900, seed), seed))


def different(made: Plan, one: Series, start_ms: int | None, ends_ms: list[int]) -> list[str]:
    """What a search says otherwise than a backtest that ends at each date."""
    (score,) = sweep([({}, made)], [one], instruments={}, start_ms=start_ms, ends_ms=ends_ms)
    found = []
    for end_ms, measured in zip(ends_ms, score.measured, strict=True):
        full = run(made, [one], start_ms=start_ms, end_ms=end_ms)
        found += [f"before {end_ms}: {what}" for what in differences(measured, full.measured)]
    days = last_of_each_day(full.closes_at, one.candles.timeframe.milliseconds)
    assert score.daily is not None
    if score.daily.tobytes() != simple_returns(full.equity[days], full.capital).tobytes():
        found.append("daily returns")
    return found


@settings(max_examples=150, deadline=None)
@given(
    plans_drawn(),
    st.integers(0, 3),
    st.integers(0, 50),
    st.booleans(),
    st.lists(st.integers(320, 899), max_size=4, unique=True).map(sorted),
)
def test_both_loops_find_the_same_numbers(made: Plan, maker: int, seed: int, later: bool, cuts: list[int]) -> None:
    candles = candles_of(maker, seed)
    one = Series(PAIR, "test", candles, "drawn")
    start_ms = int(candles.opens_at[300]) if later else None
    ends_ms = [int(candles.opens_at[min(row, len(candles) - 1)]) for row in cuts]
    assert different(made, one, start_ms, sorted({*ends_ms, int(candles.closes_at[-1])})) == []


@pytest.mark.real_candles
@pytest.mark.parametrize("strategy", ["ema_cross", "donchian", "ema_stochrsi"])
def test_both_loops_agree_on_recorded_candles(strategy: str, candle_folder) -> None:  # type: ignore[no-untyped-def]
    from vigie.adapters.market_data.files import read_series

    one = read_series(candle_folder / "binance_ETH-USDT_1h.csv.gz")
    ends_ms = [int(one.candles.closes_at[row]) for row in (5000, 20_000, -1)]
    assert different(plan(load(strategy), "standard", {"drawdown_fraction": "off"}), one, None, ends_ms) == []


def test_plans_of_one_sweep_keep_their_order_whatever_the_threads() -> None:
    one = Series(PAIR, "test", candles_of(1, 3), "drawn")
    made = [
        plan(load("ema_cross"), "standard", {"warm_up": "60", "fast": fast, "trail_atr": trail, "stop_atr": stop})
        for fast in ("5", "10", "15")
        for trail in ("2", "4")
        for stop in ("1", "3")
    ]
    alone = [swept([each], one)[0] for each in made]
    assert len({found.values["final_equity"] for found in alone}) > 6
    for jobs in (1, 2, 8):
        assert swept(made, one, jobs) == alone


def swept(made: list[Plan], one: Series, jobs: int = 1) -> list[Metrics]:
    points: list[tuple[Point, Plan]] = [({}, each) for each in made]
    end_ms = int(one.candles.closes_at[-1])
    scores = sweep(points, [one], instruments={}, start_ms=None, ends_ms=[end_ms], daily=False, jobs=jobs)
    assert all(score.daily is None for score in scores)
    return [score.measured[0] for score in scores]


def test_groups_that_go_through_the_loop_together_are_as_if_alone() -> None:
    one = Series(PAIR, "test", candles_of(1, 7), "drawn")
    made = [
        plan(
            load("ema_cross"),
            "standard",
            {"warm_up": "60", "fast": str(fast), "atr_period": period, "trail_atr": trail},
        )
        for fast in range(4, 34)
        for period in ("7", "14")
        for trail in ("2", "4")
    ]
    # Sixty groups, so that several go together, each with one of two volatilities.
    assert len(_batches(_groups(made), made, len(one.candles), 1)) < 60
    assert swept(made, one) == [swept([each], one)[0] for each in made]


@pytest.mark.parametrize("override", [{"fill_at": "close"}, {"last_at_close": "on"}, {"close_at_end": "on"}])
def test_what_the_lean_loop_does_not_know_is_left_to_the_full_one(override: dict[str, str]) -> None:
    assert not can_be_lean([plan(load("ema_cross"), "standard", override)], 1)
    assert can_be_lean([plan(load("ema_cross"), "standard", {})], 1)
    assert not can_be_lean([plan(load("ema_cross"), "standard", {})], 2)


def test_nothing_wanted_is_nothing_done() -> None:
    one = Series(PAIR, "test", candles_of(0, 1), "drawn")
    (found,) = swept([plan(load("ema_cross"), "standard", {"warm_up": "5000"})], one)
    assert found.values["final_equity"] == 10_000.0
    assert found.values["trades"] == 0.0
    assert found.undefined["win_rate"]
    assert np.isfinite([value for value in found.values.values() if value is not None]).all()
