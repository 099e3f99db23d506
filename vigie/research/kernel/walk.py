"""The bar loop of a backtest, for any number of pairs in one wallet.

Plain functions on arrays and NamedTuples; `vigie.research.compile` compiles them together with the position rules,
the sizing rules and the gate's rules that live calls as Python.

Order inside one candle: (a) at its open, sales that were decided before, then entries that were decided before, by
confidence, then pair name; (b) stops inside the candle; (c) at its close, stop moves, partials and exits, the mark
of the account, and new wishes, which wait for the next open or (policy) are filled at this close.
"""

from __future__ import annotations

from vigie.decision.marks import Marks, remembered
from vigie.decision.policies import Costs, FillAt, Filters, GapPolicy, Rules, StopTest, floor_to
from vigie.decision.position_rules import Bar, advance, await_sale
from vigie.decision.weighing import Wallet
from vigie.domain.candles import FloatArray
from vigie.domain.trades import ExitReason
from vigie.research.kernel.booking import book_exit, book_part, equity_of, held_position, keep_position
from vigie.research.kernel.entries import enter
from vigie.research.kernel.records import (
    A_CASH,
    A_DAY,
    A_DAY_FIRST,
    A_DAY_LOW,
    A_LOWEST,
    A_OPEN,
    A_PEAK,
    A_START,
    A_WORST,
    AT_CLOSE,
    AT_OPEN,
    H_FIXED,
    H_QUANTITY,
    H_RESTING,
    H_STOP,
    H_TRAILING,
    PARTIAL_1,
    PARTIAL_2,
    Book,
    Market,
    SmallInts,
    Wishes,
)
from vigie.simulation.fills import sell_price, stop_limit_fill, stop_market_fill, stop_sleeps


