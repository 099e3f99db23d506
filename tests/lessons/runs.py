"""Short ways to a run, for tests that are about its result."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from tests.fakes.scripted import scripted, series_of
from tests.oracles import markets
from vigie.decision.profile import plan
from vigie.domain.candles import Candles, Series
from vigie.domain.timeframe import Timeframe
from vigie.research.backtest import run
from vigie.research.result import BacktestResult
from vigie.strategy.signals import Signals
from vigie.strategy.strategy import load

HOUR_MS = 3_600_000
GUARDS_OFF = dict.fromkeys(
    ("max_open_positions", "correlation_limit", "daily_loss_fraction", "drawdown_fraction", "candles_in_row"), "off"
)
FRICTIONLESS = {"fee_fraction": "0", "slippage_fraction": "0"}


def made_up(rows: int = 1500, seed: int = 3) -> Candles:
    """A market that trades often."""
    return markets.as_candles(markets.gap_heavy(rows, seed))


def flat(rows: int, price: float = 100.0) -> dict[str, np.ndarray]:
    """Columns of a market that does not move, to be changed by the test."""
    return {name: np.full(rows, price) for name in ("open", "high", "low", "close")}


def candles_of(columns: dict[str, np.ndarray], candle_ms: int = HOUR_MS) -> Candles:
    """Candles from price columns."""
    rows = len(columns["close"])
    opens_at = markets.START_MS + np.arange(rows, dtype=np.int64) * candle_ms
    return Candles(timeframe=Timeframe(candle_ms), opens_at=opens_at, volume=np.ones(rows), **columns)


def trade(candles: Candles, signals: Signals, profile: str = "standard", **params: str) -> BacktestResult:
    """Written wishes for one pair."""
    made = plan(scripted([(candles, signals)]), profile, {**GUARDS_OFF, **params})
    return run(made, [series_of(candles)])


def first_system(candles: Candles | list[Series], profile: str = "standard", **params: str) -> BacktestResult:
    """The first system on one pair, or on several."""
    series = [series_of(candles)] if isinstance(candles, Candles) else candles
    return run(plan(load("ema_stochrsi"), profile, params), series)


def content(result: BacktestResult) -> list[bytes]:
    """Every number of a run, for comparing bytes."""
    columns = [result.equity, result.invested, *result.stops]
    for table in (result.trades, result.events):
        columns += [getattr(table, column.name) for column in fields(table)]
    return [column.tobytes() for column in columns] + [repr(dict(result.metrics.values)).encode()]
