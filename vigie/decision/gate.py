"""The gate: the only way from a wanted entry to an order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache

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


@cache
def rule_names() -> tuple[str, ...]:
    """Names of all rules in their order, which is also the order of the bits of a compiled verdict."""
    return tuple(rule.name for rule in gate_rules())
