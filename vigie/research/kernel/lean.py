"""The bar loop of one pair without a book: for searches, which want a few numbers of many runs.

The same rules, sizing, gate and fills as in `walk`, called in the same order. What differs: the position stays in
variables, candles without one are jumped over, and the equity of the candles between two fills is added up at once,
since cash and coins stand still between them. A property test holds both to the same numbers.
Fills at the next open only: what fills at a close, or closes at the end, is for `walk`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vigie.decision.marks import fallen
from vigie.decision.policies import Costs, Extreme, Filters, GapPolicy, Rules, StopTest, TrailFrom
from vigie.decision.position_rules import (
    Bar,
    Position,
    advance,
    await_sale,
    effective_stop,
    higher_stop,
    opened,
    quiet_below,
    trailed,
)
from vigie.decision.weighing import Account, Entry, Wallet, weigh
from vigie.domain.candles import BoolArray, FloatArray, IntArray
from vigie.domain.tallies import Tallies, streak_of, trades_of, was_lost, with_entry, with_trade
from vigie.domain.trades import ExitReason
from vigie.research.kernel.booking import bought
from vigie.research.kernel.records import SmallInts
from vigie.research.kernel.walk import meet_stop
from vigie.simulation.fills import buy_price, fee_of, sell_price, stop_sleeps

# Columns of the answer.
L_FINAL, L_SUM, L_SQUARES, L_LOSSES, L_DEEPEST, L_TRADES, L_WINS, L_GAINED, L_LOST, L_FEES, L_HELD = range(11)
LEAN_COLUMNS = 11


class Lane(NamedTuple):
    """Candles and wishes of one pair.

    Attributes:
        open, high, low, close: quote, shape (rows,).
        in_row, day: as in `Market`, shape (rows,).
        entries: rows in which the strategy wants to enter, increasing, shape (m,).
        entry, stop_distance, target_distance: as in `Wishes`, in these rows, shape (m,).
        exit, volatility: as in `Wishes`, shape (rows,).
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    in_row: IntArray
    day: IntArray
    entries: IntArray
    entry: SmallInts
    stop_distance: FloatArray
    target_distance: FloatArray
    exit: BoolArray
    volatility: FloatArray


