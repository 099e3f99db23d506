"""Reports of searches: pages and tables that are written beside what the terminal shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from vigie.app.backtest import REPORT_SUFFIXES, TABLE_SUFFIXES, check_writable, write_files
from vigie.app.search import Searched, SearchRequest, SweepResult, end_of
from vigie.app.walk_forward import WalkedForward
from vigie.domain.errors import ConfigError
from vigie.metrics.summary import Metrics
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

    def check(self, task: Searched) -> None:
        """Refuse, before anything is computed, what could not be written at the end.

        Raises:
            ConfigError: as in `check_writable`, or a heat map of names that are not searched.
        """
        from vigie.reporting.heat_map import widest

        check_writable(((self.points, TABLE_SUFFIXES), (self.report, REPORT_SUFFIXES)))
        if self.heat and self.report is None:
            raise ConfigError("--heat chooses the axes of a page's heat map: say --report FILE.html too")
        widest(task.space.axes, self.heat)


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


def write_sweep(request: SearchRequest, found: SweepResult, outputs: SweepOutputs) -> list[Path]:
    """Write the files that are wanted, each whole or not at all.

    Returns:
        what was written.

    Raises:
        ConfigError: a file cannot be written.
    """
    points = points_of(found)
    made: list[tuple[Path, bytes]] = []
    if outputs.points is not None:
        from vigie.reporting.search_exports import points_table

        made.append((outputs.points, points_table(points, outputs.points.suffix)))
    if outputs.report is not None:
        from vigie.reporting.page.sweep import sweep_page

        facts = facts_of(request, found.searched, found.trials, request.base.end_ms)
        made.append((outputs.report, sweep_page(facts, points, outputs.heat).encode()))
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
