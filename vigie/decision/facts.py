"""What the gate's rules are told about a wanted entry."""

from __future__ import annotations

from typing import NamedTuple


class Facts(NamedTuple):
    """One wanted entry and the state of the account at that instant. Unknown is NaN and never means yes.

    Attributes:
        direction: +1 long, -1 short.
        price: expected fill, quote per base.
        stop_distance: quote; NaN: unknown.
        target_distance: quote; NaN: none.
        quantity: base, after sizing and rounding.
        notional: quote, value of the order.
        min_quantity, min_notional: the venue's filters; 0: unknown.
        open_positions: positions now open in the wallet.
        correlation: highest absolute correlation with an open position; 0 without one, NaN where unknown.
        equity: wallet plus coins at their last close, quote.
        day_first_equity: first equity of this UTC day, quote.
        day_lowest_equity: lowest equity of this UTC day so far, quote.
        worst_drawdown: largest fall from a peak since the start of the run, as a fraction.
        start_equity: equity at the start of the account, moved with deposits and withdrawals, quote.
        lowest_equity: lowest equity since then, moved likewise, quote.
        heat: planned losses of all open positions: what they lose against their entries at their stops, quote.
        trades_today: entries of this UTC day.
        losing_streak: the longest run of lost trades that one closed on this UTC day has made.
        candles_in_row: closed candles without a hole up to the one that decided.
        bars_since_stop: candles since this pair was last stopped out; infinite if never.
    """

    direction: int
    price: float
    stop_distance: float
    target_distance: float
    quantity: float
    notional: float
    min_quantity: float
    min_notional: float
    open_positions: int
    correlation: float
    equity: float
    day_first_equity: float
    day_lowest_equity: float
    worst_drawdown: float
    start_equity: float
    lowest_equity: float
    heat: float
    trades_today: int
    losing_streak: int
    candles_in_row: int
    bars_since_stop: float
