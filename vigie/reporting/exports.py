"""Trades and events as files for other programs: CSV, JSON or Parquet, as bytes."""

from __future__ import annotations

from vigie.domain.trades import EventKind, ExitReason
from vigie.reporting.table_files import instants, numbers, table_file, texts, whole
from vigie.research.result import BacktestResult


def trades_table(result: BacktestResult, suffix: str) -> bytes:
    """The closed trades, in order of exit.

    Args:
        result: a backtest.
        suffix: ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        ConfigError: another suffix.
    """
    trades, pairs = result.trades, result.pairs
    return table_file(
        {
            "pair": texts([pairs[index] for index in trades.pair]),
            "side": texts(["long"] * len(trades)),
            "entry_at": instants(trades.entry_at),
            "exit_at": instants(trades.exit_at),
            "entry_price": numbers(trades.entry_price),
            "exit_price": numbers(trades.exit_price),
            "quantity": numbers(trades.quantity),
            "fees": numbers(trades.fees),
            "slippage": numbers(trades.slippage),
            "profit": numbers(trades.profit),
            "profit_fraction": numbers(trades.profit_fraction),
            "exit_reason": texts([ExitReason(code).label for code in trades.exit_reason]),
            "stop_at_entry": numbers(trades.stop_at_entry),
            "bars_held": whole(trades.bars_held),
        },
        suffix,
    )


def events_table(result: BacktestResult, suffix: str) -> bytes:
    """One row per buy, partial sale or sale, in the order in which they happened.

    Args:
        result: a backtest.
        suffix: ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        ConfigError: another suffix.
    """
    events, pairs = result.events, result.pairs
    return table_file(
        {
            "pair": texts([pairs[index] for index in events.pair]),
            "type": texts([EventKind(code).label for code in events.kind]),
            "at": instants(events.at),
            "price": numbers(events.price),
            "quantity": numbers(events.quantity),
            "fee": numbers(events.fee),
            "profit": numbers(events.profit),
            "reason": texts([ExitReason(code).label for code in events.reason]),
        },
        suffix,
    )
