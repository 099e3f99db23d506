"""Reports of searches: pages and tables that are written beside what the terminal shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from vigie.app.research.backtest import REPORT_SUFFIXES, TABLE_SUFFIXES, check_writable, write_files
from vigie.app.research.cells import CellTask, SweptCells
from vigie.app.research.search import Searched, SearchRequest, SweepResult, end_of
from vigie.app.research.walk_forward import WalkedForward
from vigie.domain.errors import ConfigError
from vigie.metrics.summary import Metrics
from vigie.research.cells import differing
from vigie.research.space import Point
from vigie.research.sweep import metric_of

if TYPE_CHECKING:
    from vigie.reporting.search_facts import SearchFacts


@dataclass(frozen=True, slots=True)
class SweepOutputs:
    """Files to write; None: not wanted.

    Attributes:
        points: table of everything that was run.
        report: HTML page.
        heat: names of the axes of the page's heat map; empty: those with most values.
    """

    points: Path | None = None
    report: Path | None = None
    heat: Sequence[str] = ()

    def check(self, tasks: Sequence[Searched]) -> None:
        """Refuse, before anything is computed, what could not be written at the end.

        Args:
            tasks: one for each cell of the search.

        Raises:
            ConfigError: as in `check_writable`, a heat map of names that are not searched, or a page of several cells.
        """
        from vigie.reporting.heat_map import widest

        check_writable(((self.points, TABLE_SUFFIXES), (self.report, REPORT_SUFFIXES)))
        if self.heat and self.report is None:
            raise ConfigError("--heat chooses the axes of a page's heat map: say --report FILE.html too")
        if self.report is not None and len(tasks) > 1:
            raise ConfigError(
                f"--report shows one cell of a search, here are {len(tasks)}: --export has them all, or run one by one"
            )
        widest(tasks[0].space.axes, self.heat)


@dataclass(frozen=True, slots=True)
class WalkForwardOutputs:
    """Files to write; None: not wanted.

    Attributes:
        equity: table of the stitched out-of-sample equity.
        folds: table of the folds.
        report: HTML page.
    """

    equity: Path | None = None
    folds: Path | None = None
    report: Path | None = None

    def check(self) -> None:
        """Refuse, before anything is computed, what could not be written at the end.

        Raises:
            ConfigError: as in `check_writable`.
        """
        tables = ((self.equity, TABLE_SUFFIXES), (self.folds, TABLE_SUFFIXES))
        check_writable((*tables, (self.report, REPORT_SUFFIXES)))


def write_cells(cells: Sequence[CellTask], found: SweptCells, outputs: SweepOutputs) -> list[Path]:
    """Write the files that are wanted, each whole or not at all.

    Returns:
        what was written.

    Raises:
        ConfigError: a file cannot be written.
    """
    made: list[tuple[Path, bytes]] = []
    if outputs.points is not None:
        from vigie.reporting.search_exports import points_table

        request = cells[0].request
        tried = found.tried(request.objective, request.least_trades)
        names = differing(found.cells)
        rows = [({**{name: getattr(one.cell, name) for name in names}, **one.point}, one.metrics) for one in tried]
        made.append((outputs.points, points_table(rows, outputs.points.suffix)))
    if outputs.report is not None:
        from vigie.reporting.page.sweep import sweep_page

        (result,), request = found.results, cells[0].request
        facts = facts_of(request, result.searched, result.trials, request.base.end_ms)
        made.append((outputs.report, sweep_page(facts, points_of(result), outputs.heat).encode()))
    return write_files(made)


def write_walk_forward(
    request: SearchRequest, done: WalkedForward, outputs: WalkForwardOutputs, certificate: str | None
) -> list[Path]:
    """Write the files that are wanted, each whole or not at all.

    Args:
        request: the search of the walk-forward.
        done: what came out.
        outputs: which files.
        certificate: its name; None: none was written.

    Returns:
        what was written.

    Raises:
        ConfigError: a file cannot be written.
    """
    from vigie.reporting.search_exports import equity_table, folds_table

    made: list[tuple[Path, bytes]] = []
    if outputs.equity is not None:
        made.append((outputs.equity, equity_table(done.outcome, outputs.equity.suffix)))
    if outputs.folds is not None:
        made.append((outputs.folds, folds_table(done.outcome, outputs.folds.suffix)))
    if outputs.report is not None:
        from vigie.reporting.page.walk_forward import walk_forward_page

        facts = facts_of(request, done.searched, done.outcome.trials, done.folds[-1].test_end)
        made.append((outputs.report, walk_forward_page(facts, done.outcome, certificate).encode()))
    return write_files(made)


def points_of(found: SweepResult) -> list[tuple[Point, Metrics]]:
    """Every point that was run with its numbers, in the order of the grid."""
    return [(point, result.metrics) for (point, _), result in zip(found.searched.made, found.results, strict=True)]


def facts_of(request: SearchRequest, task: Searched, trials: int, end_ms: int | None) -> SearchFacts:
    """A search as its reports name it.

    Args:
        request: what was searched.
        task: the same, understood.
        trials: counted by the ledger.
        end_ms: first instant that was not looked at, epoch milliseconds; None: after the last candle.
    """
    from vigie.reporting.search_facts import SearchFacts

    base, plan, series = request.base, task.prepared.plan, task.prepared.series
    traded = [one.candles.between(base.start_ms, end_ms) for one in series]
    searched = {axis.name for axis in task.space.axes}
    numbers = {**plan.parameters.as_dict(), **plan.numbers}
    quotes = {one.pair.quote for one in series}
    return SearchFacts(
        strategy=plan.strategy.name,
        profile=plan.profile,
        timeframe=str(series[0].candles.timeframe),
        pairs=tuple(str(one.pair) for one in series),
        quote=quotes.pop() if len(quotes) == 1 else "quote",
        capital=float(plan.settings.capital),
        objective=request.objective,
        metric=metric_of(request.objective),
        least_trades=request.least_trades,
        axes=task.space.axes,
        tried=len(task.made),
        senseless=task.senseless,
        trials=trials,
        start=min(int(one.opens_at[0]) for one in traded if len(one)),
        end=end_of(series, end_ms),
        candles=sum(len(one) for one in traded),
        synthetic=any(one.synthetic for one in series),
        overrides=dict(plan.overrides),
        fixed={name: value for name, value in numbers.items() if name not in searched},
        origins={str(one.pair): f"{one.venue}, {one.origin}" for one in series},
        data_hashes=dict(task.ground.data_hashes),
        strategy_hash=plan.strategy.code_hash,
        code_hash=task.ground.code_hash,
        version=version("vigie"),
    )
