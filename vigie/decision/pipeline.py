"""From a wanted entry to a verdict: size, caps, filters, gate. What live and paper call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from vigie.decision import weighing
from vigie.decision.facts import Facts
from vigie.decision.gate import rule_names
from vigie.decision.policies import Filters
from vigie.decision.registry import sizing_rules
from vigie.decision.settings import Settings
from vigie.decision.weighing import Account, Entry, Wallet

__all__ = ["Account", "Entry", "Verdict", "limits_in_force", "position_fraction", "wallet_of", "weigh"]

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
    limits = limits_in_force(plan, warm_up)
    weighed = weighing.weigh(
        entry,
        price,
        filters,
        settings.costs(),
        wallet_of(plan, pairs),
        np.array([limits[name] for name in rule_names()]),
        account,
    )
    return Verdict(weighed.wanted, weighed.quantity, weighed.facts, _verdicts(weighed.refusing, limits))


def wallet_of(plan: Numbers, pairs: int) -> Wallet:
    """The account's numbers of a plan for so many pairs."""
    settings = plan.settings
    return Wallet(
        capital=float(settings.capital),
        sizing=[rule.name for rule in sizing_rules()].index(settings.sizing),
        amount=float(plan.sizing_amount),
        cash_fraction=float(settings.cash_fraction),
        position_fraction=position_fraction(plan, pairs),
        correlation_window=int(settings.correlation_window),
    )


def _verdicts(refusing: int, limits: Mapping[str, float]) -> dict[str, str]:
    """What every rule of the gate says: ``pass``, ``refuse`` or ``off``; nothing hides behind the first no."""
    return {
        name: "off" if math.isnan(limits[name]) else "refuse" if refusing >> bit & 1 else "pass"
        for bit, name in enumerate(rule_names())
    }


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
