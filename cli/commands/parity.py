"""``vigie parity``: the proof that what was tested is what trades."""

from __future__ import annotations

from collections.abc import Sequence
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
    SlippageOption,
    StrategyOption,
    TimeframeOption,
    TimerangeOption,
    home,
)
from cli.output import console, note, print_json, progress
from cli.requests import given, replay_request_of
from vigie.domain.errors import CheckFailed, ConfigError

PANEL = "Trading"
ORDER = 43


def command(
    ctx: typer.Context,
    account: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What this account decided, by its journal."),
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
    as_json: JsonOption = False,
) -> None:
    """Prove that backtest and engine act alike.

    With --account every decision in its journal is held to what a backtest decides there, given the fills and the money
    that it had.

    Examples: vigie parity --data candles/ --timerange 20230101-20230701
    vigie parity --account live-main
    """
    if account is not None:
        _of_an_account(account, data, sorted(given(ctx) - {"account", "data", "as_json"}), as_json=as_json)
        return
    from vigie.app.trading.parity import prove
    from vigie.app.trading.replay import understood
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
        found = prove(task, progress=advance)
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


def _of_an_account(account: str, data: Path | None, others: Sequence[str], *, as_json: bool) -> None:
    from vigie.app.trading.live_parity import prove_account
    from vigie.reporting.account import live_parity_document, live_parity_view

    if others:
        names = ", ".join(f"--{one.replace('_', '-')}" for one in others)
        raise ConfigError(f"{names}: with --account everything comes from its journal")
    found = prove_account(home(), account, data, report=note)
    document = live_parity_document(
        {
            "account": found.account,
            "identical": found.identical,
            "decisions": found.decisions,
            "managed": found.managed,
            "entries": found.entries,
            "missed": found.missed,
            "first_difference": found.first_difference,
        }
    )
    if as_json:
        print_json(document)
    else:
        console().print(live_parity_view(document))
    if not found.identical:
        raise CheckFailed(f"{account} and the backtest differ")
