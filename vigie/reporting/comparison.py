"""Two results side by side: tables for the terminal and a document for JSON, the same numbers in both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from vigie.domain.instants import as_iso
from vigie.domain.saved_result import SavedResult, day_text
from vigie.metrics.definitions import DEFINITIONS
from vigie.metrics.ratios import Measured
from vigie.reporting.comparison_notes import comparison_notes, tries
from vigie.reporting.numbers import MISSING, in_unit, percent, ratio
from vigie.reporting.terminal import Note
from vigie.research.common_days import span
from vigie.research.compared import Compared
from vigie.research.paired_bootstrap import Comparison, Difference

SCHEMA = "vigie.compare/1"
_SIDES = ("A", "B")
_SHOWN_HASH = 12
_WIDEST = 26
"""Columns of a value in the table of what differs: two of them and a name fit a terminal of 80."""

_OWN = (
    "total_return",
    "cagr",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown",
    "trades",
    "win_rate",
    "profit_factor",
    "exposure_fraction",
    "days",
)


def _bps(value: float) -> str:
    """A mean return in basis points: ``-1.08``; in percent it would be all zeros."""
    return f"{value * 1e4:.2f}"


_BY_DAY: tuple[tuple[str, str, Callable[..., str], bool], ...] = (
    ("total_return", "return", percent, True),
    ("mean_return", "mean day (bps)", _bps, True),
    ("sharpe", "Sharpe (days)", ratio, False),
    ("sortino", "Sortino (days)", ratio, False),
    ("max_drawdown", "max drawdown (days)", percent, False),
)
"""Name, label, spelling, and whether more than nothing is a gain."""

_RESAMPLED: tuple[tuple[str, str, Callable[..., str], int], ...] = (
    ("mean_return", "mean day (bps)", _bps, 1),
    ("annual_sharpe", "Sharpe", ratio, 1),
    ("total_return", "return", percent, 1),
    ("max_drawdown", "max drawdown", percent, -1),
)
"""Name, label, spelling, and whether more (1) or less (-1) of it is better."""


def comparison_view(found: Compared) -> RenderableType:
    """Who, over which days, both columns, the difference, what is not the same, and what to know."""
    parts: list[RenderableType] = [_who(found), _over_common_days(found), _own_runs(found), _difference(found)]
    if found.differing:
        parts.append(_differing(found))
    notes = Group(*map(Note, comparison_notes(found)))
    return Group(*(line for part in parts for line in (part, Text(""))), notes)


def comparison_document(found: Compared) -> dict[str, Any]:
    """The same for machines: A minus B, fractions, instants ISO 8601 UTC."""
    common, difference = found.common, found.difference
    return {
        "schema": SCHEMA,
        **{side: _result(path, one) for side, path, one in zip(("a", "b"), found.paths, found.results, strict=True)},
        "common_days": {
            "first": day_text(int(common.days[0])),
            "last": day_text(int(common.days[-1])),
            "count": len(common.days),
            "only_a": common.only_first,
            "only_b": common.only_second,
            "per_year": common.per_year,
            **{side: _numbers(asdict(one)) for side, one in zip(("a", "b"), found.measured, strict=True)},
        },
        "identical": found.identical,
        "difference": None if isinstance(difference, str) else _drawn(difference, found.seed),
        "undefined": {"difference": difference} if isinstance(difference, str) else {},
        "differing": [asdict(one) for one in found.differing],
        "notes": list(comparison_notes(found)),
    }


def _result(path: Path, one: SavedResult) -> dict[str, Any]:
    return {
        "file": str(path),
        "kind": one.kind.value,
        "in_sample": one.kind.in_sample,
        "strategy": one.strategy,
        "profile": one.profile,
        "timeframe": one.timeframe,
        "pairs": sorted(one.venues),
        "synthetic": one.synthetic,
        "start": as_iso(one.start_at),
        "end": as_iso(one.end_at),
        "trials": one.trials,
        "parameters": dict(one.parameters),
        "settings": dict(one.settings),
        "metrics": dict(one.metrics),
        "undefined": dict(one.undefined),
    }


def _numbers(values: dict[str, Measured]) -> dict[str, Any]:
    """Numbers, null where there is none, and why."""
    return {name: None if isinstance(value, str) else value for name, value in values.items()} | {
        "undefined": {name: value for name, value in values.items() if isinstance(value, str)}
    }


def _drawn(difference: Comparison, seed: int) -> dict[str, Any]:
    plain = {name: _numbered(getattr(difference, name)) for name, *_ in _RESAMPLED}
    return {
        **_numbers(plain),
        "paths": difference.paths,
        "paths_without_sharpe": difference.paths_without_sharpe,
        "block_length_days": difference.block_length,
        "seed": seed,
    }


def _numbered(one: Difference | str) -> Any:  # noqa: ANN401, RUF100 - a record, or a reason
    return one if isinstance(one, str) else asdict(one.interval) | {"p_value": one.p_value, "above": one.share_above}


def _who(found: Compared) -> RenderableType:
    lines = [
        line
        for side, path, one in zip(_SIDES, found.paths, found.results, strict=True)
        for line in (
            Text(f"{side}  {one.strategy} · {one.profile} · {one.timeframe} · {' '.join(sorted(one.venues))}", "bold"),
            Text(
                f"   {one.kind.value}, {'in' if one.kind.in_sample else 'out of'} sample · {tries(one)} · {path}", "dim"
            ),
        )
    ]
    return Group(*lines, Text(f"common days: {span(found.common.days)}"))


def _over_common_days(found: Compared) -> Table:
    table = _table("over the common days", "A", "B", "A - B")
    first, second = (asdict(one) for one in found.measured)
    for name, label, spelled, signed in _BY_DAY:
        one, two = first[name], second[name]
        gap = None if isinstance(one, str) or isinstance(two, str) else one - two
        better = -1 if name == "max_drawdown" else 1
        table.add_row(
            label,
            *(_value(value, spelled, 1 if signed else 0) for value in (one, two)),
            _value(gap, spelled, better, signed=True),
        )
    return table


def _own_runs(found: Compared) -> Table:
    table = _table("each over its own run", "A", "B")
    for name in _OWN:
        known = [one.metrics.get(name) for one in found.results]
        table.add_row(DEFINITIONS[name].label, *(in_unit(value, DEFINITIONS[name].unit) for value in known))
    return table


def _difference(found: Compared) -> RenderableType:
    difference = found.difference
    if isinstance(difference, str):
        return Text(f"A - B: no interval, {difference}")
    table = _table("A - B, resampled", "happened", "5 %", "50 %", "95 %", "A > B", "p")
    why = []
    for name, label, spelled, better in _RESAMPLED:
        one = getattr(difference, name)
        if isinstance(one, str):
            table.add_row(label, *[Text(MISSING, "dim")] * 6)
            why.append(f"{label}: none, {one}")
            continue
        low, high = one.interval.low, one.interval.high
        # Coloured where luck does not explain it: the whole interval lies on one side of nothing.
        sure = better if low > 0.0 or high < 0.0 else 0
        numbers = (one.interval.observed, low, one.interval.median, high)
        table.add_row(
            label,
            *(_value(number, spelled, sure, signed=True) for number in numbers),
            percent(one.share_above),
            "<0.001" if one.p_value < 0.001 else f"{one.p_value:.2g}",
        )
    how = f"{difference.paths:,} histories of {difference.count:,} days in blocks of {difference.block_length:.1f} on "
    why.append(f"{how}average, the same days for both; seed {found.seed}")
    return Group(table, *(Text(line, "dim") for line in why))


def _differing(found: Compared) -> Table:
    table = _table("what differs", "A", "B")
    for column in table.columns[1:]:
        column.justify, column.overflow, column.no_wrap, column.max_width = "left", "fold", False, _WIDEST
    for one in found.differing:
        table.add_row(one.what, _shortened(one.what, one.first), _shortened(one.what, one.second))
    return table


def _shortened(what: str, value: str) -> str:
    hashed = what in ("strategy file", "decision code") or what.startswith("candles of ")
    return value[:_SHOWN_HASH] if hashed else value


def _value(value: Measured | None, spelled: Callable[..., str], better: int, *, signed: bool = False) -> Text:
    """A number in green if it is good news, red if it is bad.

    Args:
        value: the number; None or a reason: there is none.
        spelled: how it is written.
        better: 1: more is better, -1: less is, 0: no colour.
        signed: with a plus in front.
    """
    if value is None or isinstance(value, str):
        return Text(MISSING, "dim")
    text = f"+{spelled(value)}" if signed and value > 0.0 else spelled(value)
    return Text(text, "green" if value * better > 0.0 else "red" if value * better < 0.0 else "")


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", no_wrap=True)
    return table
