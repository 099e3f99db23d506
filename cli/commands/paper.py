"""``vigie paper``: the whole engine, its journal and its stops, with money that is not there."""

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
    SlippageOption,
    StrategyOption,
    TimeframeOption,
    TimerangeOption,
)
from cli.output import console, note, print_json, progress
from cli.requests import replay_request_of

PANEL = "Trading"
ORDER = 20


def command(
    replay: Annotated[bool, typer.Option("--replay", help="On recorded candles; time goes by as told.")] = False,
    account: Annotated[
        str | None, typer.Option(metavar="NAME", help="Account; a replay's begins with replay- (default: a new one).")
    ] = None,
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
    speed: Annotated[str, typer.Option(metavar="max|N", help="Replay: N times faster than time, or max.")] = "max",
    as_json: JsonOption = False,
) -> None:
    """Trade on paper, with the engine that trades live.

    Example: vigie paper --replay --data candles/ --pairs BTC/USDT --timerange 20230101-20230701
    """
    from vigie.app.replay import run_replay, understood
    from vigie.domain.errors import ConfigError
    from vigie.reporting.account import replay_document, replay_view

    if not replay:
        raise ConfigError("paper on live candles is not there yet: add --replay")
    request = replay_request_of(
        account=account,
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
        speed=speed,
    )
    task = understood(request, note)
    with progress(f"replaying {strategy}", task.rows) as advance:
        done = run_replay(task, report=note, progress=advance)
    facts = {
        "account": done.account,
        "rows": done.rows,
        "lines": done.last_seq,
        "recovery": list(done.started.steps),
        "problems": list(done.problems),
        "interrupted": done.interrupted,
    }
    document = replay_document(done.portfolio, facts)
    if as_json:
        print_json(document)
    else:
        console().print(replay_view(document))
    note(f"account {done.account}: vigie status --account {done.account}, vigie journal --account {done.account}")
    if done.interrupted:
        raise KeyboardInterrupt
