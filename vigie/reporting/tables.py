"""The tables that every report shows: one source for terminal, HTML and JSON."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vigie.domain.trades import ExitReason, Trades
from vigie.metrics.round_trips import round_trips
from vigie.research.result import BacktestResult


@dataclass(frozen=True, slots=True)
class PairRow:
    """One pair of a run.

    Attributes:
        candles: how many.
        trades: closed.
        win_rate, profit_factor, expectancy_fraction: as in the metrics; None where undefined.
        profit, fees: of closed trades, in quote.
        open_profit: unrealised, in quote, 0 without an open position.
        exposure_fraction: share of candles with a stop in force; None without candles.
        hold_return: last close / first open - 1; None without candles.
    """

    pair: str
    candles: int
    trades: int
    win_rate: float | None
    profit_factor: float | None
    expectancy_fraction: float | None
    profit: float
    open_profit: float
    fees: float
    exposure_fraction: float | None
    hold_return: float | None


@dataclass(frozen=True, slots=True)
class ExitRow:
    """Trades left for one reason; ``share`` is of all trades, ``profit`` in quote."""

    reason: str
    trades: int
    share: float
    win_rate: float
    profit: float
    average_fraction: float


def quote_asset(result: BacktestResult) -> str:
    """The asset that all amounts are in: ``USDT``; ``quote`` when the pairs differ."""
    quotes = {one.pair.quote for one in result.series}
    return quotes.pop() if len(quotes) == 1 else "quote"


def by_pair(result: BacktestResult) -> tuple[PairRow, ...]:
    """One row per pair, in the order of the run."""
    return tuple(_pair_row(result, index) for index in range(len(result.series)))


def by_exit_reason(trades: Trades) -> tuple[ExitRow, ...]:
    """One row per exit reason that occurred, the most frequent first."""
    rows = []
    for code in np.unique(trades.exit_reason).tolist():
        part = trades[trades.exit_reason == code]
        count = len(part)
        rows.append(
            ExitRow(
                reason=ExitReason(code).label,
                trades=count,
                share=count / len(trades),
                win_rate=int(np.count_nonzero(part.profit > 0.0)) / count,
                profit=float(part.profit.sum()),
                average_fraction=float(part.profit_fraction.mean()),
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.trades, row.reason)))


def _pair_row(result: BacktestResult, index: int) -> PairRow:
    candles, name = result.series[index].candles, result.pairs[index]
    numbers = round_trips(result.trades[result.trades.pair == index])
    found = {key: None if isinstance(value, str) else value for key, value in numbers.items()}
    count = len(candles)
    return PairRow(
        pair=name,
        candles=count,
        trades=int(found["trades"] or 0),
        win_rate=found["win_rate"],
        profit_factor=found["profit_factor"],
        expectancy_fraction=found["expectancy_fraction"],
        profit=found["profit"] or 0.0,
        open_profit=sum(one.profit for one in result.open_positions if one.pair == name),
        fees=found["fees"] or 0.0,
        exposure_fraction=int(np.count_nonzero(~np.isnan(result.stops[index]))) / count if count else None,
        hold_return=float(candles.close[-1] / candles.open[0]) - 1.0 if count else None,
    )
