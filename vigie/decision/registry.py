"""Finding sizing rules, the gate's rules and profiles by file name: a new one is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from vigie.decision.facts import Facts
from vigie.decision.sizing.wanted import Wanted
from vigie.strategy.params import Spec


@dataclass(frozen=True, slots=True)
class SizingRule:
    """How large an entry is.

    Attributes:
        name: file name.
        number: the one number of the rule.
        units: (wanted, number) -> base, before caps and rounding.
    """

    name: str
    number: Spec
    units: Callable[[Wanted, float], float]


@dataclass(frozen=True, slots=True)
class GateRule:
    """Why an entry may be refused.

    Attributes:
        name: file name.
        number: the one number of the rule.
        refuses: (facts, number) -> True for no.
        optional: off unless a profile or the user gives it a number.
    """

    name: str
    number: Spec
    refuses: Callable[[Facts, float], bool]
    optional: bool = False


def _modules(package_name: str, attribute: str) -> list[tuple[str, ModuleType]]:
    package = importlib.import_module(package_name)
    found = [
        (info.name, importlib.import_module(f"{package_name}.{info.name}"))
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name)
    ]
    return [(name, module) for name, module in found if hasattr(module, attribute)]


@cache
def sizing_rules() -> tuple[SizingRule, ...]:
    """All sizing rules, sorted by name."""
    found = _modules("vigie.decision.sizing", "units")
    return tuple(SizingRule(name, module.NUMBER, module.units) for name, module in found)


@cache
def gate_rules() -> tuple[GateRule, ...]:
    """All rules of the gate, sorted by name."""
    found = _modules("vigie.decision.rules", "refuses")
    return tuple(
        GateRule(name, module.NUMBER, module.refuses, getattr(module, "OPTIONAL", False)) for name, module in found
    )
