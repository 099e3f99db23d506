"""Two axes of a search against each other: how good the points at each crossing are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.metrics.summary import Metrics
from vigie.reporting.search_facts import SearchFacts, ordered
from vigie.research.space import Axis, Point

Points = Sequence[tuple[Point, Metrics]]


@dataclass(frozen=True, slots=True)
class Cell:
    """All points that share two values.

    Attributes:
        tried: points that were run; 0: none, or none that makes sense.
        ranked: those of them with a number and enough trades.
        best, middle: highest and median objective of those; None without any.
        point: the best one; without any, the one with the most trades.
        trades: of that point.
    """

    tried: int = 0
    ranked: int = 0
    best: float | None = None
    middle: float | None = None
    point: Point | None = None
    trades: int = 0


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A picture of two axes.

    Attributes:
        across, up: the axes, lowest values first.
        cells: one row for each value of ``up``.
        others: axes with several values that each cell looks through.
    """

    across: Axis
    up: Axis
    cells: tuple[tuple[Cell, ...], ...]
    others: tuple[str, ...]


def widest(axes: Sequence[Axis], wanted: Sequence[str] = ()) -> tuple[Axis, ...]:
    """The axes to draw: those that are wanted, else the two with most values; fewer where fewer vary.

    Raises:
        ConfigError: a wanted name that is not searched, one name twice, or not two names.
    """
    if wanted:
        known = {axis.name: axis for axis in axes}
        problems = [
            f"--heat: '{name}' is not searched{suggestion(name, known)}" for name in wanted if name not in known
        ]
        if len(set(wanted)) != 2 or len(wanted) != 2:
            problems.append(f"--heat needs two different names, like A,B, not '{','.join(wanted)}'")
        if problems:
            raise ConfigError(problems)
        return tuple(known[name] for name in wanted)
    several = [axis for axis in axes if len(axis.values) > 1]
    return tuple(sorted(several, key=lambda axis: -len(axis.values))[:2])


def heat_map(facts: SearchFacts, points: Points, across: Axis, up: Axis) -> HeatMap:
    """Every crossing of two axes.

    Args:
        facts: what was searched.
        points: everything that was run, in the order of the grid.
        across: one of the axes, drawn from left to right.
        up: another one.
    """
    there: dict[tuple[str, str], list[tuple[Point, Metrics]]] = {}
    for point, metrics in points:
        there.setdefault((point[across.name], point[up.name]), []).append((point, metrics))
    columns, rows = ordered(across.values), ordered(up.values)
    cells = tuple(tuple(cell_of(facts, there.get((column, row), [])) for column in columns) for row in rows)
    others = tuple(axis.name for axis in facts.axes if len(axis.values) > 1 and axis.name not in (across.name, up.name))
    return HeatMap(Axis(across.name, columns), Axis(up.name, rows), cells, others)


def cell_of(facts: SearchFacts, members: Points) -> Cell:
    """What some points have in common."""
    if not members:
        return Cell()
    ranked = [
        (value, point, metrics) for point, metrics in members if (value := ranked_value(facts, metrics)) is not None
    ]
    if not ranked:
        point, metrics = max(members, key=lambda one: one[1].values["trades"] or 0)
        return Cell(tried=len(members), point=point, trades=int(metrics.values["trades"] or 0))
    value, point, metrics = max(ranked, key=lambda one: one[0])
    middle = median(one for one, _, _ in ranked)
    return Cell(len(members), len(ranked), value, middle, point, int(metrics.values["trades"] or 0))


def ranked_value(facts: SearchFacts, metrics: Metrics) -> float | None:
    """The objective of a point; None where it has no number or too few trades."""
    value = metrics.values[facts.metric]
    return value if value is not None and (metrics.values["trades"] or 0) >= facts.least_trades else None