def walk(  # noqa: C901 - see below
    market: Market, wishes: Wishes, rules: Rules, costs: Costs, wallet: Wallet, limits: FloatArray, book: Book
) -> None:
    """Run the whole backtest; everything is written into ``book``.

    One long function on purpose: whatever happens at every candle stands here, on arrays that are never handed on
    (a call that passes arrays costs more than the work of a candle); what happens only at fills is in the functions
    below it.
    """
    pairs, rows = market.close.shape
    held = book.held
    account, leaving, entering = book.account, book.leaving, book.entering
    stopped_at, sold_at, last_close = book.stopped_at, book.sold_at, book.last_close
    account[A_CASH] = account[A_PEAK] = account[A_LOWEST] = account[A_START] = wallet.capital
    account[A_DAY] = -1.0
    at_close = rules.fill_at == FillAt.CLOSE
    waiting, row = 0, -1
    while row + 1 < rows:
        row += 1
        if waiting == 0 and account[A_OPEN] == 0.0:
            quiet = _next_entry(row, wishes.entry)
            if quiet > row:
                # Nothing is held or wanted: the account stands still until then.
                book.equity[row:quiet] = account[A_CASH]
                book.invested[row:quiet] = 0.0
                remember_limits(account[A_CASH], market.day[quiet - 1], account)
                row = quiet - 1
                continue
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
                    if not held[pair, H_TRAILING] > held[pair, H_FIXED]:
                        # A stop that was jumped over is a stop: the cooldown counts from here.
                        stopped_at[pair] = float(row)
                if reason != 0:
                    leaving[pair] = 0
                    price = sell_price(open_, costs.slippage_fraction)
                    book_exit(pair, row, AT_OPEN, price, open_, reason, costs, account, book)
                    sold_at[pair] = row
        if waiting > 0:
            waiting = enter(
                row,
                AT_OPEN,
                market,
                wishes,
                rules,
                costs,
                wallet,
                limits,
                account,
                entering,
                stopped_at,
                last_close,
                book,
            )
        # (b) Inside the candle: stops. (c) At the close: stop moves, partials, exits.
        if account[A_OPEN] > 0.0:
            for pair in range(pairs):
                close = market.close[pair, row]
                if held[pair, H_QUANTITY] == 0.0 or close != close:
                    continue
                filters = Filters(
                    market.filters[pair, 0], market.filters[pair, 1], market.filters[pair, 2], market.filters[pair, 3]
                )
                position = held_position(held, pair)
                trigger, resting, low = held[pair, H_STOP], held[pair, H_RESTING] > 0.0, market.low[pair, row]
                if rules.stop_test == StopTest.INTRABAR and trigger > 0.0 and not stop_sleeps(trigger, resting, low):
                    open_, high, slippage = market.open[pair, row], market.high[pair, row], costs.slippage_fraction
                    filled, rests, price = meet_stop(trigger, resting, open_, high, low, filters.tick, rules, slippage)
                    held[pair, H_RESTING] = 1.0 if rests else 0.0
                    if filled:
                        reason = ExitReason.TRAILING.value
                        if not position.trail_active or position.trailing <= position.fixed_stop:
                            reason = ExitReason.STOP.value
                            stopped_at[pair] = float(row)
                        book_exit(pair, row, AT_OPEN, price, min(open_, trigger), reason, costs, account, book)
                        sold_at[pair] = row
                        continue
                bar = Bar(market.high[pair, row], close, wishes.volatility[pair, row], wishes.exit[pair, row])
                if held[pair, H_RESTING] > 0.0:
                    actions = await_sale(position, bar, rules)
                else:
                    position, actions = advance(position, bar, rules, filters)
                    keep_position(held, pair, position, filters.tick)
                if actions.partial_1 > 0.0:
                    book_part(pair, row, actions.partial_1, PARTIAL_1, close, costs, account, book)
                if actions.partial_2 > 0.0:
                    book_part(pair, row, actions.partial_2, PARTIAL_2, close, costs, account, book)
                if actions.exit != 0 and leaving[pair] == 0:
                    if actions.exit == ExitReason.STOP:
                        stopped_at[pair] = float(row)
                    if fills_at_close:
                        price = sell_price(close, costs.slippage_fraction)
                        book_exit(pair, row, AT_CLOSE, price, close, actions.exit, costs, account, book)
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
        equity = equity_of(account, last_close, held)
        remember_limits(equity, market.day[row], account)
        if waiting > 0 and fills_at_close:
            waiting = enter(
                row,
                AT_CLOSE,
                market,
                wishes,
                rules,
                costs,
                wallet,
                limits,
                account,
                entering,
                stopped_at,
                last_close,
                book,
            )
            equity = equity_of(account, last_close, held)
            remember_limits(equity, market.day[row], account)
        book.equity[row] = equity
        book.invested[row] = equity - account[A_CASH]
        if account[A_OPEN] > 0.0:
            for pair in range(pairs):
                if held[pair, H_QUANTITY] > 0.0:
                    book.stops[pair, row] = held[pair, H_STOP]
    book.counts[2] = waiting
    if rules.close_at_end and account[A_OPEN] > 0.0:
        for pair in range(pairs):
            if held[pair, H_QUANTITY] > 0.0:
                price = sell_price(last_close[pair], costs.slippage_fraction)
                reason = ExitReason.END.value
                book_exit(pair, rows - 1, AT_CLOSE, price, last_close[pair], reason, costs, account, book)
        book.equity[rows - 1] = account[A_CASH]
        book.invested[rows - 1] = 0.0


def _next_entry(row: int, entry: SmallInts) -> int:
    """The first row from ``row`` on in which any pair wants to enter; the number of rows if none does."""
    rows = entry.shape[1]
    nearest = rows
    for pair in range(entry.shape[0]):
        line = entry[pair]
        at = row
        while at < nearest and line[at] == 0:
            at += 1
        nearest = at
    return int(nearest)


def meet_stop(
    trigger: float, resting: bool, open_: float, high: float, low: float, tick: float, rules: Rules, slippage: float
) -> tuple[bool, bool, float]:
    """The stop order that rests at the venue meets the inside of a candle.

    Returns:
        whether it was sold, whether it was jumped over and rests at its limit, and the price.
    """
    if rules.stop_limit_fraction > 0.0:
        limit = floor_to(trigger * (1.0 - rules.stop_limit_fraction), tick)
        return stop_limit_fill(trigger, limit, resting, open_, high, low, slippage)
    filled, price = stop_market_fill(trigger, open_, low, slippage)
    return filled, False, price


def remember_limits(equity: float, day: int, account: FloatArray) -> None:
    """Remember at each close what the limits look at."""
    marks = Marks(
        int(account[A_DAY]),
        account[A_DAY_FIRST],
        account[A_DAY_LOW],
        account[A_PEAK],
        account[A_WORST],
        account[A_LOWEST],
    )
    marks = remembered(marks, equity, day)
    account[A_DAY] = float(marks.day)
    account[A_DAY_FIRST], account[A_DAY_LOW] = marks.day_first, marks.day_low
    account[A_PEAK], account[A_WORST], account[A_LOWEST] = marks.peak, marks.worst, marks.lowest
