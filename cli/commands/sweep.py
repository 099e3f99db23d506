"""``vigie sweep``: many parameters on the same candles, every one counted."""

from __future__ import annotations

from typing import Annotated

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
    engine: EngineOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Try many parameters on the same candles. In sample: choose by `vigie walk-forward`.

    What was tried before, on the same candles and code, is taken from the store.

    Example: vigie sweep --strategy ema_cross --grid fast=10,20,30 --grid slow=50:200:50
    """
    from vigie.app.search import SearchRequest, run_sweep, searched

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
    request = SearchRequest(base, tuple(grid or ()), samples, seed, objective, min_trades, engine)
    task = searched(request, note)
    with progress(f"sweeping {strategy}", len(task.made)) as advance:
        found = run_sweep(request, task, report=note, progress=advance)
    ranked = [(point, result.metrics) for point, result in found.ranked(objective, min_trades)]
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
    }
    from vigie.reporting.search import sweep_document, sweep_table

    if as_json:
        print_json(sweep_document(ranked, facts))
        return
    if ranked:
        console().print(sweep_table(ranked, top))
    note(
        f"{len(task.made):,} points ({found.from_store:,} from the store), {task.senseless:,} without sense, "
        f"{facts['too_few_trades']:,} with fewer than {min_trades} trades; {found.trials:,} trials counted so far"
    )
    note("in sample: the best of many tries looks good by luck alone; next: vigie walk-forward")
