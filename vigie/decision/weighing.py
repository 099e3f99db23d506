"""How large an entry is and what the gate says: one function, that live calls as Python and research compiles."""

from __future__ import annotations

from typing import NamedTuple

from vigie.decision.facts import Facts
from vigie.decision.policies import Costs, Filters, floor_to
from vigie.decision.registry import gate_rules, sizing_rules
from vigie.decision.sizing.wanted import Wanted
from vigie.domain.candles import FloatArray


class Entry(NamedTuple):
    """One wanted entry: what the signal said. Fields as in `Facts` and `Signals`."""

    direction: int
    stop_distance: float
    target_distance: float
    volatility: float
    correlation: float
    candles_in_row: int
    bars_since_stop: float


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


class Account(NamedTuple):
    """The account as sizing and the gate see it; cash in quote, the rest as in `Facts`. Unknown is NaN."""

    cash: float
    equity: float
    open_positions: int
    day_first_equity: float
    day_lowest_equity: float
    worst_drawdown: float
    start_equity: float
    lowest_equity: float
    heat: float
    trades_today: int
    losing_streak: int


class Weighed(NamedTuple):
    """What became of a wanted entry.

    Attributes:
        wanted: base, as the sizing rule would have it, before caps and rounding.
        quantity: base to buy.
        facts: what the gate was told.
        refusing: bits of the rules that refuse, in the order of `gate.rule_names`.
    """

    wanted: float
    quantity: float
    facts: Facts
    refusing: int


def size(kind: int, wanted: Wanted, amount: float) -> float:
    """What the sizing rule number ``kind`` says, base. Research links the compiled rules in its place."""
    return sizing_rules()[kind].units(wanted, amount)


def gate(facts: Facts, limits: FloatArray) -> int:
    """Bits of the rules that refuse; a limit that is NaN is off. Research links the compiled rules in its place."""
    refusing = 0
    for index, rule in enumerate(gate_rules()):
        limit = float(limits[index])
        if limit == limit and rule.refuses(facts, limit):
            refusing |= 1 << index
    return refusing


def weigh(
    entry: Entry,
    price: float,
    filters: Filters,
    costs: Costs,
    wallet: Wallet,
    limits: FloatArray,
    account: Account,
) -> Weighed:
    """Size one entry and ask the gate.

    Args:
        entry: what is wanted.
        price: expected fill, assumed slippage included, quote.
        filters: the venue's.
        costs: of fills.
        wallet: sizing and caps.
        limits: number of each rule of the gate, in their order, shape (rules,); NaN: off.
        account: as it stands.
    """
    wanted = size(
        wallet.sizing,
        Wanted(account.equity, wallet.capital, price, entry.stop_distance, entry.volatility),
        wallet.amount,
    )
    per_unit = price if costs.fee_in_base else price * (1.0 + costs.fee_fraction)
    quantity = min(wanted, account.cash * wallet.cash_fraction / per_unit)
    quantity = floor_to(min(quantity, account.equity * wallet.position_fraction / price), filters.step)
    facts = Facts(
        direction=entry.direction,
        price=price,
        stop_distance=entry.stop_distance,
        target_distance=entry.target_distance,
        quantity=quantity,
        notional=quantity * price,
        min_quantity=filters.min_quantity,
        min_notional=filters.min_notional,
        open_positions=account.open_positions,
        correlation=entry.correlation,
        equity=account.equity,
        day_first_equity=account.day_first_equity,
        day_lowest_equity=account.day_lowest_equity,
        worst_drawdown=account.worst_drawdown,
        start_equity=account.start_equity,
        lowest_equity=account.lowest_equity,
        heat=account.heat,
        trades_today=account.trades_today,
        losing_streak=account.losing_streak,
        candles_in_row=entry.candles_in_row,
        bars_since_stop=entry.bars_since_stop,
    )
    return Weighed(wanted, quantity, facts, gate(facts, limits))


def planned_loss(quantity: float, entry_price: float, stop: float) -> float:
    """Quote lost against the entry price if the stop is hit at its trigger; 0 from break-even on, NaN if unknown."""
    return 0.0 if stop >= entry_price else quantity * (entry_price - stop)
