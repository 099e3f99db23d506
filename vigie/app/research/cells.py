"""Searches over several timeframes, profiles, pairs and scenarios: the same points in every cell, each cell counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vigie.app.data.candles import Report, load_series
from vigie.app.research.search import Searched, SearchRequest, SweepResult, points_of, run_sweeps, searched
from vigie.app.research.studies import run_studies
from vigie.app.research.trials import ledger_of
from vigie.app.strategies.finding import find
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError
from vigie.domain.timeframe import Timeframe
from vigie.research.cells import Cell, Tried
from vigie.research.proposers import worth
from vigie.research.space import space_of
from vigie.research.sweep import metric_of


@dataclass(frozen=True, slots=True)
class CellsRequest:
    """A search over cells.

    Attributes:
        search: what is searched, where nothing below says otherwise.
        timeframes, profiles: at least one of each; the search runs on every combination.
        scenarios: overrides by the name of a scenario; empty: the settings as they are.
        each_pair: every pair alone in a wallet instead of all in one.
    """

    search: SearchRequest
    timeframes: Sequence[Timeframe]
    profiles: Sequence[str]
    scenarios: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    each_pair: bool = False


@dataclass(frozen=True, slots=True)
class CellTask:
    """A cell with its search, understood."""

    cell: Cell
    request: SearchRequest
    task: Searched


@dataclass(frozen=True, slots=True, eq=False)
class SweptCells:
    """What a search over cells found.

    Attributes:
        cells: in their order.
        results: one for each.
        trials: distinct trials counted for this strategy on any market of the cells, these included.
    """

    cells: tuple[Cell, ...]
    results: tuple[SweepResult, ...]
    trials: int

    def tried(self, objective: str, least_trades: int) -> list[Tried]:
        """Every point of every cell that makes sense, cell after cell."""
        metric = metric_of(objective)
        return [
            Tried(cell, point, kept.metrics, worth(kept.metrics, metric, least_trades))
            for cell, result in zip(self.cells, self.results, strict=True)
            for (point, _), kept in zip(result.searched.made, result.results, strict=True)
        ]


def cells_of(request: CellsRequest, report: Report) -> tuple[CellTask, ...]:
    """Understand a search over cells; candles are read once for each timeframe.

    Raises:
        ConfigError: a name, number, path, pair or axis is wrong, or a scenario sets what is searched.
        DataError: the candles cannot be used.
    """
    _check_scenarios(request)
    base = request.search.base
    found: list[CellTask] = []
    for timeframe in request.timeframes:
        series = load_series(base.data, base.home, base.pairs, timeframe, report=report)
        wallets = [(one,) for one in series] if request.each_pair else [series]
        found += [
            _cell(request.search, wallet, timeframe, profile, scenario, report)
            for profile in request.profiles
            for wallet in wallets
            for scenario in (request.scenarios or {"": {}}).items()
        ]
    return tuple(found)


def points_to_run(cells: Sequence[CellTask]) -> int:
    """How many points a search over cells will tell the progress of."""
    return sum(points_of(one.request, one.task) for one in cells)


def run_cells(
    cells: Sequence[CellTask],
    *,
    report: Report = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> SweptCells:
    """Run every point in every cell; all are counted before the first one is run, or batch by batch in a study.

    Studies go over the pairs and scenarios of one timeframe and profile together: a point is worth its median there.

    Raises:
        ConfigError: no point makes sense, or the ledger cannot be written.
        DataError: the ledger is damaged.
    """
    asked = [(one.request, one.task) for one in cells]
    if any(one.task.study for one in cells):
        results = run_studies(asked, [one.cell.chosen for one in cells], report=report, progress=progress)
    else:
        results = run_sweeps(asked, report=report, progress=progress)
    first = cells[0]
    markets = {market for one in cells for market in one.task.markets}
    trials = ledger_of(first.request.base.home, report).count(first.task.prepared.plan.strategy.name, markets)
    return SweptCells(tuple(one.cell for one in cells), tuple(results), trials)


def _check_scenarios(request: CellsRequest) -> None:
    """Refuse scenarios that set what is searched: their points would be others than those of the cells beside them."""
    search = request.search
    space = space_of(find(search.base.strategy, search.base.home), search.base.overrides, search.grid)
    axes = {axis.name for axis in space.axes}
    problems = [
        f"scenario '{name}' sets '{key}', which is searched"
        for name, changes in request.scenarios.items()
        for key in changes
        if key in axes
    ]
    if problems:
        raise ConfigError(problems)


def _cell(
    search: SearchRequest,
    series: tuple[Series, ...],
    timeframe: Timeframe,
    profile: str,
    scenario: tuple[str, Mapping[str, str]],
    report: Report,
) -> CellTask:
    name, changes = scenario
    pairs = tuple(one.pair for one in series)
    overrides = {**search.base.overrides, **changes}
    base = replace(search.base, timeframe=timeframe, profile=profile, pairs=pairs, overrides=overrides)
    request = replace(search, base=base)
    cell = Cell(str(timeframe), profile, " ".join(map(str, pairs)), name)
    return CellTask(cell, request, searched(request, report, series))
