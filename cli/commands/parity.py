"""``vigie parity``: the proof that what was tested is what trades."""

from __future__ import annotations

from cli.options import (
    CapitalOption,
    DataOption,
    FeeOption,
    JsonOption,
    PairsOption,
    ParamOption,
    ProfileOption,
    SlippageOption,
    StrategyOption,
    TimeframeOption,
    TimerangeOption,
)
from cli.output import console, note, print_json, progress
from cli.requests import replay_request_of
from vigie.domain.errors import CheckFailed

PANEL = "Trading"
ORDER = 30


def command(
    strategy: StrategyOption = "ema_stochrsi",
    profile: ProfileOption = "standard",
    pairs: PairsOption = None,
    timeframe: TimeframeOption = "1h",
    timerange: TimerangeOption = None,
    data: DataOption = None,
    param: ParamOption = None,
    capital: CapitalOption = None,
    fee_bps: FeeOption = None,
    slippage_bps: SlippageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prove that backtest and engine act alike.

    Example: vigie parity --data candles/ --pairs BTC/USDT,ETH/USDT --timerange 20230101-20230701
    """
    from vigie.app.parity import prove
    from vigie.app.replay import understood
    from vigie.reporting.account import parity_document, parity_view

    request = replay_request_of(
        account="replay-parity",
        strategy=strategy,
        profile=profile,
        timeframe=timeframe,
        data=data,
        pairs=pairs,
        timerange=timerange,
        param=param,
        capital=capital,
        fee_bps=fee_bps,
        slippage_bps=slippage_bps,
        speed="max",
    )
    task = understood(request, note)
    with progress("comparing backtest and engine", task.rows) as advance:
        found = prove(task, report=note, progress=advance)
    document = parity_document(
        {
            "identical": found.identical,
            "acts": found.acts,
            "decisions": found.decisions,
            "refusals": found.refusals,
            "rows": found.rows,
            "first_difference": found.first_difference,
            "equity_backtest": found.equity[0],
            "equity_engine": found.equity[1],
            "halted_at": found.halted_at,
        }
    )
    if as_json:
        print_json(document)
    else:
        console().print(parity_view(document))
    if not found.identical:
        raise CheckFailed("backtest and engine differ")
