"""Entries: who goes first, how large, and whether the gate lets it through."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vigie.decision.correlation import highest_correlation
from vigie.decision.facts import Facts
from vigie.decision.policies import Costs, Filters, Rules, floor_to
from vigie.decision.position_rules import opened
from vigie.decision.sizing.wanted import Wanted
from vigie.domain.candles import FloatArray, IntArray
from vigie.research.kernel.booking import book_entry, equity_of
from vigie.research.kernel.records import (
    A_CASH,
    A_DAY_FIRST,
    A_DAY_LOW,
    A_OPEN,
    A_WORST,
    AT_CLOSE,
    H_QUANTITY,
    Book,
    Market,
    Standing,
    Wallet,
    Wishes,
)
from vigie.simulation.fills import buy_price


def size(kind: int, wanted: Wanted, amount: float) -> float:
    """Replaced by `compile.assemble`: the sizing rule number ``kind``."""
    raise NotImplementedError


def gate(facts: Facts, limits: FloatArray) -> int:
    """Replaced by `compile.assemble`: a bit mask of the rules that refuse."""
    raise NotImplementedError


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


class Verdict(NamedTuple):
    """What became of a wanted entry: base to buy at a price, and the bits of the rules that refuse it."""

    refusing: int
    quantity: float
    price: float


def weigh(
    entry: Entry, filters: Filters, costs: Costs, wallet: Wallet, limits: FloatArray, standing: Standing, equity: float
) -> Verdict:
    """Size one entry and ask the gate."""
    price = buy_price(entry.reference, costs.slippage_fraction)
    wanted = Wanted(equity, wallet.capital, price, entry.stop_distance, entry.volatility)
    per_unit = price if costs.fee_in_base else price * (1.0 + costs.fee_fraction)
    quantity = size(wallet.sizing, wanted, wallet.amount)
    quantity = min(quantity, standing.cash * wallet.cash_fraction / per_unit)
    quantity = floor_to(min(quantity, equity * wallet.position_fraction / price), filters.step)
    facts = Facts(
        direction=entry.direction,
        price=price,
        stop_distance=entry.stop_distance,
        quantity=quantity,
        notional=quantity * price,
        min_quantity=filters.min_quantity,
        min_notional=filters.min_notional,
        open_positions=standing.open_positions,
        correlation=entry.correlation,
        equity=equity,
        day_first_equity=standing.day_first,
        day_lowest_equity=standing.day_lowest,
        worst_drawdown=standing.worst,
        candles_in_row=entry.candles_in_row,
        bars_since_stop=entry.bars_since_stop,
    )
    return Verdict(gate(facts, limits), quantity, price)


def _try(
    pair: int,
    row: int,
    when: float,
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
    standing = Standing(
        account[A_CASH], int(account[A_OPEN]), account[A_DAY_FIRST], account[A_DAY_LOW], account[A_WORST]
    )
    verdict = weigh(entry, filters, costs, wallet, limits, standing, equity)
    for rule in range(len(limits)):
        if verdict.refusing >> rule & 1:
            book.refused[rule] += 1
    if verdict.refusing == 0 and verdict.quantity > 0.0 and entry.direction > 0:
        distance, target = entry.stop_distance, entry.target_distance
        position = opened(verdict.price, verdict.quantity, distance, target, entry.volatility, rules)
        book_entry(pair, row, when, position, entry.reference, costs, filters.tick, account, book)