class Lanes(NamedTuple):
    """Candles of one pair, and the wishes of several groups of plans; those of a group share theirs.

    Attributes:
        open, high, low, close, in_row, day: as in `Lane`.
        members: lines of the plans, group by group, shape (plans,).
        member_bounds: where the members of each group begin, and the end, shape (groups + 1,).
        entries, entry, stop_distance, target_distance: as in `Lane`, group by group, shape (entries of all,).
        entry_bounds: where those of each group begin, and the end, shape (groups + 1,).
        exit: shape (groups, rows).
        volatility: each different one once, shape (kinds, rows).
        kind: which of them a group has, shape (groups,).
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    in_row: IntArray
    day: IntArray
    members: IntArray
    member_bounds: IntArray
    entries: IntArray
    entry: SmallInts
    stop_distance: FloatArray
    target_distance: FloatArray
    entry_bounds: IntArray
    exit: BoolArray
    volatility: FloatArray
    kind: IntArray


class Curve(NamedTuple):
    """What is known of the equity up to some close.

    Attributes:
        last: equity there, quote.
        total, squares, losses: sums over the returns: of them, of their squares, of the squares of those below zero.
        peak, worst: as in `fallen`.
        lowest: the lowest so far, quote.
        day: its UTC day.
        day_first, day_lowest: first and lowest equity of that day, quote.
        held: closes with coins.
    """

    last: float
    total: float
    squares: float
    losses: float
    peak: float
    worst: float
    lowest: float
    day: int
    day_first: float
    day_lowest: float
    held: int


class Tally(NamedTuple):
    """What is known of the closed trades; quote."""

    trades: int
    wins: int
    gained: float
    lost: float
    fees: float


def lean(  # noqa: C901 - one loop, as `walk`
    lane: Lane,
    rules: Rules,
    costs: Costs,
    wallet: Wallet,
    limits: FloatArray,
    filters: Filters,
    ends: IntArray,
    days: IntArray,
    out: FloatArray,
    daily: FloatArray,
) -> None:
    """Run one plan over one pair.

    Args:
        lane: candles and wishes.
        rules: of positions.
        costs: of fills.
        wallet: the account's numbers.
        limits: of the gate.
        filters: of the venue.
        ends: how many candles each answer is about, not decreasing; the last one: all.
        days: last row of each day whose equity is wanted, increasing.
        out: the answers, columns L_*, shape (ends, 11).
        daily: equity at the close of each of ``days``, quote.
    """
    rows, wanted = len(lane.close), len(lane.entries)
    cash = wallet.capital
    curve = Curve(cash, 0.0, 0.0, 0.0, cash, 0.0, cash, -1, 0.0, 0.0, 0)
    tally, tallies = Tally(0, 0, 0.0, 0.0, 0.0), Tallies(0, 0, 0, 0, 0)
    stopped_at = -np.inf
    at, row, end, a_day = 0, 0, 0, 0
    extremes = lane.high if rules.extreme == Extreme.HIGH else lane.close
    calm = rules.stop_test == StopTest.INTRABAR
    while at < wanted:
        signal = lane.entries[at]
        if signal < row:
            at += 1
            continue
        row = signal + 1
        if row >= rows:
            break
        curve = _stood(curve, lane.day[signal])
        while ends[end] <= row:
            _answer(curve, tally, out[end])
            end += 1
        entry = Entry(
            direction=int(lane.entry[at]),
            stop_distance=lane.stop_distance[at],
            target_distance=lane.target_distance[at],
            volatility=lane.volatility[signal],
            correlation=0.0,
            candles_in_row=int(lane.in_row[signal]),
            bars_since_stop=float(signal) - stopped_at,
        )
        price = buy_price(lane.open[row], costs.slippage_fraction)
        verdict = weigh(entry, price, filters, costs, wallet, limits, _account(cash, wallet.capital, curve, tallies))
        if verdict.refusing != 0 or not verdict.quantity > 0.0 or entry.direction <= 0:
            at += 1
            continue
        a_day = _days(lane.close, cash, 0.0, row, days, a_day, daily)
        spent, coins, trade_fees = bought(verdict.quantity, price, costs)
        tallies = with_entry(tallies, curve.day)
        cash -= min(spent, cash)
        received = 0.0
        distance, target = entry.stop_distance, entry.target_distance
        position = opened(price, verdict.quantity, distance, target, entry.volatility, rules)
        position = _with_quantity(position, coins)
        stop = effective_stop(position, filters.tick)
        leaving, resting, first = 0, False, row
        # Rows from here on have not been added up yet; their lowest and highest close.
        since, least, most = row, np.inf, -np.inf
        sold, price = False, 0.0
        while row < rows:
            if row == ends[end]:
                curve = _held(curve, lane, since, row, cash, position.quantity, least, most)
                since, least, most = row, np.inf, -np.inf
                while row == ends[end]:
                    _answer(curve, tally, out[end])
                    end += 1
            open_, close = lane.open[row], lane.close[row]
            chased = resting and rules.gap_policy == GapPolicy.CHASE
            if row > first and (leaving != 0 or chased):
                if leaving == 0 and not position.trailing > position.fixed_stop:
                    stopped_at = float(row)
                sold, price = True, sell_price(open_, costs.slippage_fraction)
                break
            high, low = lane.high[row], lane.low[row]
            if rules.stop_test == StopTest.INTRABAR and stop > 0.0 and not stop_sleeps(stop, resting, low):
                slippage = costs.slippage_fraction
                sold, resting, price = meet_stop(stop, resting, open_, high, low, filters.tick, rules, slippage)
                if sold:
                    if not position.trail_active or position.trailing <= position.fixed_stop:
                        stopped_at = float(row)
                    break
            bar = Bar(high, close, lane.volatility[row], lane.exit[row])
            if resting:
                actions = await_sale(position, bar, rules)
            else:
                position, actions = advance(position, bar, rules, filters)
                stop = effective_stop(position, filters.tick)
            if actions.partial_1 > 0.0 or actions.partial_2 > 0.0:
                curve = _held(curve, lane, since, row, cash, position.quantity, least, most)
                a_day = _days(lane.close, cash, position.quantity, row, days, a_day, daily)
                since, least, most = row, np.inf, -np.inf
                for part in (actions.partial_1, actions.partial_2):
                    value = part * sell_price(close, costs.partial_slippage_fraction)
                    fee = fee_of(value, costs.fee_fraction)
                    cash += value - fee
                    received += value - fee
                    trade_fees += fee
                    position = _with_quantity(position, position.quantity - part)
            if actions.exit != 0 and leaving == 0:
                leaving = actions.exit
                if leaving == ExitReason.STOP:
                    stopped_at = float(row)
            least, most = min(least, close), max(most, close)
            row += 1
            if calm and leaving == 0 and not resting:
                row, position, stop, least, most = _next_busy(
                    lane, extremes, row, ends[end], stop, position, rules, filters.tick, least, most
                )
        curve = _held(curve, lane, since, row, cash, position.quantity, least, most)
        a_day = _days(lane.close, cash, position.quantity, row, days, a_day, daily)
        if not sold:
            break
        value = position.quantity * price
        fee = fee_of(value, costs.fee_fraction)
        cash += value - fee
        profit = received + (value - fee) - spent
        tally = _closed(tally, profit, trade_fees + fee)
        tallies = with_trade(tallies, was_lost(profit, spent), curve.day)
        curve = _sold(curve, cash, lane.day[row])
    _days(lane.close, cash, 0.0, rows, days, a_day, daily)
    while end < len(ends):
        _answer(curve, tally, out[end])
        end += 1


def _account(cash: float, capital: float, curve: Curve, tallies: Tallies) -> Account:
    """The account as the gate sees it while it holds no coins."""
    return Account(
        cash=cash,
        equity=cash,
        open_positions=0,
        day_first_equity=curve.day_first,
        day_lowest_equity=curve.day_lowest,
        worst_drawdown=curve.worst,
        start_equity=capital,
        lowest_equity=curve.lowest,
        heat=0.0,
        trades_today=trades_of(tallies, curve.day),
        losing_streak=streak_of(tallies, curve.day),
    )


def _next_busy(
    lane: Lane,
    extremes: FloatArray,
    row: int,
    before: int,
    stop: float,
    position: Position,
    rules: Rules,
    tick: float,
    least: float,
    most: float,
) -> tuple[int, Position, float, float, float]:
    """The first row from ``row`` on that can do more to a position than lift its trailing stop, or ``before``.

    Returns:
        the row, the position until then, its stop, and the lowest and highest close that were known or passed.
    """
    highest, trailing = position.highest, position.trailing
    quiet_extreme, quiet_close = quiet_below(position, rules)
    # Then a new highest price lifts the stop that hangs on it and does nothing else.
    climbs = position.trail_active and rules.trail_from == TrailFrom.ACTIVATION
    while row < before and lane.low[row] > stop and not lane.exit[row]:
        extreme, close = extremes[row], lane.close[row]
        if close > quiet_close:
            break
        if extreme > quiet_extreme:
            if not climbs:
                break
            highest = quiet_extreme = extreme
            trailing = trailed(trailing, highest, position.volatility, rules)
            stop = higher_stop(position.fixed_stop, trailing, tick)
        highest = max(highest, extreme)
        least, most = min(least, close), max(most, close)
        row += 1
    return row, _climbed(position, highest, trailing), stop, least, most


def _held(
    curve: Curve, lane: Lane, start: int, stop: int, cash: float, coins: float, least: float, most: float
) -> Curve:
    """The curve after the rows from ``start`` to before ``stop``, at whose closes this cash and these coins stood.

    ``least`` and ``most`` are the lowest and highest of these closes.
    """
    if start >= stop:
        return curve
    total, squares, losses = added_up(lane.close[start:stop], cash, coins)
    first = cash + coins * lane.close[start]
    excess = first / curve.last - 1.0
    loss = min(excess, 0.0)
    worst = curve.worst
    peak = max(curve.peak, cash + coins * most)
    if cash + coins * least < peak * (1.0 - worst):
        # There may be a deeper fall in here. Else none is: no close lies deeper, and no peak before it higher.
        peak = curve.peak
        for row in range(start, stop):
            peak, worst = fallen(cash + coins * lane.close[row], peak, worst)
    day = lane.day[stop - 1]
    day_first, day_lowest = curve.day_first, curve.day_lowest
    row = stop - 1
    lowest = lane.close[row]
    while row > start and lane.day[row - 1] == day:
        row -= 1
        lowest = min(lowest, lane.close[row])
    if row > start or curve.day != day:
        day_first = day_lowest = cash + coins * lane.close[row]
    day_lowest = min(day_lowest, cash + coins * lowest)
    return Curve(
        cash + coins * lane.close[stop - 1],
        curve.total + excess + total,
        curve.squares + excess * excess + squares,
        curve.losses + loss * loss + losses,
        peak,
        worst,
        min(curve.lowest, cash + coins * least),
        day,
        day_first,
        day_lowest,
        curve.held + (stop - start),
    )


def added_up(close: FloatArray, cash: float, coins: float) -> tuple[float, float, float]:
    """Sums over the returns from the first of these closes on: of them, of their squares, of those of the losses.

    Compiled so that several rows are added up at once, which is the one place where the order of a sum is not that of
    the full loop: nothing may be computed here whose last bit counts.
    """
    total, squares, losses = 0.0, 0.0, 0.0
    earlier, later = close[:-1], close[1:]
    for row in range(len(later)):
        excess = (cash + coins * later[row]) / (cash + coins * earlier[row]) - 1.0
        # Not "if it is below zero": the sign of a return is a coin that no processor can foresee.
        loss = min(excess, 0.0)
        total += excess
        squares += excess * excess
        losses += loss * loss
    return total, squares, losses


def _sold(curve: Curve, cash: float, day: int) -> Curve:
    """The curve after the row in which everything was sold."""
    excess = cash / curve.last - 1.0
    loss = min(excess, 0.0)
    peak, worst = fallen(cash, curve.peak, curve.worst)
    same = day == curve.day
    return Curve(
        cash,
        curve.total + excess,
        curve.squares + excess * excess,
        curve.losses + loss * loss,
        peak,
        worst,
        min(curve.lowest, cash),
        day,
        curve.day_first if same else cash,
        min(curve.day_lowest, cash) if same else cash,
        curve.held,
    )


def _stood(curve: Curve, day: int) -> Curve:
    """The curve after a row without coins."""
    if day == curve.day:
        return curve
    return Curve(
        curve.last,
        curve.total,
        curve.squares,
        curve.losses,
        curve.peak,
        curve.worst,
        curve.lowest,
        day,
        curve.last,
        curve.last,
        curve.held,
    )


def _closed(tally: Tally, profit: float, fees: float) -> Tally:
    won = profit > 0.0
    return Tally(
        tally.trades + 1,
        tally.wins + (1 if won else 0),
        tally.gained + (profit if won else 0.0),
        tally.lost - (0.0 if won else profit),
        tally.fees + fees,
    )


def _days(
    close: FloatArray, cash: float, coins: float, stop: int, days: IntArray, a_day: int, daily: FloatArray
) -> int:
    """Write the equity of the days that end before row ``stop``; the number of days written so far."""
    while a_day < len(days) and days[a_day] < stop:
        daily[a_day] = cash + coins * close[days[a_day]] if coins > 0.0 else cash
        a_day += 1
    return a_day


def _answer(curve: Curve, tally: Tally, out: FloatArray) -> None:
    out[L_FINAL], out[L_SUM], out[L_SQUARES], out[L_LOSSES] = curve.last, curve.total, curve.squares, curve.losses
    out[L_DEEPEST], out[L_TRADES], out[L_WINS] = curve.worst, float(tally.trades), float(tally.wins)
    out[L_GAINED], out[L_LOST], out[L_FEES], out[L_HELD] = tally.gained, tally.lost, tally.fees, float(curve.held)


def lean_many(
    lanes: Lanes,
    rules: FloatArray,
    costs: FloatArray,
    wallets: FloatArray,
    limits: FloatArray,
    filters: FloatArray,
    ends: IntArray,
    days: IntArray,
    out: FloatArray,
    daily: FloatArray,
) -> None:
    """Many plans, each on the lane of its group: lines of the tables."""
    for group in range(len(lanes.kind)):
        lane = _lane(lanes, group)
        for member in range(lanes.member_bounds[group], lanes.member_bounds[group + 1]):
            line = lanes.members[member]
            lean(
                lane,
                Rules(
                    int(rules[line, 0]),
                    int(rules[line, 1]),
                    rules[line, 2] > 0.0,
                    int(rules[line, 3]),
                    int(rules[line, 4]),
                    int(rules[line, 5]),
                    rules[line, 6],
                    rules[line, 7],
                    rules[line, 8],
                    rules[line, 9],
                    rules[line, 10],
                    rules[line, 11],
                    rules[line, 12],
                    rules[line, 13],
                    rules[line, 14],
                    rules[line, 15] > 0.0,
                    rules[line, 16] > 0.0,
                ),
                Costs(costs[line, 0], costs[line, 1], costs[line, 2], costs[line, 3] > 0.0),
                Wallet(
                    wallets[line, 0],
                    int(wallets[line, 1]),
                    wallets[line, 2],
                    wallets[line, 3],
                    wallets[line, 4],
                    int(wallets[line, 5]),
                ),
                limits[line],
                Filters(filters[line, 0], filters[line, 1], filters[line, 2], filters[line, 3]),
                ends,
                days,
                out[line],
                daily[line],
            )


def _lane(lanes: Lanes, group: int) -> Lane:
    first, last = lanes.entry_bounds[group], lanes.entry_bounds[group + 1]
    return Lane(
        lanes.open,
        lanes.high,
        lanes.low,
        lanes.close,
        lanes.in_row,
        lanes.day,
        lanes.entries[first:last],
        lanes.entry[first:last],
        lanes.stop_distance[first:last],
        lanes.target_distance[first:last],
        lanes.exit[group],
        lanes.volatility[lanes.kind[group]],
    )


def _with_quantity(position: Position, quantity: float) -> Position:
    return Position(
        entry_price=position.entry_price,
        quantity=quantity,
        volatility=position.volatility,
        fixed_stop=position.fixed_stop,
        trailing=position.trailing,
        trail_active=position.trail_active,
        breakeven_done=position.breakeven_done,
        highest=position.highest,
        target=position.target,
        partials_taken=position.partials_taken,
    )


def _climbed(position: Position, highest: float, trailing: float) -> Position:
    return Position(
        entry_price=position.entry_price,
        quantity=position.quantity,
        volatility=position.volatility,
        fixed_stop=position.fixed_stop,
        trailing=trailing,
        trail_active=position.trail_active,
        breakeven_done=position.breakeven_done,
        highest=highest,
        target=position.target,
        partials_taken=position.partials_taken,
    )
