"""Lessons of the first system about money, costs and the numbers shown."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import numpy as np
import pytest

from tests.fakes.scripted import drawn_wishes, wishes
from tests.lessons.runs import FRICTIONLESS, GUARDS_OFF, candles_of, content, first_system, flat, made_up, trade
from tests.oracles import markets
from vigie.adapters.market_data.resample import resample
from vigie.decision.profile import load_profile
from vigie.decision.sizing import volatility_parity
from vigie.decision.sizing.wanted import Wanted
from vigie.domain.timeframe import Timeframe
from vigie.domain.trades import EventKind, ExitReason
from vigie.metrics.definitions import DEFINITIONS, Unit
from vigie.reporting.exports import trades_table

SIZINGS = ("baseline", "risk", "fixed_notional", "volatility_parity")
DAY_MS = 86_400_000


@pytest.mark.parametrize("sizing", SIZINGS)
@pytest.mark.parametrize("profile", ["standard", "classic-a", "classic-b", "classic-c"])
def test_lesson_77_buying_and_selling_for_nothing_changes_nothing(profile: str, sizing: str) -> None:
    """5 % of the wallet was lost at each entry: cash and coins must be the wallet after each event."""
    candles = candles_of(flat(200))
    signals = wishes(200, entries=range(30, 190, 20), exits=range(40, 200, 20))
    result = trade(candles, signals, profile, sizing=sizing, partials="off", min_notional="0", **FRICTIONLESS)
    assert len(result.trades) == 8
    assert result.equity.tolist() == pytest.approx([result.capital] * 200, rel=1e-12)


@pytest.mark.parametrize("profile", ["standard", "classic-a", "classic-b", "classic-c"])
def test_lesson_78_profits_of_trades_are_the_change_of_the_wallet(profile: str) -> None:
    """Profit was the whole wallet minus the cost of the position: 98 to 100 % of the trades won."""
    result = first_system(
        made_up(1500), profile, fast="14", slow="26", sizing="risk" if profile != "classic-a" else "baseline"
    )
    assert len(result.trades) > 10
    opened = sum(one.profit for one in result.open_positions)
    assert result.trades.profit.sum() + opened == pytest.approx(result.equity[-1] - result.capital, abs=1e-6)
    wins = (result.trades.profit > 0).mean()
    assert result.metrics.values["win_rate"] == pytest.approx(wins)
    assert 0.0 < wins < 0.9


def test_lesson_78_a_market_that_only_falls_wins_nothing() -> None:
    price = 100.0 * 0.999 ** np.arange(200)
    columns = {"open": price, "high": price * 1.0001, "low": price * 0.999, "close": price * 0.9995}
    signals = wishes(200, entries=range(30, 190, 20), exits=range(40, 200, 20), distance=50.0)
    result = trade(candles_of(columns), signals, "classic-b", sizing="risk", partials="off")
    assert len(result.trades) == 8
    assert result.metrics.values["win_rate"] == 0.0


@pytest.mark.parametrize("price", [0.0001, 1.0, 50_000.0])
def test_lesson_79_volatility_parity_does_not_depend_on_the_price_of_a_coin(price: float) -> None:
    """It divided by the price twice: positions were too small by a factor of the price."""
    volatility = 0.013 * price
    units = volatility_parity.units(Wanted(10_000.0, 10_000.0, price, 3 * volatility, volatility), 0.02)
    assert units * volatility == pytest.approx(0.02 * 10_000.0)


@pytest.mark.parametrize("sizing", SIZINGS)
@pytest.mark.parametrize("profile", ["standard", "classic-b"])
def test_lesson_79_a_coin_at_another_price_earns_the_same(profile: str, sizing: str) -> None:
    def equity(start: float) -> np.ndarray:
        candles = markets.as_candles(markets.fat_tails(600, 4, start=start))
        return first_system(candles, profile, fast="14", slow="26", sizing=sizing, macd_filter="off").equity

    at_one = equity(1.0)
    assert at_one.std() > 0
    for price in (0.0001, 50_000.0):
        np.testing.assert_allclose(equity(price), at_one, rtol=1e-6)


def test_lesson_80_the_compiled_run_is_measured_and_is_the_same_each_time() -> None:
    """The compiled path said Sharpe 0, and the best was whichever thread finished first."""
    first, again = first_system(made_up()), first_system(made_up())
    returns = np.diff(np.append(first.capital, first.equity)) / np.append(first.capital, first.equity[:-1])
    by_hand = returns.mean() / returns.std(ddof=1) * np.sqrt(8766)
    assert by_hand != 0
    assert first.metrics.values["sharpe"] == pytest.approx(by_hand)
    assert content(first) == content(again)


@pytest.mark.parametrize(("timeframe", "per_year"), [("1h", 8766.0), ("4h", 2191.0), ("1d", 365.0)])
def test_lesson_81_ratios_are_annualised_with_the_timeframe_of_the_run(timeframe: str, per_year: float) -> None:
    """The grid forgot to say the timeframe: days were annualised as hours."""
    hours = markets.as_candles(markets.gap_heavy(24 * 150, 3))
    candles = hours if timeframe == "1h" else resample(hours, Timeframe.parse(timeframe))[0]
    signals = drawn_wishes(candles, 1, entry_share=0.3)
    result = trade(candles, signals)
    assert len(result.trades) > 5
    assert str(result.identity.timeframe) == timeframe
    returns = np.diff(np.append(result.capital, result.equity)) / np.append(result.capital, result.equity[:-1])
    by_hand = returns.mean() / returns.std(ddof=1) * np.sqrt(per_year)
    assert result.metrics.values["sharpe"] == pytest.approx(by_hand)
    assert result.metrics.values["volatility"] == pytest.approx(returns.std(ddof=1) * np.sqrt(per_year))


def test_lesson_83_shares_are_fractions_and_names_say_their_unit() -> None:
    """A win rate of 6666 %: a percentage was multiplied by a hundred once more."""
    columns = flat(120)
    for start in (31, 61, 91):
        for column in columns.values():
            column[start + 5 :] *= 1.1 if start != 91 else 0.9
    columns["high"], columns["low"] = columns["close"] * 1.001, columns["close"] * 0.999
    signals = wishes(120, entries=(30, 60, 90), exits=(40, 70, 100), distance=90.0)
    result = trade(candles_of(columns), signals, trail_from="never")
    assert len(result.trades) == 3
    assert result.metrics.values["win_rate"] == pytest.approx(2 / 3)
    assert DEFINITIONS["win_rate"].unit is Unit.FRACTION
    assert not [name for name in DEFINITIONS if "percent" in name or "pct" in name]
    header = trades_table(result, ".csv").decode().splitlines()[0]
    assert "profit_fraction" in header
    assert "percent" not in header
    assert "pct" not in header


@pytest.mark.parametrize(("profile", "sold"), [("classic-a", False), ("classic-b", True), ("classic-c", False)])
def test_lesson_84_strict_or_not_is_one_rule_with_a_switch(profile: str, sold: bool) -> None:
    """Strict in one engine, non-strict in the other; here a close at the very stop."""
    columns = flat(60)
    columns["open"][32:] = columns["low"][32:] = columns["close"][32:] = 90.0
    signals = wishes(60, entries=(30,), distance=10.0, volatility=50.0)
    result = trade(candles_of(columns), signals, profile, slippage_fraction="0")
    assert len(result.events) > 0
    assert result.events.price[0] == 100.0
    assert (ExitReason.STOP in result.events.reason) is sold
    other = trade(candles_of(columns), signals, profile, slippage_fraction="0", stop_touch="off" if sold else "on")
    assert (ExitReason.STOP in other.events.reason) is not sold


def test_lesson_84_the_trailing_distance_is_one_number_that_every_profile_reads() -> None:
    """5.0 in one engine and 5.5 in another."""
    for profile in ("standard", "classic-a", "classic-b", "classic-c"):
        wide = first_system(made_up(), profile, trail_atr="5.5", activation_atr="1")
        narrow = first_system(made_up(), profile, trail_atr="1.0", activation_atr="1")
        assert wide.identity.settings["trail_atr"] == 5.5
        assert content(wide) != content(narrow)


_SAID = """
import json, sys
from tests.lessons.runs import first_system, made_up
runs = [first_system(made_up(500), profile, fast="14", slow="26", partials="on")
        for profile in ("standard", "classic-a", "classic-c")]
