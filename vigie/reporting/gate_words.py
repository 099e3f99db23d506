"""Gates in words: the same in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vigie.reporting.numbers import MISSING, percent, ratio
from vigie.research.gates import Gate


def _count(value: float) -> str:
    return f"{value:,.0f}"


_GATES: Mapping[str, tuple[str, Callable[[float], str]]] = {
    "mean_sharpe": ("mean Sharpe of the tests", ratio),
    "win_rate": ("winning trades of the tests", percent),
    "trades": ("trades in all tests", _count),
    "folds": ("tests run", _count),
    "out_in_ratio": ("Sharpe out of / in sample", ratio),
}


def guard_words(name: str) -> str:
    """A guard of entries as a table names it: its name alone does not always say what it looks at."""
    return {"holes": "holes in candles"}.get(name, name.replace("_", " "))


def gate_words(gate: Gate) -> tuple[str, str, str, str]:
    """What was measured, the value, what is needed, and the verdict."""
    label, shown = _GATES[gate.name]
    value = MISSING if gate.value is None else shown(gate.value)
    needed = f"{'above' if gate.strict else 'at least'} {shown(gate.limit)}"
    return label, value, needed, "passed" if gate.passed else "not passed"
