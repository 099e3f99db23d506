"""What the bar loop reads and writes: arrays, their columns, and NamedTuples of numbers."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vigie.domain.candles import BoolArray, FloatArray, IntArray
from vigie.domain.trades import EventKind, ExitReason

SmallInts: TypeAlias = NDArray[np.int8]


class Market(NamedTuple):
    """Candles on one common timeline, pairs sorted by name.

    Attributes:
        open, high, low, close: quote, shape (pairs, rows); NaN where a pair has no candle.
        returns: log returns against the pair's candle before, shape (pairs, rows before the range + rows), or
            (pairs, 0) with one pair.
        in_row: candles without a hole up to each one, those before the range included, shape (pairs, rows).
        day: UTC day number of each closing time, shape (rows,).
        filters: tick, step, minimum quantity, minimum notional, shape (pairs, 4).
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    returns: FloatArray
    in_row: IntArray
    day: IntArray
    filters: FloatArray


class Wishes(NamedTuple):
    """What the strategy wants at each close; arrays of shape (pairs, rows)."""

    entry: SmallInts
    exit: BoolArray
    stop_distance: FloatArray
    target_distance: FloatArray
    volatility: FloatArray
    confidence: FloatArray


class Book(NamedTuple):
    """Where the loop writes.

    Attributes:
        equity, invested: quote at each close, shape (rows,).
        stops: effective stop at each close, NaN while flat, shape (pairs, rows).
        trades: one line per closed trade, columns T_*, shape (room, 14).
        events: one line per fill, columns E_*, shape (room, 9).
        counts: trades, events, pending entries at the end, shape (3,).
        refused: refusals per rule of the gate, shape (rules,).
        held: open positions, columns H_*, shape (pairs, 20).
        account: cash and what the limits look at, columns A_*, shape (14,).
        leaving: by pair, why it is sold at the next open; 0: it is not.
        entering: by pair, the row whose close decided an entry that still waits; -1: none.
        stopped_at, sold_at: by pair, the row of the last stop and of the last sale.
        last_close: by pair, quote.
    """

    equity: FloatArray
    invested: FloatArray
    stops: FloatArray
    trades: FloatArray
    events: FloatArray
    counts: IntArray
    refused: IntArray
    held: FloatArray
    account: FloatArray
    leaving: IntArray
    entering: IntArray
    stopped_at: FloatArray
    sold_at: IntArray
    last_close: FloatArray

    @classmethod
    def empty(cls, pairs: int, rows: int, most_trades: int, rules: int) -> Book:
        """Blank pages for a run of so many pairs, candles, trades (at most) and rules of the gate.

        Made here and not in the loop: compiling each way to make an array costs more than running it.
        """
        return cls(
            equity=np.empty(rows),
            invested=np.empty(rows),
            stops=np.full((pairs, rows), np.nan),
            trades=np.empty((most_trades, TRADE_COLUMNS)),
            events=np.empty((4 * most_trades, EVENT_COLUMNS)),
            counts=np.zeros(3, dtype=np.int64),
            refused=np.zeros(rules, dtype=np.int64),
            held=np.zeros((pairs, HELD_COLUMNS)),
            account=np.zeros(ACCOUNT_COLUMNS),
            leaving=np.zeros(pairs, dtype=np.int64),
            entering=np.full(pairs, -1, dtype=np.int64),
            stopped_at=np.full(pairs, -np.inf),
            sold_at=np.full(pairs, -1, dtype=np.int64),
            last_close=np.full(pairs, np.nan),
        )


# Columns of Book.held: the Position, then what accounting needs.
H_ENTRY, H_QUANTITY, H_VOLATILITY, H_FIXED, H_TRAILING, H_ACTIVE, H_EVEN, H_HIGHEST, H_TARGET, H_TAKEN = range(10)
H_ROW, H_AT_CLOSE, H_BOUGHT, H_SPENT, H_RECEIVED, H_FEES, H_SLIPPAGE, H_FIRST_STOP, H_RESTING, H_STOP = range(10, 20)
HELD_COLUMNS = 20

# When a fill happens, what it is and why, as floats: whole-number and boolean constants make numba compile one copy
# of a function for each value.
AT_OPEN, AT_CLOSE = 0.0, 1.0
BUY, PARTIAL, SELL = float(EventKind.BUY), float(EventKind.PARTIAL), float(EventKind.SELL)
NO_REASON, PARTIAL_1, PARTIAL_2 = float(ExitReason.NONE), float(ExitReason.PARTIAL_1), float(ExitReason.PARTIAL_2)

# Columns of Book.trades and Book.events. AT_CLOSE is 1 where the fill happened at the close of its row.
T_PAIR, T_ENTRY_ROW, T_ENTRY_AT_CLOSE, T_EXIT_ROW, T_EXIT_AT_CLOSE, T_ENTRY, T_EXIT, T_QUANTITY = range(8)
T_FEES, T_SLIPPAGE, T_PROFIT, T_SPENT, T_REASON, T_STOP = range(8, 14)
TRADE_COLUMNS = 14
E_PAIR, E_KIND, E_ROW, E_AT_CLOSE, E_PRICE, E_QUANTITY, E_FEE, E_PROFIT, E_REASON = range(9)
EVENT_COLUMNS = 9

# Columns of the account.
A_CASH, A_DAY, A_DAY_FIRST, A_DAY_LOW, A_PEAK, A_WORST, A_LOWEST, A_OPEN, A_START = range(9)
A_TRADES, A_TRADES_DAY, A_STREAK, A_WORST_STREAK, A_STREAK_DAY = range(9, 14)
ACCOUNT_COLUMNS = 14
