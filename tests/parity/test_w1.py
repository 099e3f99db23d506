"""Rule W1 in the engine and in its oracle: bars, prices, quantities, profits, and equity at every bar."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.w1_rule import configuration
from tests.fakes.scripted import series_of
from tests.oracles import markets, w1
from vigie.adapters.market_data.files import read_series
from vigie.domain.candles import Candles
from vigie.research.backtest import run

FROM_2022 = 1_640_995_200_000


def agree(candles: Candles, settings: w1.W1Settings) -> w1.W1Run:
    expected = w1.run(markets.from_candles(candles), settings)
    result = run(configuration(settings), [series_of(candles)])
    trades = result.trades
    rows = {int(at): row for row, at in enumerate(candles.opens_at)}
    got = [(rows[int(a)], rows[int(b)]) for a, b in zip(trades.entry_at, trades.exit_at, strict=True)]
    assert got == [(t.entry_row, t.exit_row) for t in expected.trades]
    for name in ("entry_price", "exit_price"):
        want = [getattr(t, name) for t in expected.trades]
        np.testing.assert_allclose(getattr(trades, name), want, rtol=1e-12)
    np.testing.assert_allclose(trades.quantity, [t.quantity for t in expected.trades], rtol=1e-9)
    wallet = max(expected.equity)
    np.testing.assert_allclose(trades.profit, [t.profit for t in expected.trades], rtol=0, atol=1e-9 * wallet)
    np.testing.assert_allclose(result.equity, expected.equity, rtol=1e-9)
    return expected


@pytest.mark.parametrize("maker", sorted(set(markets.MAKERS) - {"with_constant_stretches"}))
def test_the_rule_is_followed_on_made_up_markets(maker: str) -> None:
    trades = stopped_at_once = 0
    for seed in range(6):
        done = agree(markets.as_candles(markets.MAKERS[maker](3000, seed)), w1.W1Settings())
        trades += len(done.trades)
        stopped_at_once += done.entry_bar_stops
    assert trades > 60


def test_a_position_can_be_stopped_in_the_bar_of_its_entry() -> None:
    tight = w1.W1Settings(stop_atr=0.5, activation_atr=1.0, trail_atr=1.0, blocked=20)
    runs = [agree(markets.as_candles(markets.fat_tails(3000, seed)), tight) for seed in range(3)]
    assert sum(done.entry_bar_stops for done in runs) > 5


def test_constant_stretches_and_holes_are_crossed() -> None:
    for seed in range(4):
        agree(markets.as_candles(markets.with_constant_stretches(3000, seed)), w1.W1Settings())
        agree(markets.as_candles(markets.with_holes(markets.trending(3000, seed), seed)), w1.W1Settings())


@pytest.mark.real_candles
@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL"])
def test_the_rule_is_followed_on_real_hours(candle_folder: Path, coin: str) -> None:
    candles = read_series(candle_folder / f"binance_{coin}-USDT_1h.csv.gz").candles.between(FROM_2022, None)
    assert len(agree(candles, w1.W1Settings()).trades) > 200
