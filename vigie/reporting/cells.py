"""Searches over several cells (timeframes, profiles, pairs, scenarios): tables and documents, the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from vigie.reporting.numbers import MISSING, percent, ratio
from vigie.reporting.search import SWEEP_SCHEMA
from vigie.research.cells import Cell, CellSummary, Robust, Tried, by_cell, differing, ranked, robust
from vigie.research.space import Point

_COLUMNS = {"sharpe": "Sharpe", "total_return": "return", "max_drawdown": "max fall", "trades": "trades"}
_WORD = 12
_UNITS = ("sharpe", "sortino", "calmar", "profit_factor")


def cells_view(tried: Sequence[Tried], objective: str, top: int) -> RenderableType:
    """The best points over all cells, a line for each cell, and how the points hold up over pairs and scenarios."""
    parts: list[RenderableType] = [_best(tried, top), Text(""), _by_cell(tried, objective)]
    held = robust(tried)
    if any(one.cells > 1 for one in held):
        parts += [Text(""), _robust(held, tried, objective, top)]
    return Group(*parts)


def cells_document(tried: Sequence[Tried], facts: Mapping[str, Any]) -> dict[str, Any]:
    """A search over cells for machines: facts, every ranked point with its cell, cells, and points over their cells."""
    names = differing([one.cell for one in tried])
    return {
        "schema": SWEEP_SCHEMA,
        **facts,
        "in_sample": True,
        "points": [
            {"cell": _named(one.cell, names), "parameters": dict(one.point), "metrics": dict(one.metrics.values)}
            for one in ranked(tried)
        ],
        "cells": [
            {
                **_named(one.cell, names),
                "tried": one.tried,
                "ranked": one.ranked,
                "best": one.best,
                "median": one.median,
                "parameters": None if one.point is None else dict(one.point),
            }
            for one in by_cell(tried)
        ],
        "robust": [
            {
                "timeframe": one.timeframe,
                "profile": one.profile,
                "parameters": dict(one.point),
                "cells": one.cells,
                "median": one.median,
                "worst": one.worst,
                "worst_cell": _named(one.worst_cell, names),
            }
            for one in robust(tried)
        ],
    }


def _best(tried: Sequence[Tried], top: int) -> Table:
    names = differing([one.cell for one in tried])
    order = ranked(tried)
    table = _table("in sample, best first over all cells")
    _add_cell_columns(table, tried, names)
    table.add_column(" ".join(tried[0].point), overflow="fold")
    # Many columns of the cell leave no room in eighty for all numbers; the document has them.
    columns = {name: heading for name, heading in _COLUMNS.items() if name != "max_drawdown" or len(names) < 3}
    for heading in columns.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for one in order[:top]:
        numbers = [_number(name, one.metrics.values.get(name)) for name in columns]
        table.add_row(*_named(one.cell, names).values(), _values(one.point), *numbers)
    return table


def _by_cell(tried: Sequence[Tried], objective: str) -> Table:
    names = differing([one.cell for one in tried])
    table = _table(f"by cell: {objective} of its points")
    _add_cell_columns(table, tried, names)
    for heading in ("ranked", "best", "median"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("best point", overflow="fold")
    for one in by_cell(tried):
        table.add_row(*_named(one.cell, names).values(), *_summed(one, objective))
    return table


def _summed(one: CellSummary, objective: str) -> tuple[str, ...]:
    point = MISSING if one.point is None else _values(one.point)
    return f"{one.ranked:,} of {one.tried:,}", _worth(objective, one.best), _worth(objective, one.median), point


def _robust(held: Sequence[Robust], tried: Sequence[Tried], objective: str, top: int) -> Table:
    names = differing([one.cell for one in tried])
    choices = [name for name in ("timeframe", "profile") if name in names]
    weathers = [name for name in names if name not in choices]
    table = _table(
        f"over {' and '.join(_plural(name) for name in weathers)}: {objective} of the same point, best median first"
    )
    _add_cell_columns(table, tried, choices)
    table.add_column(" ".join(held[0].point), overflow="fold")
    for heading in ("median", "worst"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("worst in", overflow="fold")
    for one in held[:top]:
        where = " ".join(_named(one.worst_cell, weathers).values())
        choice = [str(getattr(one, name)) for name in choices]
        table.add_row(*choice, _values(one.point), _worth(objective, one.median), _worth(objective, one.worst), where)
    return table


def _add_cell_columns(table: Table, tried: Sequence[Tried], names: Sequence[str]) -> None:
    for name in names:
        longest = max(len(getattr(one.cell, name)) for one in tried)
        # A word is not broken; a wallet of many pairs is.
        table.add_column(name, overflow="fold", no_wrap=longest <= _WORD)


def _plural(name: str) -> str:
    return name if name == "pairs" else f"{name}s"


def _named(cell: Cell, names: Sequence[str]) -> dict[str, str]:
    return {name: getattr(cell, name) for name in names}


def _values(point: Point) -> str:
    return " ".join(point.values())


def _worth(objective: str, value: float | None) -> str:
    if value is None:
        return "none"
    return ratio(value) if objective in _UNITS else percent(value, signed=True)


def _number(name: str, value: float | None) -> str:
    if value is None:
        return MISSING
    if name == "trades":
        return f"{value:,.0f}"
    return ratio(value) if name in _UNITS else percent(value, signed=name == "total_return")


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