json.dump([[run.equity.tolist(), run.events.price.tolist(), dict(run.metrics.values)] for run in runs], sys.stdout)
"""


def test_lesson_84_the_fast_and_the_slow_path_are_the_same_functions() -> None:
    """An import error chose between two engines that disagreed; here numba is switched off in another process."""

    def said(**more: str) -> object:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more}
        done = subprocess.run(
            [sys.executable, "-c", _SAID], env=environment, capture_output=True, check=True, text=True
        )
        return json.loads(done.stdout)

    plain, compiled = said(NUMBA_DISABLE_JIT="1"), said()
    assert isinstance(plain, list)
    assert isinstance(compiled, list)
    for slow, fast in zip(plain, compiled, strict=True):
        assert len(slow[1]) > 3
        np.testing.assert_allclose(slow[0], fast[0], rtol=1e-12)
        np.testing.assert_allclose(slow[1], fast[1], rtol=1e-12)
        assert slow[2].keys() == fast[2].keys()


def test_lesson_85_slippage_is_no_dice() -> None:
    """Random slippage without a seed: no two runs were alike."""
    runs = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        runs.append(first_system(made_up(), stop_limit_fraction="0"))
    assert content(runs[0]) == content(runs[1])
    candles, events = made_up(), runs[0].events
    bought = events.kind == EventKind.BUY
    opens = candles.open[np.searchsorted(candles.opens_at, events.at[bought])]
    np.testing.assert_allclose(events.price[bought], opens * 1.0005, rtol=1e-12)


def test_lesson_87_a_low_that_reaches_the_stop_sells_unless_the_profile_says_closes_only() -> None:
    """All its engines were handed high and low, and looked at neither."""
    columns = flat(60)
    columns["low"][35] = 89.0
    signals = wishes(60, entries=(30,), distance=10.0, volatility=50.0)
    inside = trade(candles_of(columns), signals, slippage_fraction="0")
    assert inside.trades.exit_reason.tolist() == [ExitReason.STOP]
    assert inside.trades.exit_price.tolist() == [90.0]
    assert inside.identity.settings["stop_test"] == "intrabar"
    on_close = trade(candles_of(columns), signals, slippage_fraction="0", stop_test="close")
    assert len(on_close.trades) == 0
    for name in ("classic-a", "classic-b", "classic-c"):
        assert load_profile(name).settings["stop_test"] == "close"
        assert trade(candles_of(columns), signals, name).identity.settings["stop_test"] == "close"
    assert "close-only stops" in load_profile("classic-a").summary


def test_guards_off_names_every_guard_of_the_account() -> None:
    result = trade(candles_of(flat(60)), wishes(60))
    assert not set(GUARDS_OFF) & {name for name, value in result.identity.settings.items() if value != "off"}
