"""The heat map of a sweep as a table: shaded by the objective, hatched where trades are too few."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from vigie.metrics.definitions import Unit
from vigie.reporting.heat_map import Cell, HeatMap, Points, cell_of, heat_map
from vigie.reporting.numbers import in_unit
from vigie.reporting.page import parts
from vigie.reporting.search_facts import SearchFacts, ordered
from vigie.research.space import Axis

_MOST_CELLS = 20_000
_MOST_NUMBERS = 30


def picture(facts: SearchFacts, points: Points, axes: tuple[Axis, ...]) -> str:
    """A map of two axes, a line of one, a sentence of none."""
    if len(axes) == 2:
        return _map(facts, heat_map(facts, points, *axes))
    if axes:
        about = f"{facts.looked_for.label} for each {axes[0].name}; grey: fewer than {facts.least_trades} trades"
        return parts.section(f"{facts.looked_for.label} along {axes[0].name}", about, "", parts.plot("line"))
    return parts.section("One point", "no axis has more than one value: there is nothing to draw", "", "")


def line(facts: SearchFacts, points: Points, axis: Axis) -> dict[str, list[object]]:
    """One axis for the script: values, objective (null: none, or too few trades), trades, and all the same unranked."""
    by_value = {value: cell_of(facts, [one for one in points if one[0][axis.name] == value]) for value in axis.values}
    unranked = {point[axis.name]: metrics.values[facts.metric] for point, metrics in points}
    values = ordered(axis.values)
    return {
        "at": list(values),
        "ranked": [by_value[value].best for value in values],
        "few": [None if by_value[value].ranked else unranked.get(value) for value in values],
        "trades": [by_value[value].trades for value in values],
    }


def _map(facts: SearchFacts, found: HeatMap) -> str:
    title = f"{facts.looked_for.label}: {found.up.name} against {found.across.name}"
    if len(found.across.values) * len(found.up.values) > _MOST_CELLS:
        return parts.section(title, f"more than {_MOST_CELLS:,} cells: choose two axes by --heat A,B", "", "")
    several = f"over {', '.join(found.others)}" if found.others else ""
    about = "each cell is one point"
    hatched = f"hatched: fewer than {facts.least_trades} trades; empty: not tried, or without sense"
    buttons = ""
    if several:
        each = (("middle", f"median {several}", True), ("best", f"best {several}", False))
        buttons = "".join(
            f'<button data-map="{name}" {parts.pressed(on)}>{escape(text)}</button>' for name, text, on in each
        )
    tables = _table(facts, found, "middle", lambda cell: cell.middle)
    if several:
        tables += _table(facts, found, "best", lambda cell: cell.best, hidden=True)
        about = f"each cell stands for all points {several}: their median, or the best of them, which is partly luck"
    reading = '<p id="reading" class="quiet" aria-live="polite">point at a cell, or tap it, to read it</p>'
    return parts.section(title, f"{about}; {hatched}", f'<div class="buttons">{buttons}</div>', tables + reading)


def _table(
    facts: SearchFacts, found: HeatMap, name: str, value_of: Callable[[Cell], float | None], *, hidden: bool = False
) -> str:
    values = [value for row in found.cells for cell in row if (value := value_of(cell)) is not None]
    neutral = 1.0 if facts.metric == "profit_factor" else 0.0
    reach = max((abs(value - neutral) for value in values), default=0.0) or 1.0
    top = max((cell.best for row in found.cells for cell in row if cell.best is not None), default=None)
    small = len(found.across.values) > _MOST_NUMBERS
    lines = []
    for up, row in reversed(list(zip(found.up.values, found.cells, strict=True))):
        cells = "".join(_cell(facts, cell, value_of(cell), (neutral, reach, top), small=small) for cell in row)
        lines.append(f"<tr><th>{escape(up)}</th>{cells}</tr>")
    feet = "".join(f"<th>{escape(value)}</th>" for value in found.across.values)
    corner = f"<th>{escape(found.up.name)} ↑ {escape(found.across.name)} →</th>"
    kind = "heat tiny" if small else "heat"
    return (
        f'<div class="scroll" data-heat="{name}"{" hidden" if hidden else ""}><table class="{kind}">'
        f"<tbody>{''.join(lines)}</tbody><tfoot><tr>{corner}{feet}</tr></tfoot></table></div>"
    )


def _cell(
    facts: SearchFacts, cell: Cell, value: float | None, scale: tuple[float, float, float | None], *, small: bool
) -> str:
    if not cell.tried:
        return "<td></td>"
    said = escape(_said(facts, cell))
    if value is None:
        return f'<td class="few" title="{said}"></td>'
    neutral, reach, top = scale
    tone = "main" if value > neutral else "loss"
    shade = 0.75 * (abs(value - neutral) / reach) ** 0.8
    kind = ' class="top"' if cell.best == top else ""
    text = "" if small else _short(facts, value)
    return (
        f'<td{kind} style="background:rgba(var(--{tone}-rgb),{shade:.2f})" data-value="{value!r}" '
        f'title="{said}">{text}</td>'
    )


def _said(facts: SearchFacts, cell: Cell) -> str:
    unit, label = facts.looked_for.unit, facts.looked_for.label
    point = " ".join(f"{name}={value}" for name, value in (cell.point or {}).items())
    if cell.best is None or cell.middle is None:
        return f"{point}: {cell.trades:,} trades, too few to rank ({cell.tried:,} points here)"
    several = f"; {cell.ranked:,} of {cell.tried:,} points here ranked, median {in_unit(cell.middle, unit)}"
    return f"{point}: {label} {in_unit(cell.best, unit)}, {cell.trades:,} trades{several if cell.tried > 1 else ''}"


def _short(facts: SearchFacts, value: float) -> str:
    return f"{100.0 * value:.0f} %" if facts.looked_for.unit is Unit.FRACTION else f"{value:.2f}"
