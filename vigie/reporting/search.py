"""What searches found: tables for the terminal and documents for JSON, the same numbers in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from vigie.domain.instants import as_iso, as_text
from vigie.metrics.summary import Metrics
from vigie.reporting.gate_words import gate_words
from vigie.reporting.numbers import MISSING, percent, ratio
from vigie.reporting.stability import stability
from vigie.research.overfitting import Overfitting
from vigie.research.sharpe_tests import DeflatedSharpe, SharpeEstimate, annualised
from vigie.research.space import Point
from vigie.research.walk_forward import FoldResult, WalkForward

SWEEP_SCHEMA = "vigie.sweep/1"
WALK_FORWARD_SCHEMA = "vigie.walk_forward/1"
DAYS_PER_YEAR = 365.0
_COLUMNS = ("sharpe", "total_return", "max_drawdown", "profit_factor", "win_rate", "trades")
_HEADINGS = ("Sharpe", "return", "max fall", "factor", "won", "trades")

Ranked = Sequence[tuple[Point, Metrics]]


def sweep_table(ranked: Ranked, top: int) -> RenderableType:
    """The best points of a sweep; in sample, as the heading says."""
    table = _table("in sample, best first")
    table.add_column(" ".join(ranked[0][0]) if ranked else "")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for point, metrics in ranked[:top]:
        table.add_row(" ".join(point.values()), *(_number(name, metrics.values[name]) for name in _COLUMNS))
    return table


def sweep_document(ranked: Ranked, facts: Mapping[str, Any]) -> dict[str, Any]:
    """A sweep for machines: facts of the search, then every ranked point with all its numbers."""
    return {
        "schema": SWEEP_SCHEMA,
        **facts,
        "in_sample": True,
        "points": [{"parameters": dict(point), "metrics": dict(metrics.values)} for point, metrics in ranked],
    }


def walk_forward_view(found: WalkForward) -> RenderableType:
    """Folds, how stable the choice is, gates, and what luck alone would do."""
    return Group(
        _folds(found),
        Text(""),
        _stability(found),
        Text(""),
        _gates(found),
        Text(""),
        *(Text(line) for line in honesty(found)),
    )


def honesty(found: WalkForward) -> list[str]:
    """What stands behind the numbers, a sentence each."""
    lines = [f"trials behind this choice: {found.trials:,} (vigie trials)"]
    if found.senseless:
        lines.append(f"points of the grid that make no sense and were not run: {found.senseless:,}")
    if isinstance(found.sharpe, SharpeEstimate):
        yearly = annualised(found.sharpe.per_period, DAYS_PER_YEAR)
        error = annualised(found.sharpe.standard_error, DAYS_PER_YEAR)
        lines.append(f"out-of-sample Sharpe, stitched daily returns: {ratio(yearly)} ± {ratio(error)} (standard error)")
    else:
        lines.append(f"out-of-sample Sharpe: undefined, {found.sharpe}")
    lines.append(_chance("probability that it is above zero (probabilistic Sharpe)", found.probabilistic_sharpe))
    deflated = found.deflated_sharpe
    chance = deflated.probability if isinstance(deflated, DeflatedSharpe) else deflated
    lines.append(_chance("... above what so many trials reach by luck (deflated Sharpe)", chance))
    pbo = found.overfitting
    lines.append(
        _chance("probability of backtest overfitting", pbo.probability if isinstance(pbo, Overfitting) else pbo)
    )
    return lines + _left_out(found)


def _left_out(found: WalkForward) -> list[str]:
    """Pairs that a part of a fold had no candles of."""
    return [
        f"fold {number}: no candles of {', '.join(map(str, pairs))} in its {part}; left out there, not replaced"
        for number, one in enumerate(found.folds, start=1)
        for part, pairs in (("training", one.untrained), ("test", one.untested))
        if pairs
    ]


def walk_forward_document(found: WalkForward, facts: Mapping[str, Any]) -> dict[str, Any]:
    """A walk-forward for machines."""
    deflated, pbo = found.deflated_sharpe, found.overfitting
    return {
        "schema": WALK_FORWARD_SCHEMA,
        **facts,
        "passed": found.passed,
        "folds": [_fold(one) for one in found.folds],
        "gates": [
            {"name": gate.name, "value": gate.value, "limit": gate.limit, "strict": gate.strict, "passed": gate.passed}
            for gate in found.verdict.gates
        ],
        "parameters": dict(found.final.point) if found.final is not None and found.passed else None,
        "out_of_sample": {
            "sharpe": annualised(found.sharpe.per_period, DAYS_PER_YEAR)
            if isinstance(found.sharpe, SharpeEstimate)
            else None,
            "probabilistic_sharpe": _or_none(found.probabilistic_sharpe),
            "final_equity": float(found.equity[-1]) if len(found.equity) else None,
        },
        "deflated_sharpe": deflated.probability if isinstance(deflated, DeflatedSharpe) else None,
        "overfitting_probability": pbo.probability if isinstance(pbo, Overfitting) else None,
        "trials": found.trials,
        "undefined": {
            name: value
            for name, value in (
                ("sharpe", found.sharpe),
                ("probabilistic_sharpe", found.probabilistic_sharpe),
                ("deflated_sharpe", deflated),
                ("overfitting_probability", pbo),
            )
            if isinstance(value, str)
        },
        "stability": {name: [one.chosen[name] for one in found.folds if one.chosen] for name in _searched(found)},
        "grid": {one.name: list(one.tried) for one in stability(found)},
    }


def _searched(found: WalkForward) -> list[str]:
    chosen = [one.chosen for one in found.folds if one.chosen is not None]
    return list(chosen[0]) if chosen else []


def _fold(one: FoldResult) -> dict[str, Any]:
    return {
        "train": [as_iso(one.fold.train_start), as_iso(one.fold.train_end)],
        "test": [as_iso(one.fold.test_start), as_iso(one.fold.test_end)],
        "parameters": None if one.chosen is None else dict(one.chosen),
        "in_sample": None if one.in_sample is None else dict(one.in_sample.values),
        "out_of_sample": None if one.tested is None else dict(one.tested.measured.values),
        "without": {"train": [str(pair) for pair in one.untrained], "test": [str(pair) for pair in one.untested]},
    }


def _folds(found: WalkForward) -> Table:
    names = _searched(found)
    table = _table("folds: chosen on training candles, tested once on later ones")
    table.add_column("test", no_wrap=True)
    table.add_column(" ".join(names) or "chosen", overflow="fold")
    for heading in ("Sharpe in", "out", "return out", "trades"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found.folds:
        chosen = "nothing: too few trades" if one.chosen is None else " ".join(one.chosen.values())
        inside = {} if one.in_sample is None else one.in_sample.values
        outside = {} if one.tested is None else one.tested.measured.values
        table.add_row(
            f"{as_text(one.fold.test_start)[2:10]} {as_text(one.fold.test_end)[2:10]}",
            chosen,
            _number("sharpe", inside.get("sharpe")),
            _number("sharpe", outside.get("sharpe")),
            _number("total_return", outside.get("total_return")),
            _number("trades", outside.get("trades")),
        )
    return table


def _gates(found: WalkForward) -> Table:
    table = _table("gates: all must be passed")
    for heading in ("gate", "measured", "needed", ""):
        table.add_column(heading, justify="left" if heading in ("gate", "") else "right")
    for gate in found.verdict.gates:
        *words, verdict = gate_words(gate)
        table.add_row(*words, Text(verdict, style="green" if gate.passed else "red"))
    return table


def _stability(found: WalkForward) -> Table:
    """Names that had a choice, their values over the folds, and the places of those values in the grid."""
    table = _table("stability of the choice, fold after fold")
    for heading in ("searched", "chosen", "place in the grid", "at an edge"):
        table.add_column(heading, justify="left" if heading != "at an edge" else "right", overflow="fold")
    for one in stability(found):
        if len(one.tried) < 2:
            continue
        places = " ".join("-" if place is None else str(place) for place in one.places)
        chosen = " ".join(value or "-" for value in one.chosen)
        table.add_row(one.name, chosen, f"{places} of {len(one.tried)}", f"{one.at_edge}" if one.at_edge else "")
    return table


def _chance(what: str, value: float | str) -> str:
    return f"{what}: undefined, {value}" if isinstance(value, str) else f"{what}: {percent(value)}"


def _or_none(value: float | str) -> float | None:
    return None if isinstance(value, str) else value


def _number(name: str, value: float | None) -> str:
    if value is None:
        return MISSING
    if name == "trades":
        return f"{value:,.0f}"
    return ratio(value) if name in ("sharpe", "profit_factor") else percent(value, signed=name == "total_return")


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
