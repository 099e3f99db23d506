"""The three engines of the original, candle by candle, from their specification.

Mended in generation B, and nowhere else:

1. *look-ahead*: its ADX scenario averaged with windows centred on the bar; here it is Wilder's (lesson 70);
2. *vanishing cash*: sizing ``baseline`` bought for 95 % of the cash and set all of it to 0; here the rest stays (77);
3. *profit of a trade*: was the whole wallet minus the cost of the position; here wallet after minus wallet before (78);
4. *volatility parity*: divided by the price twice (79); ``volatility_parity_mended=False`` brings that back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tests.oracles.classic_filters import Columns, Rows, prepare
from tests.oracles.classic_settings import ClassicSettings, Generation, Numbers, resolved

__all__ = ["ClassicRun", "ClassicSettings", "Event", "follow", "run"]

Kind = Literal["buy", "partial_1", "partial_2", "sell"]


class Event(NamedTuple):
    """One fill.

    ``row``: row of the full series at whose close it was decided. ``quantity``: coins received (net of the fee) or
    sold. ``profit``: of the whole trade, at its sell only. ``reason``: entry, partial, stop, trailing or signal.
    """

    kind: Kind
    row: int
    price: float
    quantity: float
    profit: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class ClassicRun:
    """What happened; an open position is valued at the last close, without a fee and without an event."""

    events: list[Event]
    final_wallet: float
    max_drawdown: float


@dataclass(slots=True)
class _Account:
    """Cash, coins and everything an engine remembers about its position."""

    cash: float
    peak: float
    max_drawdown: float = 0.0
    coins: float = 0.0
    holding: bool = False
    before: float = 0.0
    entry: float = 0.0
    entry_atr: float = 0.0
    stop: float = 0.0
    highest: float = 0.0
    trailing: float = 0.0
    active: bool = False
    partial_1: bool = False
    partial_2: bool = False
    broke_even: bool = False
    cooldown: int = 0


def run(generation: Generation, candles: Columns, settings: ClassicSettings | None = None) -> ClassicRun:
    """Trade ``candles`` (opens_at in epoch ms, open, high, low, close, volume) as the generation did."""
    s = settings or ClassicSettings()
    if len(candles["close"]) < s.minimum_candles:
        return ClassicRun([], 0.0, 0.0)
    return follow(generation, prepare(generation, candles, s, resolved(generation, s)), s)


def follow(generation: Generation, rows: Rows, s: ClassicSettings) -> ClassicRun:
    """The engine alone, on conditions already known."""
    n = resolved(generation, s)
    account = _Account(cash=s.capital, peak=s.capital)
    events: list[Event] = []
    step = {"a": _step_a, "b": _step_b, "c": _step_c}[generation]
    for i in range(len(rows.close)):
        step(i, rows, account, events, s, n)
    return ClassicRun(events, account.cash + account.coins * rows.close[-1], account.max_drawdown)


def _measure(me: _Account, price: float) -> None:
    equity = me.cash + me.coins * price
    me.peak = max(me.peak, equity)
    me.max_drawdown = max(me.max_drawdown, (me.peak - equity) / me.peak)


def _sell_all(row: int, price: float, reason: str, me: _Account, events: list[Event], fee: float) -> None:
    sold = me.coins
    me.cash += sold * price * (1 - fee)
    me.coins = 0.0
    me.holding = False
    events.append(Event("sell", row, price, sold, me.cash - me.before, reason))


def _reason(*, below_stop: bool, below_trailing: bool, signal: bool) -> str:
    if below_stop:
        return "stop"
    if below_trailing:
        return "trailing"
    return "signal" if signal else ""


# --- generation A ---------------------------------------------------------------------------------------------------


def _step_a(i: int, rows: Rows, me: _Account, events: list[Event], s: ClassicSettings, n: Numbers) -> None:
    """Fills at the close, all in; the trailing stop lives from the entry on and follows the ATR of each new high."""
    price, row = rows.close[i], rows.offset + i
    if me.holding:
        if price > me.highest:
            me.highest = price
            me.trailing = price - n.trailing_atr * rows.atr[i]
        _measure(me, price)
        reason = _reason(below_stop=price < me.stop, below_trailing=price < me.trailing, signal=rows.wants_out[i])
        if reason:
            _sell_all(row, price, reason, me, events, s.fee)
    elif me.cash > 0 and rows.may_enter[i]:
        me.before = me.cash
        me.coins = me.cash / price * (1 - s.fee)
        me.cash = 0.0
        me.holding = True
        me.stop = price - s.stop_atr * rows.atr[i]
        me.trailing = price - n.trailing_atr * rows.atr[i]
        me.highest = price
        events.append(Event("buy", row, price, me.coins, None, "entry"))


# --- what B and C share ---------------------------------------------------------------------------------------------


def _fill_price(i: int, rows: Rows, factor: float, *, at_close: bool) -> float:
    """The next open; on the last candle there is none, so its own close."""
    last = i + 1 == len(rows.close)
    return (rows.close[i] if at_close or last else rows.open[i + 1]) * factor


def _follow(price: float, me: _Account, n: Numbers) -> None:
    """Highest close; the trailing stop sleeps until entry + k ATR(entry) and then only rises."""
    distance = n.trailing_atr * me.entry_atr
    me.highest = max(me.highest, price)
    if not me.active and price >= me.entry + distance:
        me.active = True
    if me.active:
        me.trailing = max(me.trailing, me.highest - distance)


def _take_part(
    kind: Kind, row: int, price: float, part: float, me: _Account, events: list[Event], fee: float, least: float
) -> None:
    """Sell a part of the coins still held; a part worth less than ``least`` is skipped."""
    sold = me.coins * part
    if sold * price < least:
        return
    me.cash += sold * price * (1 - fee)
    me.coins -= sold
    events.append(Event(kind, row, price, sold, None, "partial"))


def _take_parts(
    row: int, price: float, me: _Account, events: list[Event], s: ClassicSettings, least: float = 0.0
) -> None:
    """Both partials can happen on one bar. One that is skipped for its size is marked as taken all the same."""
    gained = (price - me.entry) / me.entry
    if not me.partial_1 and gained >= s.partial_1_at:
        me.partial_1 = True
        _take_part("partial_1", row, price, s.partial_1_part, me, events, s.fee, least)
    if not me.partial_2 and gained >= s.partial_2_at:
        me.partial_2 = True
        _take_part("partial_2", row, price, s.partial_2_part, me, events, s.fee, least)


def _buy(
    row: int, fill: float, gross: float, atr: float, me: _Account, events: list[Event], s: ClassicSettings
) -> None:
    """``gross`` coins are paid for; the fee is taken from the coins."""
    me.before = me.cash
    me.coins = gross * (1 - s.fee)
    me.cash -= gross * fill
    me.holding = True
    me.entry = me.highest = fill
    me.entry_atr = atr
    me.stop = fill - s.stop_atr * atr
    me.trailing = 0.0
    me.active = me.partial_1 = me.partial_2 = me.broke_even = False
    events.append(Event("buy", row, fill, me.coins, None, "entry"))


# --- generation B ---------------------------------------------------------------------------------------------------


def _size_b(cash: float, fill: float, atr: float, s: ClassicSettings, n: Numbers) -> float:
    usable = math.isfinite(atr) and atr > 0
    if s.sizing == "fixed_notional":
        return min(cash / fill, s.notional_fraction * s.capital / fill)
    if s.sizing == "risk" and usable:
        return min(cash / fill, cash * n.risk / (s.stop_atr * atr))
    if s.sizing == "volatility_parity" and usable:
        per_coin = atr if s.volatility_parity_mended else atr * fill
        return min(cash / fill, cash * s.target_volatility / per_coin)
    return n.cushion * cash / fill


def _step_b(i: int, rows: Rows, me: _Account, events: list[Event], s: ClassicSettings, n: Numbers) -> None:
    """Fills at the next open; stops are hit when the close is at or below them."""
    price, row = rows.close[i], rows.offset + i
    if me.holding:
        _follow(price, me, n)
        if s.partials:
            _take_parts(row, price, me, events, s)
        _measure(me, price)
        below_trailing = me.active and price <= me.trailing
        reason = _reason(below_stop=price <= me.stop, below_trailing=below_trailing, signal=rows.wants_out[i])
        if reason:
            fill = _fill_price(i, rows, 1 - n.slippage_sell, at_close=s.fill_at_close)
            _sell_all(row, fill, reason, me, events, s.fee)
    elif me.cash > 0 and rows.may_enter[i]:
        fill = _fill_price(i, rows, 1 + n.slippage_buy, at_close=s.fill_at_close)
        _buy(row, fill, _size_b(me.cash, fill, rows.atr[i], s, n), rows.atr[i], me, events, s)


# --- generation C ---------------------------------------------------------------------------------------------------


def _size_c(cash: float, fill: float, atr: float, s: ClassicSettings, n: Numbers) -> float:
    cap = cash * n.cushion / fill
    if s.sizing == "baseline":
        return cap
    if s.sizing == "risk":
        return min(cap, cash * n.risk / (s.stop_atr * atr))
    raise ValueError(f"generation C knows no sizing '{s.sizing}'")


def _step_c(i: int, rows: Rows, me: _Account, events: list[Event], s: ClassicSettings, n: Numbers) -> None:
    """As B with strict stops, break-even before the partials, a cooldown after a stop and a smallest order."""
    price, row = rows.close[i], rows.offset + i
    if me.holding:
        _follow(price, me, n)
        if s.breakeven and not me.broke_even and (price - me.entry) / me.entry >= s.breakeven_at:
            me.broke_even = True
            me.stop = max(me.stop, me.entry * (1 + n.slippage_buy))
        if s.partials and me.coins * price >= 3 * s.minimum_notional:
            _take_parts(row, price, me, events, s, least=s.minimum_notional)
        _measure(me, price)
        reason = _reason(below_stop=price < me.stop, below_trailing=price < me.trailing, signal=rows.wants_out[i])
        if reason:
            fill = _fill_price(i, rows, 1 - n.slippage_sell, at_close=s.fill_at_close)
            _sell_all(row, fill, reason, me, events, s.fee)
            if reason == "stop":
                me.cooldown = s.cooldown_bars
        return
    if me.cooldown > 0:
        me.cooldown -= 1
    if me.cooldown == 0 and me.cash > 0 and rows.may_enter[i]:
        fill = _fill_price(i, rows, 1 + n.slippage_buy, at_close=s.fill_at_close)
        _buy(row, fill, _size_c(me.cash, fill, rows.atr[i], s, n), rows.atr[i], me, events, s)
