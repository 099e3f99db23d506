"""Cells of a search: the same points on other timeframes, profiles, pairs and scenarios, and how they hold up there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vigie.metrics.summary import Metrics
from vigie.research.space import Point

AXES = ("timeframe", "profile", "pairs", "scenario")


@dataclass(frozen=True, slots=True)
class Cell:
    """Where points are tried.

    Timeframe and profile are what somebody chooses between; pairs and scenario are what a choice has to stand.

    Attributes:
        timeframe: ``1h``.
        profile: its name.
        pairs: of the one wallet, ``BTC/USDT ETH/USDT``.
        scenario: its name; empty: none.
    """

    timeframe: str
    profile: str
    pairs: str
    scenario: str = ""

    @property
    def chosen(self) -> tuple[str, str]:
        """What one chooses: the cells that share it are different weathers for the same points."""
        return self.timeframe, self.profile

    def __str__(self) -> str:
        return " ".join(word for word in (self.timeframe, self.profile, self.pairs, self.scenario) if word)


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A point in a cell.

    Attributes:
        worth: its objective, more is better; None: undefined or from too few trades.
    """

    cell: Cell
    point: Point
    metrics: Metrics
    worth: float | None


@dataclass(frozen=True, slots=True)
class CellSummary:
    """How the points of a cell did.

    Attributes:
        tried: points that make sense.
        ranked: those of them that are worth something.
        best, median: of their worth; None: nothing is ranked.
        point: the best one, the first among equals; None: nothing is ranked.
    """

    cell: Cell
    tried: int
    ranked: int
    best: float | None
    median: float | None
    point: Point | None


@dataclass(frozen=True, slots=True)
class Robust:
    """A point over all pairs and scenarios of its timeframe and profile.

    Attributes:
        timeframe, profile: of the cells.
        point: its values.
        cells: in how many it was tried.
        median: `median_worth` over them.
        worst: the lowest of its worths; None: it is worth nothing somewhere.
        worst_cell: where that is, the first among equals.
    """

    timeframe: str
    profile: str
    point: Point
    cells: int
    median: float | None
    worst: float | None
    worst_cell: Cell


def differing(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Names of the axes on which cells differ, in the order of `AXES`."""
    return tuple(name for name in AXES if len({getattr(cell, name) for cell in cells}) > 1)


def ranked(tried: Iterable[Tried]) -> list[Tried]:
    """Points that are worth something, over all cells, the best first, in their order among equals."""
    return sorted((one for one in tried if one.worth is not None), key=_falling)


def by_cell(tried: Sequence[Tried]) -> list[CellSummary]:
    """A line for each cell, in their order."""
    return [_summary(cell, [one for one in tried if one.cell == cell]) for cell in _cells(tried)]


def robust(tried: Sequence[Tried]) -> list[Robust]:
    """Points by what they are worth in the middle of their cells, the best first, in their order among equals.

    A point that is worth nothing in the middle is left out.
    """
    groups: dict[tuple[object, ...], list[Tried]] = {}
    for one in tried:
        groups.setdefault((*one.cell.chosen, *one.point.items()), []).append(one)
    found = [_robust(group) for group in groups.values()]
    return sorted((one for one in found if one.median is not None), key=lambda one: -(one.median or 0.0))


def median_worth(worths: Sequence[float | None]) -> float | None:
    """The median, where worth nothing is worse than any number; None if that is what lies in the middle."""
    middle = float(np.median([-np.inf if one is None else one for one in worths]))
    return middle if np.isfinite(middle) else None


def _falling(one: Tried) -> float:
    return -(one.worth or 0.0)


def _cells(tried: Sequence[Tried]) -> list[Cell]:
    return list(dict.fromkeys(one.cell for one in tried))


def _summary(cell: Cell, tried: Sequence[Tried]) -> CellSummary:
    order = ranked(tried)
    worths = [one.worth for one in order if one.worth is not None]
    return CellSummary(
        cell=cell,
        tried=len(tried),
        ranked=len(order),
        best=worths[0] if worths else None,
        median=float(np.median(worths)) if worths else None,
        point=order[0].point if order else None,
    )


def _robust(group: Sequence[Tried]) -> Robust:
    lowest = min(group, key=lambda one: -np.inf if one.worth is None else one.worth)
    return Robust(
        timeframe=lowest.cell.timeframe,
        profile=lowest.cell.profile,
        point=lowest.point,
        cells=len(group),
        median=median_worth([one.worth for one in group]),
        worst=lowest.worth,
        worst_cell=lowest.cell,
    )
