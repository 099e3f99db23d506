"""The bar loop of a backtest, for any number of pairs in one wallet.

Plain functions on arrays and NamedTuples; `vigie.research.compile` compiles them together with the position rules,
the sizing rules and the gate's rules that live calls as Python. `size` and `gate` are put in by `compile`.

Order inside one candle: (a) at its open, sales that were decided before, then entries that were decided before, by
confidence, then pair name; (b) stops inside the candle; (c) at its close, stop moves, partials and exits, the mark
of the account, and new wishes, which wait for the next open or (policy) are filled at this close.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vigie.decision.correlation import highest_correlation
from vigie.decision.facts import Facts
from vigie.decision.policies import Costs, FillAt, Filters, GapPolicy, Rules, StopTest, floor_to
from vigie.decision.position_rules import Bar, Position, advance, effective_stop, opened
from vigie.decision.sizing.wanted import Wanted
from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.trades import EventKind, ExitReason
from vigie.simulation.fills import buy_price, fee_of, sell_price, stop_limit_fill, stop_market_fill


class Market(NamedTuple):
    """Candles on one common timeline, pairs sorted by name.

    Attributes:
        open, high, low, close: quote, shape (pairs, rows); NaN where a pair has no candle.
        returns: log returns against the pair's candle before, shape (pairs, rows) (or (pairs, 0) with one pair).
        in_row: candles without a hole up to each one, shape (pairs, rows).
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

    entry: np.ndarray
    exit: np.ndarray
    stop_distance: FloatArray
    target_distance: FloatArray
    volatility: FloatArray
    confidence: FloatArray


class Wallet(NamedTuple):
    """Numbers of the account besides the rules.

    Attributes:
        capital: quote at the start.
        sizing: index of the sizing rule.
        amount: its number.
        cash_fraction, position_fraction: caps of an entry, as in `Settings`.
        correlation_window: candles.
    """

    capital: float
    sizing: int
    amount: float
    cash_fraction: float
    position_fraction: float
    correlation_window: int


class Book(NamedTuple):
    """Where the loop writes.

    Attributes:
        equity, invested: quote at each close, shape (rows,).
        stops: effective stop at each close, NaN while flat, shape (pairs, rows).
        trades: one line per closed trade, columns TRADE_*, shape (room, 12).
        events: one line per fill, columns EVENT_*, shape (room, 8).
        counts: trades, events, pending entries at the end, shape (3,).
        refused: refusals per rule of the gate, shape (rules,).
        held: open positions, columns HELD_*, shape (pairs, 20).
    """

    equity: FloatArray
    invested: FloatArray
    stops: FloatArray
    trades: FloatArray
    events: FloatArray
    counts: IntArray
    refused: IntArray
    held: FloatArray


# Columns of Book.held: the Position, then what accounting needs.
H_ENTRY, H_QUANTITY, H_VOLATILITY, H_FIXED, H_TRAILING, H_ACTIVE, H_EVEN, H_HIGHEST, H_TARGET, H_TAKEN = range(10)
H_ROW, H_AT_CLOSE, H_BOUGHT, H_SPENT, H_RECEIVED, H_FEES, H_SLIPPAGE, H_FIRST_STOP, H_RESTING = range(10, 19)
HELD_COLUMNS = 19

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
A_CASH, A_DAY, A_DAY_FIRST, A_DAY_LOW, A_PEAK, A_WORST, A_OPEN = range(7)
ACCOUNT_COLUMNS = 7


def size(kind: int, wanted: Wanted, amount: float) -> float:
    """Replaced by `compile.assemble`: the sizing rule number ``kind``."""
    raise NotImplementedError


def gate(facts: Facts, limits: FloatArray) -> int:
    """Replaced by `compile.assemble`: a bit mask of the rules that refuse."""
    raise NotImplementedError


