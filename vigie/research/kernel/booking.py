"""Booking fills: cash, coins, trades and events."""

from __future__ import annotations

import numpy as np

from vigie.decision.policies import Costs
from vigie.decision.position_rules import Position, effective_stop
from vigie.domain.candles import FloatArray
from vigie.domain.tallies import Tallies, was_lost, with_entry, with_trade
from vigie.research.kernel.records import (
    A_CASH,
    A_DAY,
    A_OPEN,
    A_STREAK,
    A_STREAK_DAY,
    A_TRADES,
    A_TRADES_DAY,
    A_WORST_STREAK,
    AT_CLOSE,
    BUY,
    E_AT_CLOSE,
    E_FEE,
    E_KIND,
    E_PAIR,
    E_PRICE,
    E_PROFIT,
    E_QUANTITY,
    E_REASON,
    E_ROW,
    H_ACTIVE,
    H_AT_CLOSE,
    H_BOUGHT,
    H_ENTRY,
    H_EVEN,
    H_FEES,
    H_FIRST_STOP,
    H_FIXED,
    H_HIGHEST,
    H_QUANTITY,
    H_RECEIVED,
    H_RESTING,
    H_ROW,
    H_SLIPPAGE,
    H_SPENT,
    H_STOP,
    H_TAKEN,
    H_TARGET,
    H_TRAILING,
    H_VOLATILITY,
    NO_REASON,
    PARTIAL,
    SELL,
    T_ENTRY,
    T_ENTRY_AT_CLOSE,
    T_ENTRY_ROW,
    T_EXIT,
    T_EXIT_AT_CLOSE,
    T_EXIT_ROW,
    T_FEES,
    T_PAIR,
    T_PROFIT,
    T_QUANTITY,
    T_REASON,
    T_SLIPPAGE,
    T_SPENT,
    T_STOP,
    Book,
)
from vigie.simulation.fills import fee_of, sell_price


def bought(quantity: float, price: float, costs: Costs) -> tuple[float, float, float]:
    """Quote spent, base received and fee (in quote) of a buy."""
    value = quantity * price
    fee = fee_of(value, costs.fee_fraction)
    if costs.fee_in_base:
        return value, quantity * (1.0 - costs.fee_fraction), fee
    return value + fee, quantity, fee


def book_entry(
    pair: int,
    row: int,
    when: float,
    position: Position,
    reference: float,
    costs: Costs,
    tick: float,
    account: FloatArray,
    book: Book,
) -> None:
    """Book a filled entry."""
    quantity, price = position.quantity, position.entry_price
    spent, coins, fee = bought(quantity, price, costs)
    # All-in sizing can miss the cash by the last bit of a float; a wallet never goes below zero.
    account[A_CASH] -= min(spent, account[A_CASH])
    account[A_OPEN] += 1.0
    keep_tallies(account, with_entry(tallies_of(account), int(account[A_DAY])))
    keep_position(book.held, pair, position, tick)
    held = book.held
    held[pair, H_QUANTITY] = held[pair, H_BOUGHT] = coins
    held[pair, H_ROW] = float(row)
    held[pair, H_AT_CLOSE] = when
    held[pair, H_SPENT] = spent
    held[pair, H_FEES] = fee
    held[pair, H_SLIPPAGE] = (price - reference) * quantity
    held[pair, H_FIRST_STOP] = held[pair, H_STOP]
    held[pair, H_RECEIVED] = held[pair, H_RESTING] = 0.0
    _event(pair, BUY, row, when, price, coins, fee, np.nan, NO_REASON, book)


def book_part(
    pair: int, row: int, quantity: float, reason: float, close: float, costs: Costs, account: FloatArray, book: Book
) -> None:
    """Sell a part at the close."""
    price = sell_price(close, costs.partial_slippage_fraction)
    value = quantity * price
    fee = fee_of(value, costs.fee_fraction)
    account[A_CASH] += value - fee
    held = book.held
    held[pair, H_QUANTITY] -= quantity
    held[pair, H_RECEIVED] += value - fee
    held[pair, H_FEES] += fee
    held[pair, H_SLIPPAGE] += (close - price) * quantity
    _event(pair, PARTIAL, row, AT_CLOSE, price, quantity, fee, value - fee, reason, book)


