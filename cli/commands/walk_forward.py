"""``vigie walk-forward``: parameters chosen on training candles, judged on candles never seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

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
    SaveOption,
    ScenarioOption,
    SearchOption,
    SeedOption,
    SlippageOption,
    StrategyOption,
    TimeframeOption,
    TimerangeOption,
    WalletOption,
)
from cli.output import console, note, print_json, progress
from cli.parsing import parse_dates, parse_scenarios
from cli.requests import request_of
from vigie.domain.errors import CheckFailed, ConfigError

PANEL = "Research"
LOGS = "backtest"
ORDER = 23


def command(
    strategy: StrategyOption = "ema_stochrsi",
    profile: ProfileOption = "standard",
    pairs: PairsOption = None,
    timeframe: TimeframeOption = "1h",
    timerange: TimerangeOption = None,
    data: DataOption = None,
    param: ParamOption = None,
    scenario: ScenarioOption = None,
    grid: GridOption = None,
    search: SearchOption = None,
    samples: SamplesOption = None,
    seed: SeedOption = 7,
    objective: ObjectiveOption = "sharpe",
    min_trades: LeastTradesOption = 10,
    folds: Annotated[int, typer.Option(metavar="N", min=1, help="Test parts of equal length.")] = 4,
    boundaries: Annotated[
        str | None,
        typer.Option(metavar="DAYS", help="UTC days between the parts instead: 20220101,20230101,20240101."),
    ] = None,
    rolling: Annotated[bool, typer.Option("--rolling", help="Training parts of equal length, not growing.")] = False,
    purge: Annotated[
        int, typer.Option(metavar="CANDLES", min=0, help="Candles left out at the end of each training part.")
    ] = 0,
    embargo: Annotated[
        int, typer.Option(metavar="CANDLES", min=0, help="Candles left out at the start of each test.")
    ] = 0,
    gate: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=LIMIT", help="mean_sharpe, win_rate, trades, folds or out_in_ratio; repeatable."),
    ] = None,
    wallet: WalletOption = None,
    capital: CapitalOption = None,
    fee_bps: FeeOption = None,
    slippage_bps: SlippageOption = None,
    promote: Annotated[bool, typer.Option("--promote", help="Write a certificate if every gate is passed.")] = False,
    propose: Annotated[
        bool, typer.Option("--propose", help="The same, but nothing goes by it until vigie certificate promote NAME.")
    ] = False,
    practice: Annotated[
        bool, typer.Option("--practice", help="Certify made-up candles too: for a simulated exchange alone.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Equity of the tests, one after the other: .csv, .json or .parquet."),
    ] = None,
    export_folds: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Folds, one row each: .csv, .json or .parquet.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="HTML report, one self-contained file.")] = None,
    engine: EngineOption = "local",
    save: SaveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose on the past, judge once on what came after.

    Exit 3 if a gate is not passed.

    Examples: vigie walk-forward --strategy ema_cross --data candles/
    vigie walk-forward --strategy ema_cross --pairs BTC/USDT --promote
    """
    from vigie.app.research.backtest import Outputs
    from vigie.app.research.gates import gate_settings
    from vigie.app.research.reports import WalkForwardOutputs, facts_of, write_walk_forward
    from vigie.app.research.search import SearchRequest, searched
    from vigie.app.research.walk_forward import WalkForwardRequest, points_to_run, require_real, run_walk_forward
    from vigie.app.research.walk_forward import promote as certify

    outputs = WalkForwardOutputs(export, export_folds, report)
    outputs.check()
    Outputs(saved=save).check()
    _only_one("--timeframe", timeframe, "timeframe")
    _only_one("--profile", profile, "profile")
    changes = _scenario(scenario)
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
    base = replace(base, overrides={**base.overrides, **changes})
    request = WalkForwardRequest(
        SearchRequest(base, tuple(grid or ()), samples, seed, objective, min_trades, search, engine),
        folds=folds,
        boundaries=parse_dates(boundaries),
        rolling=rolling,
        purge=purge,
        embargo=embargo,
        gates=gate_settings(gate or ()),
    )
    task = searched(request.search, note)
    if (promote or propose) and not practice:
        require_real(task)
    with progress(f"walking {strategy} forward", points_to_run(request, task)) as advance:
        done = run_walk_forward(request, task, report=note, progress=advance)
    if save is not None:
        from vigie.app.research.saved import save_walk_forward

        save_walk_forward(done, save, note)
    wanted = (promote or propose) and done.outcome.passed
    certificate = certify(done, base.home, proposed=not promote, practice=practice) if wanted else None
    name = None if certificate is None else certificate.name
    written = write_walk_forward(request.search, done, outputs, name)
    facts: dict[str, Any] = {
        "strategy": strategy,
        "profile": profile,
        "pairs": [str(one.pair) for one in task.prepared.series],
        "timeframe": timeframe,
        **({"scenario": next(iter(parse_scenarios(scenario)))} if scenario else {}),
        "objective": objective,
        "search": str(request.search.kind),
        "points": done.points,
        "from_store": done.from_store,
        "certificate": name,
    }
    note(f"{done.points:,} points ({done.from_store:,} from the store)")
    from vigie.reporting.search import walk_forward_document, walk_forward_view

    if as_json:
        print_json(walk_forward_document(done.outcome, facts))
    else:
        from vigie.reporting.search_head import search_head

        trials, tests = done.outcome.trials, len(done.folds)
        told = facts_of(request.search, done.searched, trials, done.folds[-1].test_end)
        sample = f"out of sample in {tests} test{'' if tests == 1 else 's'}"
        console().print(search_head([told], trials, sample))
        console().print(walk_forward_view(done.outcome))
    for path in written:
        note(f"written: {path}")
    if not done.outcome.passed:
        raise CheckFailed("not every gate is passed: no parameters are given")
    if not as_json and done.outcome.final is not None:
        words = " ".join(f"--param {name}={value}" for name, value in done.outcome.final.point.items())
        console().print(f"chosen by the same rule on all candles: {words}")
    if certificate is not None:
        note(f"certificate: {certificate.name}")


def _only_one(option: str, text: str, what: str) -> None:
    """Refuse a list: folds, gates and certificate are about one choice."""
    if "," in text:
        raise ConfigError(f"{option} {text}: walk-forward judges one {what}; run it once for each of them")


def _scenario(given: list[str] | None) -> dict[str, str]:
    scenarios = parse_scenarios(given)
    if len(scenarios) > 1:
        names = ", ".join(scenarios)
        raise ConfigError(f"--scenario {names}: walk-forward judges under one scenario; run it once for each of them")
    return next(iter(scenarios.values()), {})
