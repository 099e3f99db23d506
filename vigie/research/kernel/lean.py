"""The bar loop of one pair without a book: for searches, which want a few numbers of many runs.

The same rules, sizing, gate and fills as in `walk`, called in the same order; what differs is only that the position
stays in variables and that candles without one are jumped over. A property test holds both to the same numbers.
Fills at the next open only: what fills at a close, or closes at the end, is for `walk`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vigie.decision.policies import Costs, Filters, GapPolicy, Rules, StopTest
from vigie.decision.position_rules import Bar, Position, advance, effective_stop, opened
from vigie.domain.candles import BoolArray, FloatArray, IntArray
from vigie.domain.trades import ExitReason
from vigie.research.kernel.booking import bought
from vigie.research.kernel.entries import Entry, weigh
from vigie.research.kernel.records import (
    A_CASH,
    A_DAY,
    A_OPEN,
    A_PEAK,
    A_WORST,
    SmallInts,
    Wallet,
)
from vigie.research.kernel.walk import meet_stop, remember_limits
from vigie.simulation.fills import fee_of, sell_price, stop_sleeps

# Columns of the answer.
L_FINAL, L_SUM, L_SQUARES, L_LOSSES, L_DEEPEST, L_TRADES, L_WINS, L_GAINED, L_LOST, L_FEES, L_HELD = range(11)
LEAN_COLUMNS = 11


class Lane(NamedTuple):
    """Candles and wishes of one pair.

    Attributes:
        open, high, low, close: quote, shape (rows,).
        in_row, day: as in `Market`, shape (rows,).
        entries: rows in which the strategy wants to enter, increasing.
        entry: direction wanted, shape (rows,).
        exit, stop_distance, target_distance, volatility: as in `Wishes`, shape (rows,).
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    in_row: IntArray
    day: IntArray
    entries: IntArray
    entry: SmallInts
    exit: BoolArray
    stop_distance: FloatArray
    target_distance: FloatArray
    volatility: FloatArray


def lean(  # noqa: C901 - one loop, as `walk`
    lane: Lane,
    rules: Rules,
    costs: Costs,
    wallet: Wallet,
    limits: FloatArray,
    filters: Filters,
    account: FloatArray,
    out: FloatArray,
) -> None:
    """Run one plan over one pair; numbers go into ``out``, columns L_*.

    ``account`` is scratch, shape (7,).
    """
    rows, wanted = len(lane.close), len(lane.entries)
    for column in range(len(account)):
        account[column] = 0.0
    account[A_CASH] = account[A_PEAK] = wallet.capital
    account[A_DAY] = -1.0
    total, squares, losses, before = 0.0, 0.0, 0.0, wallet.capital
    trades, wins, gained, lost, fees, held_rows = 0, 0, 0.0, 0.0, 0.0, 0
    stopped_at = -np.inf
    at = 0
    row = 0
    while at < wanted:
        signal = lane.entries[at]
        if signal < row:
            at += 1
            continue
        remember_limits(account[A_CASH], lane.day[signal], account)
        row = signal + 1
        if row >= rows:
            break
        entry = Entry(
            direction=int(lane.entry[signal]),
            reference=lane.open[row],
            stop_distance=lane.stop_distance[signal],
            target_distance=lane.target_distance[signal],
            volatility=lane.volatility[signal],
            correlation=0.0,
            candles_in_row=int(lane.in_row[signal]),
            bars_since_stop=float(signal) - stopped_at,
        )
        verdict = weigh(entry, filters, costs, wallet, limits, account, account[A_CASH])
        if verdict.refusing != 0 or not verdict.quantity > 0.0 or entry.direction <= 0:
            at += 1
            continue
        spent, coins, fee = bought(verdict.quantity, verdict.price, costs)
        account[A_CASH] -= min(spent, account[A_CASH])
        account[A_OPEN] = 1.0
        trade_fees, received = fee, 0.0
        distance, target = entry.stop_distance, entry.target_distance
        position = opened(verdict.price, verdict.quantity, distance, target, entry.volatility, rules)
        position = _with_quantity(position, coins)
        stop = effective_stop(position, filters.tick)
        leaving, resting, first = 0, False, row
        while row < rows:
            sold, price = False, 0.0
            open_, close = lane.open[row], lane.close[row]
            chased = resting and rules.gap_policy == GapPolicy.CHASE
            if row > first and (leaving != 0 or chased):
                if leaving == 0 and not position.trailing > position.fixed_stop:
                    stopped_at = float(row)
                sold, price = True, sell_price(open_, costs.slippage_fraction)
            else:
                high, low = lane.high[row], lane.low[row]
                if rules.stop_test == StopTest.INTRABAR and stop > 0.0 and not stop_sleeps(stop, resting, low):
                    slippage = costs.slippage_fraction
                    sold, resting, price = meet_stop(stop, resting, open_, high, low, filters.tick, rules, slippage)
                    if sold and (not position.trail_active or position.trailing <= position.fixed_stop):
                        stopped_at = float(row)
                if not sold:
                    bar = Bar(high, close, lane.volatility[row], lane.exit[row])
                    position, actions = advance(position, bar, rules, filters)
                    stop = effective_stop(position, filters.tick)
                    part = actions.partial_1 + actions.partial_2
                    if part > 0.0:
                        value = part * sell_price(close, costs.partial_slippage_fraction)
                        fee = fee_of(value, costs.fee_fraction)
                        account[A_CASH] += value - fee
                        received += value - fee
                        trade_fees += fee
                        position = _with_quantity(position, position.quantity - part)
                    if actions.exit != 0 and leaving == 0:
                        leaving = actions.exit
                        if leaving == ExitReason.STOP:
                            stopped_at = float(row)
            if sold:
                value = position.quantity * price
                fee = fee_of(value, costs.fee_fraction)
                account[A_CASH] += value - fee
                account[A_OPEN] = 0.0
                profit = received + (value - fee) - spent
                trades += 1
                fees += trade_fees + fee
                if profit > 0.0:
                    wins += 1
                    gained += profit
                else:
                    lost -= profit
            equity = account[A_CASH] if sold else account[A_CASH] + position.quantity * close
            held_rows += 0 if sold else 1
            remember_limits(equity, lane.day[row], account)
            excess = equity / before - 1.0
            total += excess
            squares += excess * excess
            loss = min(excess, 0.0)
            losses += loss * loss
            before = equity
            if sold:
                break
            row += 1
        if account[A_OPEN] > 0.0:
            break
    out[L_FINAL], out[L_SUM], out[L_SQUARES], out[L_LOSSES] = before, total, squares, losses
    out[L_DEEPEST], out[L_TRADES], out[L_WINS] = account[A_WORST], float(trades), float(wins)
    out[L_GAINED], out[L_LOST], out[L_FEES], out[L_HELD] = gained, lost, fees, float(held_rows)


def lean_many(
    lane: Lane,
    rules: FloatArray,
    costs: FloatArray,
    wallets: FloatArray,
    limits: FloatArray,
    filters: Filters,
    account: FloatArray,
    out: FloatArray,
) -> None:
    """Many plans with the same wishes: one line each in ``rules``, ``costs``, ``wallets``, ``limits`` and ``out``."""
    for line in range(out.shape[0]):
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
            filters,
            account,
            out[line],
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