def walk(
    market: Market, wishes: Wishes, rules: Rules, costs: Costs, wallet: Wallet, limits: FloatArray, book: Book
) -> None:
    """Run the whole backtest; everything is written into ``book``.

    One long function on purpose: whatever happens at every candle stands here, on arrays that are never handed on
    (a call that passes arrays costs more than the work of a candle); what happens only at fills is in the functions
    below it.
    """
    pairs, rows = market.close.shape
    held = book.held
    account = np.zeros(ACCOUNT_COLUMNS)
    account[A_CASH] = account[A_PEAK] = wallet.capital
    account[A_DAY] = -1.0
    leaving = np.zeros(pairs, dtype=np.int64)
    entering = np.full(pairs, -1, dtype=np.int64)
    stopped_at = np.full(pairs, -np.inf)
    sold_at = np.full(pairs, -1, dtype=np.int64)
    last_close = np.full(pairs, np.nan)
    at_close = rules.fill_at == FillAt.CLOSE
    waiting = 0
    for row in range(rows):
        fills_at_close = at_close or (rules.last_at_close and row == rows - 1)
        # (a) At the open: sales decided before, then entries decided before.
        if account[A_OPEN] > 0.0:
            for pair in range(pairs):
                open_ = market.open[pair, row]
                if held[pair, H_QUANTITY] == 0.0 or open_ != open_:
                    continue
                reason = leaving[pair]
                if reason == 0 and held[pair, H_RESTING] > 0.0 and rules.gap_policy == GapPolicy.CHASE:
                    reason = ExitReason.GAP.value
                if reason != 0:
                    leaving[pair] = 0
                    price = sell_price(open_, costs.slippage_fraction)
                    _close(pair, row, AT_OPEN, price, open_, reason, costs, account, book)
                    sold_at[pair] = row
        if waiting > 0:
            waiting = _enter(
                row, AT_OPEN, market, wishes, rules, costs, wallet, limits, account, entering, stopped_at, last_close, book
            )
        # (b) Inside the candle: stops. (c) At the close: stop moves, partials, exits.
        if account[A_OPEN] > 0.0:
            for pair in range(pairs):
                close = market.close[pair, row]
                if held[pair, H_QUANTITY] == 0.0 or close != close:
                    continue
                position = _held(held, pair)
                filters = Filters(
                    market.filters[pair, 0], market.filters[pair, 1], market.filters[pair, 2], market.filters[pair, 3]
                )
                if rules.stop_test == StopTest.INTRABAR:
                    open_ = market.open[pair, row]
                    met = _meet_stop(
                        position, held[pair, H_RESTING] > 0.0, open_, market.high[pair, row], market.low[pair, row],
                        filters.tick, rules, costs.slippage_fraction,
                    )
                    held[pair, H_RESTING] = 1.0 if met.rests else 0.0
                    if met.filled:
                        if met.reason == ExitReason.STOP:
                            stopped_at[pair] = float(row)
                        _close(pair, row, AT_OPEN, met.price, min(open_, met.trigger), met.reason, costs, account, book)
                        sold_at[pair] = row
                        continue
                bar = Bar(market.high[pair, row], close, wishes.volatility[pair, row], wishes.exit[pair, row])
                position, actions = advance(position, bar, rules, filters)
                _keep(held, pair, position)
                if actions.partial_1 > 0.0:
                    _part(pair, row, actions.partial_1, PARTIAL_1, close, costs, account, book)
                if actions.partial_2 > 0.0:
                    _part(pair, row, actions.partial_2, PARTIAL_2, close, costs, account, book)
                if actions.exit != 0 and leaving[pair] == 0:
                    if actions.exit == ExitReason.STOP:
                        stopped_at[pair] = float(row)
                    if fills_at_close:
                        price = sell_price(close, costs.slippage_fraction)
                        _close(pair, row, AT_CLOSE, price, close, actions.exit, costs, account, book)
                        sold_at[pair] = row
                    else:
                        leaving[pair] = actions.exit
        # (c) At the close: new wishes, then the mark of the account.
        for pair in range(pairs):
            close = market.close[pair, row]
            if close == close:
                last_close[pair] = close
            if wishes.entry[pair, row] == 0 or held[pair, H_QUANTITY] > 0.0 or (at_close and sold_at[pair] == row):
                continue
            if entering[pair] < 0:
                waiting += 1
            entering[pair] = row
        equity = _equity(account, last_close, held)
        _limits(equity, market.day[row], account)
        if waiting > 0 and fills_at_close:
            waiting = _enter(
                row, AT_CLOSE, market, wishes, rules, costs, wallet, limits, account, entering, stopped_at, last_close, book
            )
            equity = _equity(account, last_close, held)
            _limits(equity, market.day[row], account)
        book.equity[row] = equity
        book.invested[row] = equity - account[A_CASH]
        if account[A_OPEN] > 0.0:
            for pair in range(pairs):
                if held[pair, H_QUANTITY] > 0.0:
                    book.stops[pair, row] = effective_stop(_held(held, pair), market.filters[pair, 0])
    book.counts[2] = waiting


