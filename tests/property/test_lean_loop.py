"""The lean loop of a search finds the numbers of the full one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import markets
from vigie.decision.profile import Plan, plan
from vigie.domain.candles import Candles, Series
from vigie.domain.pair import Pair
from vigie.research.backtest import run
from vigie.research.lanes import NAMES
from vigie.research.lean_sweep import can_be_lean, lean_sweep
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


def same(made: Plan, one: Series, start_ms: int | None = None) -> list[str]:
    """Names whose numbers differ by more than the noise of adding up in another order."""
    full = run(made, [one], start_ms=start_ms).measured
    (lean,) = lean_sweep([made], one, instruments={}, start_ms=start_ms, end_ms=None)
    assert set(lean.values) == set(NAMES)
    different = []
    for name in NAMES:
        ours, theirs = lean.values[name], full.values[name]
        if ours is None or theirs is None:
            if ours is not theirs:
                different.append(name)
        elif not math.isclose(ours, theirs, rel_tol=1e-7, abs_tol=1e-9):
            different.append(name)
    return different


@settings(max_examples=150, deadline=None)
@given(plans_drawn(), st.integers(0, 3), st.integers(0, 50), st.booleans())
def test_both_loops_find_the_same_numbers(made: Plan, maker: int, seed: int, later: bool) -> None:
    candles = candles_of(maker, seed)
    one = Series(PAIR, "test", candles, "drawn")
    start_ms = int(candles.opens_at[300]) if later else None
    assert same(made, one, start_ms) == []


@pytest.mark.real_candles
@pytest.mark.parametrize("strategy", ["ema_cross", "donchian", "ema_stochrsi"])
def test_both_loops_agree_on_recorded_candles(strategy: str, candle_folder) -> None:  # type: ignore[no-untyped-def]
    from vigie.adapters.market_data.files import read_series

    one = read_series(candle_folder / "binance_ETH-USDT_1h.csv.gz")
    assert same(plan(load(strategy), "standard", {"drawdown_fraction": "off"}), one) == []


def test_plans_of_one_sweep_keep_their_order_whatever_the_threads() -> None:
    one = Series(PAIR, "test", candles_of(1, 3), "drawn")
    made = [
        plan(load("ema_cross"), "standard", {"warm_up": "60", "fast": fast, "trail_atr": trail})
        for fast in ("5", "10", "15")
        for trail in ("2", "4")
    ]
    alone = [lean_sweep([each], one, instruments={}, start_ms=None, end_ms=None)[0] for each in made]
    for jobs in (1, 2, 8):
        assert lean_sweep(made, one, instruments={}, start_ms=None, end_ms=None, jobs=jobs) == alone


@pytest.mark.parametrize("override", [{"fill_at": "close"}, {"last_at_close": "on"}, {"close_at_end": "on"}])
def test_what_the_lean_loop_does_not_know_is_left_to_the_full_one(override: dict[str, str]) -> None:
    assert not can_be_lean([plan(load("ema_cross"), "standard", override)], 1)
    assert can_be_lean([plan(load("ema_cross"), "standard", {})], 1)
    assert not can_be_lean([plan(load("ema_cross"), "standard", {})], 2)


def test_nothing_wanted_is_nothing_done() -> None:
    one = Series(PAIR, "test", candles_of(0, 1), "drawn")
    (found,) = lean_sweep(
        [plan(load("ema_cross"), "standard", {"warm_up": "5000"})], one, instruments={}, start_ms=None, end_ms=None
    )
    assert found.values["final_equity"] == 10_000.0
    assert found.values["trades"] == 0.0
    assert found.undefined["win_rate"]
    assert np.isfinite([value for value in found.values.values() if value is not None]).all()
