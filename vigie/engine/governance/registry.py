"""Finding the rules of governance by file name: a new one is one new file."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache

from vigie.engine.governance.evidence import Invariant

_PACKAGE = "vigie.engine.governance.rules"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of governance.

    Attributes:
        name: ``R4``.
        title: in a few words.
        invariants: what it asks, in the order of their numbers.
    """

    name: str
    title: str
    invariants: tuple[Invariant, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by number: ``r04_identity.py`` is R4."""
    package = importlib.import_module(_PACKAGE)
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    modules = [(name, importlib.import_module(f"{_PACKAGE}.{name}")) for name in names]
    return tuple(
        Rule(f"R{int(name.split('_')[0].removeprefix('r'))}", module.TITLE, module.INVARIANTS)
        for name, module in modules
    )
