"""A sweep as a page: where the good points lie, how many there are, and what luck alone would show."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import median
from typing import Any

import numpy as np

from vigie.metrics.definitions import DEFINITIONS
from vigie.metrics.summary import Metrics
from vigie.reporting.heat_map import Points, ranked_value, widest
from vigie.reporting.luck import expected_best_sharpe
from vigie.reporting.numbers import in_unit, money, percent, ratio
from vigie.reporting.page import parts, sweep_map
from vigie.reporting.page.frame import framed
from vigie.reporting.search_facts import SearchFacts, are_numbers, ends_of
from vigie.research.space import Axis, Point

_SAMPLE = "in sample"
_MOST_ROWS = 200
_BINS = 40


def sweep_page(facts: SearchFacts, points: Points, wanted: Sequence[str] = ()) -> str:
    """The report.

    Args:
        facts: what was searched.
        points: every point that was run, in the order of the grid.
        wanted: names of the two axes of the heat map; empty: those with most values.

    Raises:
        ConfigError: as in `widest`.
    """
    axes = widest(facts.axes, wanted)
    found = [
        (value, point, metrics) for point, metrics in points if (value := ranked_value(facts, metrics)) is not None
    ]
    found.sort(key=lambda one: -one[0])
    luck = expected_best_sharpe(points, facts.trials)
    body = "\n".join(
        (
            _header(facts),
            "<main>",
            parts.warnings(_warnings(facts, points, found, luck)),
            _cards(facts, found, luck),
            sweep_map.picture(facts, points, axes),
            _distribution(facts, found, luck),
            _top(facts, found),
            parts.identity(facts.groups()),
            parts.footer(facts.statements(_SAMPLE)),
            "</main>",
        )
    )
    title = f"sweep of {facts.strategy} · {' '.join(facts.pairs)} · vigie"
    return framed(title, body, _data(facts, points, axes, [value for value, _, _ in found], luck), "sweep.js")


Found = Sequence[tuple[float, Point, Metrics]]


def _header(facts: SearchFacts) -> str:
    loud = ("synthetic data", _SAMPLE)
    capital = f"capital {money(facts.capital)} {facts.quote}"
    return parts.header(
        f"Sweep of {facts.strategy}",
        f"{' '.join(facts.pairs)} · {facts.timeframe} · profile {facts.profile}",
        parts.hashes(facts.version, facts.code_hash, facts.strategy_hash),
        (*facts.statements(_SAMPLE), capital),
        loud,
    )


def _warnings(facts: SearchFacts, points: Points, found: Found, luck: float | str) -> list[str]:
    said = [
        f"In sample: the best of {facts.trials:,} trials looks good by luck alone. Nothing here is a reason to trade; "
        "vigie walk-forward judges on candles that the choice has not seen."
    ]
    if facts.synthetic:
        said.insert(0, "Synthetic data: no market ever traded these candles. The numbers show the tool, not a profit.")
    if isinstance(luck, str):
        said.append(f"What luck alone would show is unknown: {luck}.")
    else:
        best = max((metrics.values["sharpe"] or 0.0 for _, _, metrics in found), default=None)
        beside = "" if best is None else f" The highest Sharpe ratio ranked here is {ratio(best)}."
        said.append(
            f"The best of {facts.trials:,} trials without any skill, as different from each other as these points, "
            f"is expected to show a Sharpe ratio of {ratio(luck)}.{beside}"
        )
    few = len(points) - len(found)
    if few:
        said.append(f"{few:,} of {len(points):,} points are not ranked: fewer than {facts.least_trades} trades, or no "
                    f"{facts.looked_for.label}.")  # fmt: skip
    if found:
        said += _edges(facts.axes, found[0][1])
    return said


def _edges(axes: Sequence[Axis], point: Point) -> list[str]:
    """A best value at the end of its axis may only be the beginning of a better region."""
    ends = [f"{axis.name}={point[axis.name]}" for axis in axes if point[axis.name] in ends_of(axis.values)]
    return [f"The best point lies at the edge of the grid: {', '.join(ends)}."] if ends else []


def _cards(facts: SearchFacts, found: Found, luck: float | str) -> str:
    definition = facts.looked_for
    made = [parts.card("Points run", f"{facts.tried:,}", f"{facts.senseless:,} more without sense")]
    if found:
        values = [value for value, _, _ in found]
        neutral = 1.0 if facts.metric == "profit_factor" else 0.0
        share = sum(value > neutral for value in values) / len(values)
        best = " ".join(f"{name}={value}" for name, value in found[0][1].items())
        made += [
            parts.card(f"Best {definition.label}", in_unit(values[0], definition.unit), best, about=definition.text),
            parts.card(f"Median {definition.label}", in_unit(median(values), definition.unit), "of all ranked points"),
            parts.card(f"Above {neutral:g}", percent(share), f"of {len(values):,} ranked points"),
        ]
    made += [
        parts.card("Best Sharpe by luck alone", luck if isinstance(luck, str) else ratio(luck), "to be expected"),
        parts.card("Trials", f"{facts.trials:,}", "counted, these included"),
    ]
    return parts.cards(made)


def _distribution(facts: SearchFacts, found: Found, luck: float | str) -> str:
    title = f"{facts.looked_for.label} of all ranked points"
    if not found:
        return parts.section(title, "no point is ranked", "", "")
    beside = "; dashed: the best that luck alone is expected to show" if _shows_luck(facts, luck) else ""
    return parts.section(title, f"{len(found):,} points{beside}", "", parts.plot("distribution"))


def _shows_luck(facts: SearchFacts, luck: float | str) -> bool:
    return facts.metric == "sharpe" and not isinstance(luck, str)


def _top(facts: SearchFacts, found: Found) -> str:
    if not found:
        return ""
    names, metrics = list(found[0][1]), list(found[0][2].values)
    head = "".join(f"<th data-sort>{escape(name)}</th>" for name in ("rank", *names))
    head += "".join(f'<th data-sort title="{escape(DEFINITIONS[m].text)}">{escape(DEFINITIONS[m].label)}</th>' for m in metrics)  # fmt: skip  # noqa: E501
    rows = "".join(_row(rank, point, one) for rank, (_, point, one) in enumerate(found[:_MOST_ROWS], start=1))
    about = "best first; click a heading to sort"
    if len(found) > _MOST_ROWS:
        about = f"the best {_MOST_ROWS:,} of {len(found):,}, {about}; --export has all"
    table = f'<div class="scroll tall"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return parts.section(f"Points, by {facts.looked_for.label}", f"in sample; {about}", "", table)


def _row(rank: int, point: Point, metrics: Metrics) -> str:
    cells = [f'<td data-value="{rank}">{rank}</td>']
    for value in point.values():
        sortable = f' data-value="{value}"' if are_numbers((value,)) else ""
        cells.append(f"<td{sortable}>{escape(value)}</td>")
    for name, found in metrics.values.items():
        cells.append(
            f'<td data-value="{-1e308 if found is None else found!r}">{in_unit(found, DEFINITIONS[name].unit)}</td>'
        )
    return f"<tr>{''.join(cells)}</tr>"


def _data(
    facts: SearchFacts, points: Points, axes: tuple[Axis, ...], values: Sequence[float], luck: float | str
) -> dict[str, Any]:
    counts, edges = np.histogram(values, min(_BINS, max(5, len(values) // 3))) if values else ((), ())
    return {
        "objective": facts.looked_for.label,
        "fraction": facts.looked_for.unit == "fraction",
        "line": {"name": axes[0].name, **sweep_map.line(facts, points, axes[0])} if len(axes) == 1 else None,
        "distribution": {
            "edges": [float(edge) for edge in edges],
            "count": [int(count) for count in counts],
            "luck": luck if _shows_luck(facts, luck) else None,
        },
    }