class Met(NamedTuple):
    """How a stop order met a candle.

    Attributes:
        filled: it was sold.
        rests: it was jumped over and rests at its limit.
        price, trigger: quote.
        reason: ExitReason code.
    """

    filled: bool
    rests: bool
    price: float
    trigger: float
    reason: int


def _meet_stop(
    position: Position, resting: bool, open_: float, high: float, low: float, tick: float, rules: Rules, slippage: float
) -> Met:
    """The stop order that rests at the venue meets the inside of a candle."""
    trigger = effective_stop(position, tick)
    trailing = position.trail_active and position.trailing > position.fixed_stop
    reason = ExitReason.TRAILING.value if trailing else ExitReason.STOP.value
    if not trigger > 0.0:
        return Met(False, False, 0.0, trigger, reason)
    if rules.stop_limit_fraction > 0.0:
        limit = floor_to(trigger * (1.0 - rules.stop_limit_fraction), tick)
        filled, rests, price = stop_limit_fill(trigger, limit, resting, open_, high, low, slippage)
        return Met(filled, rests, price, trigger, reason)
    filled, price = stop_market_fill(trigger, open_, low, slippage)
    return Met(filled, False, price, trigger, reason)


def _enter(
    row: int, when: float, market: Market, wishes: Wishes, rules: Rules, costs: Costs, wallet: Wallet,
    limits: FloatArray, account: FloatArray, entering: IntArray, stopped_at: FloatArray, last_close: FloatArray,
    book: Book,
) -> int:
    """Try the waiting entries whose pair has a candle here, by confidence, then pair name.

    Returns:
        how many entries still wait.
    """
    while True:
        first = _next_to_enter(row, market.close, wishes.confidence, entering)
        if first < 0:
            return int((entering >= 0).sum())
        signal = entering[first]
        entering[first] = -1
        correlated = 0.0
        if account[A_OPEN] > 0.0 and market.returns.shape[1] > 0:
            held = book.held[:, H_QUANTITY]
            correlated = highest_correlation(market.returns, first, held, signal, wallet.correlation_window)
        _try(
            first,
            row,
            when,
            Entry(
                direction=int(wishes.entry[first, signal]),
                reference=market.close[first, row] if when == AT_CLOSE else market.open[first, row],
                stop_distance=wishes.stop_distance[first, signal],
                target_distance=wishes.target_distance[first, signal],
                volatility=wishes.volatility[first, signal],
                correlation=correlated,
                candles_in_row=int(market.in_row[first, signal]),
                bars_since_stop=float(signal) - stopped_at[first],
            ),
            Filters(
                market.filters[first, 0], market.filters[first, 1], market.filters[first, 2], market.filters[first, 3]
            ),
            rules, costs, wallet, limits, account, _equity(account, last_close, book.held), book,
        )


def _next_to_enter(row: int, close: FloatArray, confidence: FloatArray, entering: IntArray) -> int:
    """The waiting pair with a candle in this row and the highest confidence, the first by name among equals; or -1."""
    first, highest = -1, -np.inf
    for pair in range(len(entering)):
        signal = entering[pair]
        if signal >= 0 and close[pair, row] == close[pair, row] and confidence[pair, signal] > highest:
            first, highest = pair, confidence[pair, signal]
    return first


class Entry(NamedTuple):
    """One wanted entry: what the signal said, and the price it meets. Fields as in `Facts` and `Signals`."""

    direction: int
    reference: float
    stop_distance: float
    target_distance: float
    volatility: float
    correlation: float
    candles_in_row: int
    bars_since_stop: float


