"""``vigie montecarlo``: how much of a backtest was luck of the order."""

from __future__ import annotations

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
    SeedOption,
    SlippageOption,
    StrategyOption,
    TimeframeOption,
    TimerangeOption,
    WalletOption,
)
from cli.output import console, note, print_json
from cli.requests import request_of

PANEL = "Research"
LOGS = "backtest"
ORDER = 24


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
    paths: Annotated[int, typer.Option(metavar="N", min=100, max=1_000_000, help="Histories of each kind.")] = 10_000,
    seed: SeedOption = 7,
    block_days: Annotated[
        float | None, typer.Option(metavar="DAYS", min=1.0, help="Mean length of a block; without it, measured.")
    ] = None,
    ruin: Annotated[
        float, typer.Option(metavar="FRACTION", min=0.01, max=1.0, help="Drawdown that counts as ruin.")
    ] = 0.5,
    as_json: JsonOption = False,
) -> None:
    """Draw other histories of a backtest.

    Its days and its trades are resampled: intervals for wealth, drawdown and Sharpe ratio.

    Days worse than any in the history never appear: the truth can be worse than the worst of these.

    Example: vigie montecarlo --strategy ema_cross --data candles/ --pairs BTC/USDT
    """
    from vigie.app.research.monte_carlo import Resampling, monte_carlo

    request = request_of(
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
    result, found = monte_carlo(request, Resampling(paths, seed, block_days, ruin), note)
    from vigie.reporting.monte_carlo import monte_carlo_document, monte_carlo_view

    if as_json:
        print_json(monte_carlo_document(result, found))
    else:
        console().print(monte_carlo_view(result, found))
