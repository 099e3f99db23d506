"""From a wanted entry to a verdict: size, caps, filters, gate. What live and paper call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from vigie.decision.facts import Facts
from vigie.decision.policies import Costs, Filters, floor_to
from vigie.decision.registry import gate_rules, sizing_rules
from vigie.decision.settings import Settings
from vigie.decision.sizing.wanted import Wanted

HOLE_RULE = "holes"


class Numbers(Protocol):
    """What of a `vigie.decision.profile.Plan` sizes and verdicts hang on; a journal has it too."""

    @property
    def settings(self) -> Settings:
        """Policies, costs, wallet."""
        ...

    @property
    def sizing_amount(self) -> float:
        """The number of the sizing rule in force."""
        ...

    @property
    def limits(self) -> Mapping[str, float]:
        """Number of each rule of the gate by rule name; NaN: switched off."""
        ...


class Entry(NamedTuple):
    """One wanted entry: what the signal said. Fields as in `Facts` and `Signals`."""

    direction: int
    stop_distance: float
    target_distance: float
    volatility: float
    correlation: float
    candles_in_row: int
    bars_since_stop: float


class Account(NamedTuple):
    """What sizing and the gate know of the account. Fields as in `Facts`; cash in quote."""

    cash: float
    equity: float
    open_positions: int
    day_first_equity: float
    day_lowest_equity: float
    worst_drawdown: float


class Verdict(NamedTuple):
    """What became of a wanted entry.

    Attributes:
        wanted: base, as the sizing rule would have it, before caps and rounding.
        quantity: base to buy.
        facts: what the gate was told.
        verdicts: by rule: ``pass``, ``refuse`` or ``off``.
    """

    wanted: float
    quantity: float
    facts: Facts
    verdicts: Mapping[str, str]

    @property
    def refusing(self) -> tuple[str, ...]:
        """Names of the rules that refuse."""
        return tuple(name for name, word in self.verdicts.items() if word == "refuse")


def weigh(
    entry: Entry, price: float, *, plan: Numbers, pairs: int, warm_up: int, filters: Filters, account: Account
) -> Verdict:
    """Size one entry and ask the gate.

    Args:
        entry: what is wanted.
        price: expected fill, assumed slippage included, quote.
        plan: settings, sizing, limits.
        pairs: pairs of the wallet.
        warm_up: candles the strategy asks for.
        filters: the venue's.
        account: as it stands.
    """
    settings = plan.settings
    costs = settings.costs()
    sizing = next(rule for rule in sizing_rules() if rule.name == settings.sizing)
    wanted = sizing.units(
        Wanted(account.equity, float(settings.capital), price, entry.stop_distance, entry.volatility),
        plan.sizing_amount,
    )
    quantity = min(wanted, account.cash * float(settings.cash_fraction) / _paid_per_unit(price, costs))
    quantity = floor_to(min(quantity, account.equity * position_fraction(plan, pairs) / price), filters.step)
    facts = Facts(
        direction=entry.direction,
        price=price,
        stop_distance=entry.stop_distance,
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
        candles_in_row=entry.candles_in_row,
        bars_since_stop=entry.bars_since_stop,
    )
    return Verdict(wanted, quantity, facts, verdicts(facts, limits_in_force(plan, warm_up)))


def _paid_per_unit(price: float, costs: Costs) -> float:
    return price if costs.fee_in_base else price * (1.0 + costs.fee_fraction)


def verdicts(facts: Facts, limits: Mapping[str, float]) -> dict[str, str]:
    """What every rule of the gate says: ``pass``, ``refuse`` or ``off``; nothing hides behind the first no.

    Args:
        facts: what is known.
        limits: number of each rule by rule name; a rule that is missing or NaN is off.
    """
    said = {}
    for rule in gate_rules():
        limit = limits.get(rule.name, math.nan)
        if math.isnan(limit):
            said[rule.name] = "off"
        else:
            said[rule.name] = "refuse" if rule.refuses(facts, limit) else "pass"
    return said


def limits_in_force(plan: Numbers, warm_up: int) -> dict[str, float]:
    """Numbers of the gate's rules by name; the hole rule asks for no more candles than the warm-up has."""
    limits = dict(plan.limits)
    if not math.isnan(limits[HOLE_RULE]):
        limits[HOLE_RULE] = min(limits[HOLE_RULE], float(max(1, warm_up)))
    return limits


def position_fraction(plan: Numbers, pairs: int) -> float:
    """The most of the equity that one position may take; 0 in the settings stands for an equal share."""
    if plan.settings.max_position_fraction > 0:
        return float(plan.settings.max_position_fraction)
    most = plan.limits["max_open_positions"]
    return 1.0 / min(most if not math.isnan(most) else pairs, pairs)