def _try(
    pair: int, row: int, when: float, entry: Entry, filters: Filters, rules: Rules, costs: Costs, wallet: Wallet,
    limits: FloatArray, account: FloatArray, equity: float, book: Book,
) -> None:
    """Size one entry, ask the gate, and fill it if nothing refuses."""
    price = buy_price(entry.reference, costs.slippage_fraction)
    wanted = Wanted(equity, wallet.capital, price, entry.stop_distance, entry.volatility)
    per_unit = price if costs.fee_in_base else price * (1.0 + costs.fee_fraction)
    quantity = size(wallet.sizing, wanted, wallet.amount)
    quantity = min(quantity, account[A_CASH] * wallet.cash_fraction / per_unit)
    quantity = floor_to(min(quantity, equity * wallet.position_fraction / price), filters.step)
    facts = Facts(
        direction=entry.direction,
        stop_distance=entry.stop_distance,
        quantity=quantity,
        notional=quantity * price,
        min_quantity=filters.min_quantity,
        min_notional=filters.min_notional,
        open_positions=int(account[A_OPEN]),
        correlation=entry.correlation,
        equity=equity,
        day_first_equity=account[A_DAY_FIRST],
        day_lowest_equity=account[A_DAY_LOW],
        worst_drawdown=account[A_WORST],
        candles_in_row=entry.candles_in_row,
        bars_since_stop=entry.bars_since_stop,
    )
    refusing = gate(facts, limits)
    for rule in range(len(limits)):
        if refusing >> rule & 1:
            book.refused[rule] += 1
    if refusing == 0 and quantity > 0.0 and entry.direction > 0:
        position = opened(price, quantity, entry.stop_distance, entry.target_distance, entry.volatility, rules)
        _open(pair, row, when, position, entry.reference, costs, filters.tick, account, book)


def _open(
    pair: int, row: int, when: float, position: Position, reference: float, costs: Costs, tick: float,
    account: FloatArray, book: Book,
) -> None:
    """Book a filled entry."""
    quantity, price = position.quantity, position.entry_price
    value = quantity * price
    fee = fee_of(value, costs.fee_fraction)
    spent = value if costs.fee_in_base else value + fee
    coins = quantity * (1.0 - costs.fee_fraction) if costs.fee_in_base else quantity
    # All-in sizing can miss the cash by the last bit of a float; a wallet never goes below zero.
    account[A_CASH] -= min(spent, account[A_CASH])
    account[A_OPEN] += 1.0
    _keep(book.held, pair, position)
    line = book.held[pair]
    line[H_QUANTITY] = line[H_BOUGHT] = coins
    line[H_ROW] = float(row)
    line[H_AT_CLOSE] = when
    line[H_SPENT] = spent
    line[H_FEES] = fee
    line[H_SLIPPAGE] = (price - reference) * quantity
    line[H_FIRST_STOP] = effective_stop(position, tick)
    line[H_RECEIVED] = line[H_RESTING] = 0.0
    _event(pair, BUY, row, when, price, coins, fee, np.nan, NO_REASON, book)


def _part(
    pair: int, row: int, quantity: float, reason: float, close: float, costs: Costs, account: FloatArray, book: Book
) -> None:
    """Sell a part at the close."""
    price = sell_price(close, costs.partial_slippage_fraction)
    value = quantity * price
    fee = fee_of(value, costs.fee_fraction)
    account[A_CASH] += value - fee
    line = book.held[pair]
    line[H_QUANTITY] -= quantity
    line[H_RECEIVED] += value - fee
    line[H_FEES] += fee
    line[H_SLIPPAGE] += (close - price) * quantity
    _event(pair, PARTIAL, row, AT_CLOSE, price, quantity, fee, value - fee, reason, book)


