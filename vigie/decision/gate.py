"""The gate: the only way from a wanted entry to an order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from vigie.decision.facts import Facts
from vigie.decision.registry import gate_rules


def refusals(facts: Facts, limits: Mapping[str, float]) -> tuple[str, ...]:
    """Names of all rules that refuse an entry; empty: approved.

    Every rule that is switched on gives its verdict, so that nothing hides behind the first no.

    Args:
        facts: what is known.
        limits: number of each rule by rule name; a rule that is missing or NaN is switched off.
    """
    return tuple(
        rule.name
        for rule in gate_rules()
        if not math.isnan(limits.get(rule.name, math.nan)) and rule.refuses(facts, limits[rule.name])
    )


def names_in(mask: int, names: Sequence[str]) -> tuple[str, ...]:
    """The rule names of a bit mask as the compiled gate returns it."""
    return tuple(name for bit, name in enumerate(names) if mask >> bit & 1)
