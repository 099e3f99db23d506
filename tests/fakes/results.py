"""A small backtest result whose numbers can be checked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vigie.domain.candles import Candles, FloatArray, Series
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.domain.trades import EventKind, Events, ExitReason, Trades
from vigie.metrics.summary import measure
from vigie.research.result import BacktestResult, Identity, OpenPosition

HOUR = Timeframe.parse("1h")
START = 1_704_067_200_000
"""2024-01-01 00:00 UTC."""

CAPITAL = 10_000.0


def hour(number: int) -> int:
    """The instant so many hours after the start, epoch milliseconds."""
    return START + number * HOUR.milliseconds


def candles(closes: Sequence[float]) -> Candles:
    """Hourly candles that open where the last one closed."""
    close = np.array(closes, dtype=np.float64)
    opened = np.concatenate((close[:1], close[:-1]))
    opens_at = START + HOUR.milliseconds * np.arange(len(close))
    high, low = np.maximum(opened, close) * 1.01, np.minimum(opened, close) * 0.99
    return Candles(HOUR, opens_at, opened, high, low, close, np.ones(len(close)))


def trades(*rows: Mapping[str, float]) -> Trades:
    """Trades with the columns given and plain values for the rest."""
    plain: dict[str, float] = {
        "pair": 0,
        "entry_at": hour(1),
        "exit_at": hour(5),
        "entry_price": 100.0,
        "exit_price": 110.0,
        "quantity": 1.0,
        "fees": 0.2,
        "slippage": 0.1,
        "profit": 9.8,
        "profit_fraction": 0.098,
        "exit_reason": ExitReason.STOP,
        "stop_at_entry": 95.0,
        "bars_held": 4,
    }
    kinds = {
        "pair": np.int16,
        "exit_reason": np.int16,
        "entry_at": np.int64,
        "exit_at": np.int64,
        "bars_held": np.int64,
    }
    return Trades(
        **{
            name: np.array([row.get(name, value) for row in rows], dtype=kinds.get(name, np.float64))
            for name, value in plain.items()
        }
    )


def of_profits(*profits: float) -> Trades:
    """Trades with these profits, in order of exit."""
    return trades(*({"profit": profit, "profit_fraction": profit / 100.0} for profit in profits))


def a_result(
    *,
    round_trips: Trades | None = None,
    venue: str = "binance",
    closes: Sequence[float] = (0.00001234, 0.0000125, 0.000012, 0.000013),
    equity: FloatArray | None = None,
    refusals: Mapping[str, int] | None = None,
    open_positions: tuple[OpenPosition, ...] = (),
    pending_entries: int = 0,
    overrides: Mapping[str, str] | None = None,
    strategy: str = "ema_cross",
) -> BacktestResult:
    """Two pairs, a few hours; everything that a test is about can be given."""
    first, second = candles([100.0 + row % 7 for row in range(len(closes))]), candles(closes)
    series = (
        Series(Pair("BTC", "USDT"), venue, first, "btc.csv"),
        Series(Pair("PEPE", "USDT"), venue, second, "pepe.csv"),
    )
    count = len(closes)
    curve = np.linspace(CAPITAL, 1.1 * CAPITAL, count) if equity is None else equity
    closed = of_profits(30.0, -10.0, 20.0) if round_trips is None else round_trips
    invested = np.where(np.arange(count) % 2 == 0, 0.0, 100.0)
    return BacktestResult(
        identity=Identity(
            strategy=strategy,
            profile="standard",
            timeframe=HOUR,
            parameters={"fast": 20, "scenario": "base"},
            settings={"fee_fraction": 0.001, "slippage_fraction": 0.0005, "stop_atr": 3.0},
            overrides=overrides or {},
            candles={str(one.pair): one.candles for one in series},
            strategy_hash="a" * 64,
            code_hash="b" * 64,
            version="0.1.0",
        ),
        series=series,
        capital=CAPITAL,
        closes_at=first.closes_at,
        equity=curve,
        invested=invested,
        trades=closed,
        events=_events(),
        open_positions=open_positions,
        refusals={"correlation": 3, "daily_loss": 0} if refusals is None else refusals,
        stops=(np.full(count, np.nan), np.where(invested > 0.0, 0.00001, np.nan)),
        pending_entries=pending_entries,
        measured=measure(
            equity=curve,
            invested=invested,
            closes_at=first.closes_at,
            capital=CAPITAL,
            timeframe=HOUR,
            trades=closed,
        ),
    )


def _events() -> Events:
    return Events(
        pair=np.array([0, 1], dtype=np.int16),
        kind=np.array([EventKind.BUY, EventKind.SELL], dtype=np.int16),
        at=np.array([hour(1), hour(2)]),
        price=np.array([100.0, 0.1 + 0.2]),
        quantity=np.array([1.0, 2.0]),
        fee=np.array([0.1, 0.2]),
        profit=np.array([np.nan, -1.5]),
        reason=np.array([ExitReason.NONE, ExitReason.PARTIAL_1], dtype=np.int16),
    )