def book_exit(
    pair: int,
    row: int,
    when: float,
    price: float,
    reference: float,
    reason: int,
    costs: Costs,
    account: FloatArray,
    book: Book,
) -> None:
    """Sell all that is held and write the trade."""
    held = book.held
    quantity = held[pair, H_QUANTITY]
    value = quantity * price
    fee = fee_of(value, costs.fee_fraction)
    account[A_CASH] += value - fee
    account[A_OPEN] -= 1.0
    profit = held[pair, H_RECEIVED] + (value - fee) - held[pair, H_SPENT]
    lost = was_lost(profit, held[pair, H_SPENT])
    keep_tallies(account, with_trade(tallies_of(account), lost, int(account[A_DAY])))
    trades, at = book.trades, book.counts[0]
    trades[at, T_PAIR] = float(pair)
    trades[at, T_ENTRY_ROW] = held[pair, H_ROW]
    trades[at, T_ENTRY_AT_CLOSE] = held[pair, H_AT_CLOSE]
    trades[at, T_EXIT_ROW] = float(row)
    trades[at, T_EXIT_AT_CLOSE] = when
    trades[at, T_ENTRY] = held[pair, H_ENTRY]
    trades[at, T_EXIT] = price
    trades[at, T_QUANTITY] = held[pair, H_BOUGHT]
    trades[at, T_FEES] = held[pair, H_FEES] + fee
    trades[at, T_SLIPPAGE] = held[pair, H_SLIPPAGE] + (reference - price) * quantity
    trades[at, T_PROFIT] = profit
    trades[at, T_SPENT] = held[pair, H_SPENT]
    trades[at, T_REASON] = float(reason)
    trades[at, T_STOP] = held[pair, H_FIRST_STOP]
    book.counts[0] += 1
    _event(pair, SELL, row, when, price, quantity, fee, profit, float(reason), book)
    for column in range(held.shape[1]):
        held[pair, column] = 0.0


def _event(
    pair: int,
    kind: float,
    row: int,
    when: float,
    price: float,
    quantity: float,
    fee: float,
    profit: float,
    reason: float,
    book: Book,
) -> None:
    events, at = book.events, book.counts[1]
    events[at, E_PAIR] = float(pair)
    events[at, E_KIND] = kind
    events[at, E_ROW] = float(row)
    events[at, E_AT_CLOSE] = when
    events[at, E_PRICE] = price
    events[at, E_QUANTITY] = quantity
    events[at, E_FEE] = fee
    events[at, E_PROFIT] = profit
    events[at, E_REASON] = reason
    book.counts[1] += 1


def equity_of(account: FloatArray, last_close: FloatArray, held: FloatArray) -> float:
    """Cash plus coins at their last close, quote."""
    equity = float(account[A_CASH])
    if account[A_OPEN] > 0.0:
        for pair in range(len(last_close)):
            if held[pair, H_QUANTITY] > 0.0:
                equity += held[pair, H_QUANTITY] * last_close[pair]
    return equity


def tallies_of(account: FloatArray) -> Tallies:
    """What has been counted, from the account's columns."""
    return Tallies(
        int(account[A_TRADES]),
        int(account[A_TRADES_DAY]),
        int(account[A_STREAK]),
        int(account[A_WORST_STREAK]),
        int(account[A_STREAK_DAY]),
    )


def keep_tallies(account: FloatArray, tallies: Tallies) -> None:
    """Write them back."""
    account[A_TRADES], account[A_TRADES_DAY] = float(tallies.trades), float(tallies.trades_day)
    account[A_STREAK] = float(tallies.streak)
    account[A_WORST_STREAK], account[A_STREAK_DAY] = float(tallies.worst_streak), float(tallies.streak_day)


def held_position(held: FloatArray, pair: int) -> Position:
    """The position of a pair from its line of `Book.held`."""
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


def keep_position(held: FloatArray, pair: int, position: Position, tick: float) -> None:
    """Write a position back into its line of `Book.held`, and the stop that protects it now."""
    held[pair, H_STOP] = effective_stop(position, tick)
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
