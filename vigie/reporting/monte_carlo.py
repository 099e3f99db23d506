"""Resampled histories: a table for the terminal and a document for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from vigie.reporting.notes import synthetic
from vigie.reporting.numbers import percent, ratio
from vigie.reporting.terminal import Note, header
from vigie.research.monte_carlo import MonteCarlo
from vigie.research.resampled import Interval
from vigie.research.result import BacktestResult

SCHEMA = "vigie.montecarlo/1"
_TITLES = {
    "days": "days in blocks",
    "trades_drawn": "trades, drawn again",
    "trades_shuffled": "trades, other order",
}


def monte_carlo_view(result: BacktestResult, found: Mapping[str, MonteCarlo | str]) -> RenderableType:
    """One row per method and number: 5 %, 50 % and 95 % of the histories, beside what happened."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("resampled", no_wrap=True)
    table.add_column("number", no_wrap=True)
    for heading in ("5 %", "50 %", "95 %", "happened"):
        table.add_column(heading, justify="right", no_wrap=True)
    why = []
    for name, one in found.items():
        if isinstance(one, str):
            why.append(f"{_TITLES[name]}: {one}")
            continue
        rows: list[tuple[str, Interval | str]] = [
            ("final / first wealth", one.final_wealth),
            ("max drawdown", one.max_drawdown),
            ("Sharpe", one.annual_sharpe),
        ]
        for place, (label, interval) in enumerate(rows):
            title = _TITLES[name] if place == 0 else ""
            if isinstance(interval, str):
                table.add_row(title, label, Text(interval))
                continue
            shown = percent if label == "max drawdown" else ratio
            numbers = (interval.low, interval.median, interval.high, interval.observed)
            table.add_row(title, label, *(shown(number) for number in numbers))
        table.add_row("", f"fell {percent(one.ruin_drawdown)} or more", "", percent(one.probability_of_ruin), "", "")
    made_up = [str(one.pair) for one in result.series if one.synthetic]
    warning = [Note(synthetic(made_up))] if made_up else []
    return Group(header(result), *warning, "", table, *(Text(line) for line in why))


def monte_carlo_document(result: BacktestResult, found: Mapping[str, MonteCarlo | str]) -> dict[str, Any]:
    """The same for machines."""
    return {
        "schema": SCHEMA,
        "strategy": result.identity.strategy,
        "pairs": list(result.pairs),
        "in_sample": True,
        "methods": {name: asdict(one) for name, one in found.items() if isinstance(one, MonteCarlo)},
        "undefined": {name: one for name, one in found.items() if isinstance(one, str)},
    }
