"""``vigie backtest``: one strategy, candles of the past, an honest account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cli.options import (
    CapitalOption,
    DataOption,
    FeeOption,
    JsonOption,
    PairsOption,
    ParamOption,
    ProfileOption,
    SaveOption,
    SlippageOption,
    StrategyOption,
    TimeframeOption,
    TimerangeOption,
    WalletOption,
)
from cli.output import console, note, print_json, waits
from cli.requests import request_of

PANEL = "Research"
LOGS = "backtest"
ORDER = 21


def command(
    strategy: StrategyOption = "ema_stochrsi",
    profile: ProfileOption = "standard",
    pairs: PairsOption = None,
    timeframe: TimeframeOption = "1h",
    timerange: TimerangeOption = None,
    data: DataOption = None,
    param: ParamOption = None,
    wallet: WalletOption = None,
    capital: CapitalOption = None,
    fee_bps: FeeOption = None,
    slippage_bps: SlippageOption = None,
    max_hole_days: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="A longer hole in the candles stops the run, days.")
    ] = 7.0,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Trades, one row each: .csv, .json or .parquet.")
    ] = None,
    export_events: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Buys, partial sales and sales: .csv, .json or .parquet.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="HTML report, one self-contained file.")] = None,
    save: SaveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Test a strategy on candles of the past.

    Without --data and --pairs it runs on the sample market, which is synthetic.

    Examples: vigie backtest --data candles/ --report report.html
    vigie backtest --pairs BTC/USDT --timerange 20200101-20250630
    """
    from vigie.app.research.backtest import Outputs, backtest, trials_behind, write

    outputs = Outputs(trades=export, events=export_events, report=report, saved=save)
    outputs.check()
    request = replace(
        request_of(
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
        ),
        longest_hole_days=max_hole_days,
    )
    result = backtest(request, note, waiting=waits(shown=not as_json))
    trials = trials_behind(request, result)
    written = write(result, outputs, trials)
    if as_json:
        from vigie.reporting.document import to_json

        print_json(to_json(result, trials))
    else:
        from vigie.reporting.terminal import render

        console().print(render(result, trials))
    for path in written:
        note(f"written: {path}")
