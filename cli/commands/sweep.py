"""``vigie sweep``: many parameters on the same candles, every one counted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import (
    CapitalOption,
    DataOption,
    FeeOption,
    GridOption,
    JsonOption,
    LeastTradesOption,
    ObjectiveOption,
    PairsOption,
    ParamOption,
    ProfileOption,
    SamplesOption,
    SeedOption,
    SlippageOption,
    StrategyOption,
    TimeframeOption,
    TimerangeOption,
    WalletOption,
)
from cli.output import console, note, print_json, progress
from cli.requests import request_of

PANEL = "Research"
ORDER = 12


def command(
    strategy: StrategyOption = "ema_stochrsi",
    profile: ProfileOption = "standard",
    pairs: PairsOption = None,
    timeframe: TimeframeOption = "1h",
    timerange: TimerangeOption = None,
    data: DataOption = None,
    param: ParamOption = None,
    grid: GridOption = None,
    samples: SamplesOption = None,
    seed: SeedOption = 7,
    objective: ObjectiveOption = "sharpe",
    min_trades: LeastTradesOption = 30,
    wallet: WalletOption = None,
    capital: CapitalOption = None,
    fee_bps: FeeOption = None,
    slippage_bps: SlippageOption = None,
    top: Annotated[int, typer.Option(min=1, help="Points shown.")] = 15,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="All points, one row each: .csv, .json or .parquet.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="HTML report, one self-contained file.")] = None,
    heat: Annotated[
        str | None, typer.Option(metavar="A,B", help="Axes of the report's heat map; else those with most values.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Try many parameters on the same candles. In sample: choose by `vigie walk-forward`.

    What was tried before, on the same candles and code, is taken from the store.

    Example: vigie sweep --strategy ema_cross --grid fast=10,20,30 --grid slow=50:200:50
    """
    from vigie.app.research_reports import SweepOutputs, points_of, write_sweep
    from vigie.app.search import SearchRequest, run_sweep, searched
    from vigie.reporting.luck import expected_best_sharpe
    from vigie.reporting.search import sweep_document, sweep_table

    base = request_of(
        strategy=strategy,
        profile=profile,
        timeframe=timeframe,
        data=data,
        pairs=pairs,
        timerange=timerange,
        param=param,
        wallet=wallet,
        capital=capital,
        fee_bps=fee_bps,
        slippage_bps=slippage_bps,
    )
    request = SearchRequest(base, tuple(grid or ()), samples, seed, objective, min_trades)
    task = searched(request, note)
    outputs = SweepOutputs(export, report, tuple(name.strip() for name in heat.split(",")) if heat else ())
    outputs.check(task)
    with progress(f"sweeping {strategy}", len(task.made)) as advance:
        found = run_sweep(request, task, report=note, progress=advance)
    ranked = [(point, result.metrics) for point, result in found.ranked(objective, min_trades)]
    written = write_sweep(request, found, outputs)
    luck = expected_best_sharpe(points_of(found), found.trials)
    facts = {
        "strategy": strategy,
        "profile": profile,
        "pairs": [str(one.pair) for one in task.prepared.series],
        "timeframe": timeframe,
        "objective": objective,
        "tried": len(task.made),
        "senseless": task.senseless,
        "from_store": found.from_store,
        "too_few_trades": len(task.made) - len(ranked),
        "trials": found.trials,
        "best_sharpe_by_luck": None if isinstance(luck, str) else luck,
    }
    if as_json:
        print_json(sweep_document(ranked, facts))
    else:
        if ranked:
            console().print(sweep_table(ranked, top))
        _notes(facts, min_trades)
    for path in written:
        note(f"written: {path}")


def _notes(facts: Mapping[str, Any], min_trades: int) -> None:
    note(
        f"{facts['tried']:,} points ({facts['from_store']:,} from the store), {facts['senseless']:,} without sense, "
        f"{facts['too_few_trades']:,} with fewer than {min_trades} trades; {facts['trials']:,} trials counted so far"
    )
    luck = facts["best_sharpe_by_luck"]
    expected = "" if luck is None else f" (a Sharpe ratio of {luck:.2f} is to be expected)"
    note(f"in sample: the best of many tries looks good by luck alone{expected}; next: vigie walk-forward")
