"""Entries: who goes first, how large, and whether the gate lets it through."""

from __future__ import annotations

import numpy as np

from vigie.decision.correlation import highest_correlation
from vigie.decision.policies import Costs, Filters, Rules
from vigie.decision.position_rules import opened
from vigie.decision.weighing import Account, Entry, Wallet, planned_loss, weigh
from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.tallies import streak_of, trades_of
from vigie.research.kernel.booking import book_entry, equity_of, tallies_of
from vigie.research.kernel.records import (
    A_CASH,
    A_DAY,
    A_DAY_FIRST,
    A_DAY_LOW,
    A_LOWEST,
    A_OPEN,
    A_START,
    A_WORST,
    AT_CLOSE,
    H_ENTRY,
    H_QUANTITY,
    H_STOP,
    Book,
    Market,
    Wishes,
)
from vigie.simulation.fills import buy_price


def enter(
    row: int,
    when: float,
    market: Market,
    wishes: Wishes,
    rules: Rules,
    costs: Costs,
    wallet: Wallet,
    limits: FloatArray,
    account: FloatArray,
    entering: IntArray,
    stopped_at: FloatArray,
    last_close: FloatArray,
    book: Book,
) -> int:
    """Try the waiting entries whose pair has a candle here, by confidence, then pair name.

    Returns:
        how many entries still wait.
    """
    while True:
        first = _next_to_enter(row, market.close, wishes.confidence, entering)
        if first < 0:
            return _waiting(entering)
        signal = entering[first]
        entering[first] = -1
        correlated = 0.0
        if account[A_OPEN] > 0.0 and market.returns.shape[1] > 0:
            held = book.held[:, H_QUANTITY]
            last = signal + market.returns.shape[1] - market.close.shape[1]
            correlated = highest_correlation(market.returns, first, held, last, wallet.correlation_window)
        _try(
            first,
            row,
            when,
            market.close[first, row] if when == AT_CLOSE else market.open[first, row],
            Entry(
                direction=int(wishes.entry[first, signal]),
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
            rules,
            costs,
            wallet,
            limits,
            account,
            equity_of(account, last_close, book.held),
            book,
        )


def _waiting(entering: IntArray) -> int:
    count = 0
    for pair in range(len(entering)):
        if entering[pair] >= 0:
            count += 1
    return count


def _next_to_enter(row: int, close: FloatArray, confidence: FloatArray, entering: IntArray) -> int:
    """The waiting pair with a candle in this row and the highest confidence, the first by name among equals; or -1."""
    first, highest = -1, -np.inf
    for pair in range(len(entering)):
        signal = entering[pair]
        if signal >= 0 and close[pair, row] == close[pair, row] and confidence[pair, signal] > highest:
            first, highest = pair, confidence[pair, signal]
    return first


def _account_of(account: FloatArray, equity: float, held: FloatArray) -> Account:
    """The account as the gate sees it."""
    heat, day, tallies = 0.0, int(account[A_DAY]), tallies_of(account)
    if account[A_OPEN] > 0.0:
        for pair in range(held.shape[0]):
            if held[pair, H_QUANTITY] > 0.0:
                heat += planned_loss(held[pair, H_QUANTITY], held[pair, H_ENTRY], held[pair, H_STOP])
    return Account(
        cash=account[A_CASH],
        equity=equity,
        open_positions=int(account[A_OPEN]),
        day_first_equity=account[A_DAY_FIRST],
        day_lowest_equity=account[A_DAY_LOW],
        worst_drawdown=account[A_WORST],
        start_equity=account[A_START],
        lowest_equity=account[A_LOWEST],
        heat=heat,
        trades_today=trades_of(tallies, day),
        losing_streak=streak_of(tallies, day),
    )


def _try(
    pair: int,
    row: int,
    when: float,
    reference: float,
    entry: Entry,
    filters: Filters,
    rules: Rules,
    costs: Costs,
    wallet: Wallet,
    limits: FloatArray,
    account: FloatArray,
    equity: float,
    book: Book,
) -> None:
    """Weigh one entry, and fill it if nothing refuses."""
    price = buy_price(reference, costs.slippage_fraction)
    verdict = weigh(entry, price, filters, costs, wallet, limits, _account_of(account, equity, book.held))
    for rule in range(len(limits)):
        if verdict.refusing >> rule & 1:
            book.refused[rule] += 1
    if verdict.refusing == 0 and verdict.quantity > 0.0 and entry.direction > 0:
        distance, target = entry.stop_distance, entry.target_distance
        position = opened(price, verdict.quantity, distance, target, entry.volatility, rules)
        book_entry(pair, row, when, position, reference, costs, filters.tick, account, book)
