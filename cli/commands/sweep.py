"""``vigie sweep``: many parameters on the same candles, every one counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import (
    CapitalOption,
    DataOption,
    EngineOption,
    FeeOption,
    GridOption,
    JsonOption,
    LeastTradesOption,
    ObjectiveOption,
    PairsOption,
    ParamOption,
    ProfilesOption,
    SamplesOption,
    ScenarioOption,
    SearchOption,
    SeedOption,
    SlippageOption,
    StrategyOption,
    TimeframesOption,
    TimerangeOption,
    WalletOption,
)
from cli.output import console, note, print_json, progress
from cli.parsing import parse_list, parse_scenarios
from cli.requests import request_of
from vigie.domain.timeframe import Timeframe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigie.app.research.cells import CellTask, SweptCells
    from vigie.app.research.search import SearchRequest

CELL_AXES = ("profile", "pairs", "timeframe", "scenario")

PANEL = "Research"
LOGS = "backtest"
ORDER = 22


def command(
    strategy: StrategyOption = "ema_stochrsi",
    profile: ProfilesOption = "standard",
    pairs: PairsOption = None,
    each_pair: Annotated[bool, typer.Option("--each-pair", help="Each pair alone, not all in one wallet.")] = False,
    timeframe: TimeframesOption = "1h",
    timerange: TimerangeOption = None,
    data: DataOption = None,
    param: ParamOption = None,
    scenario: ScenarioOption = None,
    grid: GridOption = None,
    search: SearchOption = None,
    samples: SamplesOption = None,
    seed: SeedOption = 7,
    objective: ObjectiveOption = "sharpe",
    min_trades: LeastTradesOption = 30,
    wallet: WalletOption = None,
    capital: CapitalOption = None,
    fee_bps: FeeOption = None,
    slippage_bps: SlippageOption = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="Points shown.")] = 15,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="All points, one row each: .csv, .json or .parquet.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="HTML report, one self-contained file.")] = None,
    heat: Annotated[
        str | None, typer.Option(metavar="A,B", help="Axes of the report's heat map; else those with most values.")
    ] = None,
    engine: EngineOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Try many parameters on the same candles. In sample: choose by `vigie walk-forward`.

    What was tried before, on the same candles and code, is taken from the store. With several timeframes, profiles,
    scenarios or --each-pair, every combination of them is a cell in which every point is tried and counted.

    Example: vigie sweep --strategy ema_cross --grid fast=10,20,30 --grid slow=50:200:50
    """
    from vigie.app.research.cells import CellsRequest, cells_of, points_to_run, run_cells
    from vigie.app.research.reports import SweepOutputs, write_cells
    from vigie.app.research.search import SearchRequest

    timeframes, profiles = parse_list(timeframe, "--timeframe"), parse_list(profile, "--profile")
    base = request_of(
        strategy=strategy,
        profile=profiles[0],
        timeframe=timeframes[0],
        data=data,
        pairs=pairs,
        timerange=timerange,
        param=param,
        wallet=wallet,
        capital=capital,
        fee_bps=fee_bps,
        slippage_bps=slippage_bps,
    )
    request = CellsRequest(
        SearchRequest(base, tuple(grid or ()), samples, seed, objective, min_trades, search, engine),
        timeframes=[Timeframe.parse(one) for one in timeframes],
        profiles=profiles,
        scenarios=parse_scenarios(scenario),
        each_pair=each_pair,
    )
    cells = cells_of(request, note)
    outputs = SweepOutputs(export, report, tuple(name.strip() for name in heat.split(",")) if heat else ())
    outputs.check([one.task for one in cells])
    with progress(f"sweeping {strategy}", points_to_run(cells)) as advance:
        found = run_cells(cells, report=note, progress=advance)
    written = write_cells(cells, found, outputs)
    facts = {"strategy": strategy, **_cell_facts(found), **_facts(found, request.search)}
    if as_json:
        print_json(_document(found, facts, request.search))
    else:
        _head(cells, found)
        _show(found, request.search, top)
        _notes(facts, min_trades)
    for path in written:
        note(f"written: {path}")


def _notes(facts: dict[str, Any], min_trades: int) -> None:
    note(
        f"{facts['tried']:,} points ({facts['from_store']:,} from the store), {facts['senseless']:,} without sense, "
        f"{facts['too_few_trades']:,} with fewer than {min_trades} trades; {facts['trials']:,} trials counted so far"
    )
    luck = facts["best_sharpe_by_luck"]
    expected = "" if luck is None else f" (a Sharpe ratio of {luck:.2f} is to be expected)"
    note(f"in sample: the best of many tries looks good by luck alone{expected}; next: vigie walk-forward")


def _cell_facts(found: SweptCells) -> dict[str, Any]:
    """What the points stand on: a word where there is one, a list where there are several."""
    words = {name: list(dict.fromkeys(getattr(cell, name) for cell in found.cells)) for name in CELL_AXES}
    shown: dict[str, Any] = {name: named[0] if len(named) == 1 else named for name, named in words.items()}
    shown["pairs"] = list(dict.fromkeys(pair for pairs in words["pairs"] for pair in pairs.split()))
    return {name: value for name, value in shown.items() if value != ""}


def _facts(found: SweptCells, search: SearchRequest) -> dict[str, Any]:
    from vigie.reporting.luck import expected_best_sharpe

    tried = found.tried(search.objective, search.least_trades)
    # Cells are other conditions, not other draws: what luck alone would show is told of one.
    luck = expected_best_sharpe([(one.point, one.metrics) for one in tried], found.trials)
    alone = len(found.cells) == 1 and not isinstance(luck, str)
    return {
        "objective": search.objective,
        "search": str(search.kind),
        "tried": len(tried),
        "senseless": sum(one.searched.senseless for one in found.results),
        "from_store": sum(one.from_store for one in found.results),
        "too_few_trades": sum(one.worth is None for one in tried),
        "trials": found.trials,
        "best_sharpe_by_luck": luck if alone else None,
    }


def _document(found: SweptCells, facts: dict[str, Any], search: SearchRequest) -> dict[str, Any]:
    from vigie.reporting.cells import cells_document
    from vigie.reporting.search import sweep_document

    if len(found.cells) > 1:
        return cells_document(found.tried(search.objective, search.least_trades), facts)
    return sweep_document(_ranked(found, search), facts)


def _head(cells: Sequence[CellTask], found: SweptCells) -> None:
    from vigie.app.research.reports import facts_of
    from vigie.reporting.scope import IN_SAMPLE
    from vigie.reporting.search_head import search_head

    told = [facts_of(one.request, one.task, found.trials, one.request.base.end_ms) for one in cells]
    console().print(search_head(told, found.trials, IN_SAMPLE))


def _show(found: SweptCells, search: SearchRequest, top: int) -> None:
    from vigie.reporting.cells import cells_view
    from vigie.reporting.search import sweep_table

    if len(found.cells) > 1:
        console().print(cells_view(found.tried(search.objective, search.least_trades), search.objective, top))
    elif ranked := _ranked(found, search):
        console().print(sweep_table(ranked, top))


def _ranked(found: SweptCells, search: SearchRequest) -> list[tuple[Any, Any]]:
    (result,) = found.results
    return [(point, kept.metrics) for point, kept in result.ranked(search.objective, search.least_trades)]
