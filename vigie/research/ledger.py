"""The bar loop's lines of numbers, turned into trades, events and open positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TypeVar

import numpy as np

from vigie.domain.candles import Candles, FloatArray, IntArray
from vigie.domain.pair import Pair
from vigie.domain.trades import Events, Trades
from vigie.research.kernel import records as k
from vigie.research.result import OpenPosition
from vigie.research.timeline import Timeline

Columns = TypeVar("Columns", Trades, Events)


def trades(lines: FloatArray, timeline: Timeline) -> Trades:
    """Closed trades from lines of shape (n, 14)."""
    column = np.ascontiguousarray(lines.T)
    entry_row, exit_row = column[k.T_ENTRY_ROW].astype(np.int64), column[k.T_EXIT_ROW].astype(np.int64)
    spent = column[k.T_SPENT]
    return Trades(
        pair=column[k.T_PAIR].astype(np.int16),
        entry_at=_instants(entry_row, column[k.T_ENTRY_AT_CLOSE], timeline),
        exit_at=_instants(exit_row, column[k.T_EXIT_AT_CLOSE], timeline),
        entry_price=column[k.T_ENTRY],
        exit_price=column[k.T_EXIT],
        quantity=column[k.T_QUANTITY],
        fees=column[k.T_FEES],
        slippage=column[k.T_SLIPPAGE],
        profit=column[k.T_PROFIT],
        profit_fraction=column[k.T_PROFIT] / spent,
        exit_reason=column[k.T_REASON].astype(np.int16),
        stop_at_entry=column[k.T_STOP],
        bars_held=exit_row - entry_row,
    )


def events(lines: FloatArray, timeline: Timeline) -> Events:
    """Fills from lines of shape (n, 9)."""
    column = np.ascontiguousarray(lines.T)
    return Events(
        pair=column[k.E_PAIR].astype(np.int16),
        kind=column[k.E_KIND].astype(np.int16),
        at=_instants(column[k.E_ROW].astype(np.int64), column[k.E_AT_CLOSE], timeline),
        price=column[k.E_PRICE],
        quantity=column[k.E_QUANTITY],
        fee=column[k.E_FEE],
        profit=column[k.E_PROFIT],
        reason=column[k.E_REASON].astype(np.int16),
    )


def _instants(rows: IntArray, at_close: FloatArray, timeline: Timeline) -> IntArray:
    instants: IntArray = np.where(at_close > 0, timeline.closes_at[rows], timeline.opens_at[rows])
    return instants


def open_positions(
    held: FloatArray, timeline: Timeline, pairs: Sequence[Pair], candles: Sequence[Candles]
) -> tuple[OpenPosition, ...]:
    """What is still held after the last candle, from lines of shape (pairs, 20)."""
    found = []
    for index, line in enumerate(held):
        if line[k.H_QUANTITY] == 0.0:
            continue
        row = int(line[k.H_ROW])
        last = float(candles[index].close[-1])
        instants = timeline.closes_at if line[k.H_AT_CLOSE] > 0 else timeline.opens_at
        found.append(
            OpenPosition(
                pair=str(pairs[index]),
                entry_at=int(instants[row]),
                entry_price=float(line[k.H_ENTRY]),
                quantity=float(line[k.H_QUANTITY]),
                stop=float(line[k.H_STOP]),
                last_price=last,
                profit=float(line[k.H_RECEIVED] + line[k.H_QUANTITY] * last - line[k.H_SPENT]),
            )
        )
    return tuple(found)


def joined_trades(wallets: Sequence[Trades]) -> Trades:
    """Trades of several wallets (one pair each) in order of exit; ``pair`` counts the wallets."""
    return _joined(wallets, "exit_at")


def joined_events(wallets: Sequence[Events]) -> Events:
    """Events of several wallets (one pair each) in order of time; ``pair`` counts the wallets."""
    return _joined(wallets, "at")


def _joined(wallets: Sequence[Columns], by: str) -> Columns:
    if len(wallets) == 1:
        return wallets[0]
    whole = {
        column.name: np.concatenate([getattr(one, column.name) for one in wallets]) for column in fields(wallets[0])
    }
    whole["pair"] = np.concatenate([np.full(len(one), index, dtype=np.int16) for index, one in enumerate(wallets)])
    order = np.argsort(whole[by], kind="stable")
    return type(wallets[0])(**{name: column[order] for name, column in whole.items()})