def _close(
    pair: int, row: int, when: float, price: float, reference: float, reason: int, costs: Costs,
    account: FloatArray, book: Book,
) -> None:
    """Sell all that is held and write the trade."""
    line = book.held[pair]
    quantity = line[H_QUANTITY]
    value = quantity * price
    fee = fee_of(value, costs.fee_fraction)
    account[A_CASH] += value - fee
    account[A_OPEN] -= 1.0
    profit = line[H_RECEIVED] + (value - fee) - line[H_SPENT]
    trade = book.trades[book.counts[0]]
    trade[T_PAIR] = float(pair)
    trade[T_ENTRY_ROW] = line[H_ROW]
    trade[T_ENTRY_AT_CLOSE] = line[H_AT_CLOSE]
    trade[T_EXIT_ROW] = float(row)
    trade[T_EXIT_AT_CLOSE] = when
    trade[T_ENTRY] = line[H_ENTRY]
    trade[T_EXIT] = price
    trade[T_QUANTITY] = line[H_BOUGHT]
    trade[T_FEES] = line[H_FEES] + fee
    trade[T_SLIPPAGE] = line[H_SLIPPAGE] + (reference - price) * quantity
    trade[T_PROFIT] = profit
    trade[T_SPENT] = line[H_SPENT]
    trade[T_REASON] = float(reason)
    trade[T_STOP] = line[H_FIRST_STOP]
    book.counts[0] += 1
    _event(pair, SELL, row, when, price, quantity, fee, profit, float(reason), book)
    line[:] = 0.0


def _event(
    pair: int, kind: float, row: int, when: float, price: float, quantity: float, fee: float, profit: float,
    reason: float, book: Book,
) -> None:
    event = book.events[book.counts[1]]
    event[E_PAIR] = float(pair)
    event[E_KIND] = kind
    event[E_ROW] = float(row)
    event[E_AT_CLOSE] = when
    event[E_PRICE] = price
    event[E_QUANTITY] = quantity
    event[E_FEE] = fee
    event[E_PROFIT] = profit
    event[E_REASON] = reason
    book.counts[1] += 1


def _limits(equity: float, day: int, account: FloatArray) -> None:
    """Remember at each close what the limits look at."""
    if day != account[A_DAY]:
        account[A_DAY] = float(day)
        account[A_DAY_FIRST] = account[A_DAY_LOW] = equity
    account[A_DAY_LOW] = min(account[A_DAY_LOW], equity)
    if equity >= account[A_PEAK]:
        account[A_PEAK] = equity
    elif equity < account[A_PEAK] * (1.0 - account[A_WORST]):
        account[A_WORST] = 1.0 - equity / account[A_PEAK]


def _equity(account: FloatArray, last_close: FloatArray, held: FloatArray) -> float:
    """Cash plus coins at their last close, quote."""
    equity = float(account[A_CASH])
    if account[A_OPEN] > 0.0:
        for pair in range(len(last_close)):
            if held[pair, H_QUANTITY] > 0.0:
                equity += held[pair, H_QUANTITY] * last_close[pair]
    return equity


def _held(held: FloatArray, pair: int) -> Position:
    return Position(
        entry_price=held[pair, H_ENTRY],
        quantity=held[pair, H_QUANTITY],
        volatility=held[pair, H_VOLATILITY],
        fixed_stop=held[pair, H_FIXED],
        trailing=held[pair, H_TRAILING],
        trail_active=held[pair, H_ACTIVE] > 0.0,
        breakeven_done=held[pair, H_EVEN] > 0.0,
        highest=held[pair, H_HIGHEST],
        target=held[pair, H_TARGET],
        partials_taken=int(held[pair, H_TAKEN]),
    )


def _keep(held: FloatArray, pair: int, position: Position) -> None:
    held[pair, H_ENTRY] = position.entry_price
    held[pair, H_QUANTITY] = position.quantity
    held[pair, H_VOLATILITY] = position.volatility
    held[pair, H_FIXED] = position.fixed_stop
    held[pair, H_TRAILING] = position.trailing
    held[pair, H_ACTIVE] = 1.0 if position.trail_active else 0.0
    held[pair, H_EVEN] = 1.0 if position.breakeven_done else 0.0
    held[pair, H_HIGHEST] = position.highest
    held[pair, H_TARGET] = position.target
    held[pair, H_TAKEN] = float(position.partials_taken)
