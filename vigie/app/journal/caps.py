"""Which cap made an entry smaller than its sizing rule wanted: counted again, and told only where it is certain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigie.decision.pipeline import Numbers, position_fraction
from vigie.decision.policies import floor_to


def caps_of(
    given: Mapping[str, float], facts: Mapping[str, float], numbers: Numbers, pairs: int
) -> dict[str, Any] | None:
    """The caps of an entry, by the arithmetic of `vigie.decision.weighing.weigh`.

    Args:
        given: numbers of the decision: ``wanted``, ``sized``, ``quantity``, ``cash``, ``step``.
        facts: what the gate was told: ``equity``, ``price``.
        numbers: of the run.
        pairs: how many the account trades.

    Returns:
        ``position`` and ``cash``: the most that each allows, base; ``position_fraction`` and ``cash_fraction``: of
        equity and of cash; ``step``; ``cut_by``: names of what made it smaller, ``position``, ``cash``, ``step``
        and ``wallet`` (what was left could not pay for it at the price that may be asked). None: these do not come to
        the size that was journalled.
    """
    settings, price = numbers.settings, facts["price"]
    costs, fraction = settings.costs(), position_fraction(numbers, pairs)
    per_unit = price if costs.fee_in_base else price * (1.0 + costs.fee_fraction)
    cash = given["cash"] * settings.cash_fraction / per_unit
    position = facts["equity"] * fraction / price
    allowed = min(given["wanted"], cash, position)
    if floor_to(allowed, given["step"]) != given["sized"]:
        return None
    cut = []
    if allowed < given["wanted"]:
        cut.append("position" if position <= cash else "cash")
    if given["sized"] < allowed:
        cut.append("step")
    if given.get("quantity", given["sized"]) < given["sized"]:
        cut.append("wallet")
    return {
        "position": position,
        "position_fraction": fraction,
        "cash": cash,
        "cash_fraction": float(settings.cash_fraction),
        "step": given["step"],
        "cut_by": cut,
    }
