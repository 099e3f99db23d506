"""``vigie paper``: the whole engine, its journal and its stops, with money that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import (
    AddressOption,
    CapitalOption,
    DataOption,
    FeeOption,
    HealthOption,
    JsonOption,
    NoOrdersOption,
    PairsOption,
    ParamOption,
    ProfileOption,
    SlippageOption,
    StrategyOption,
    TimeframeOption,
    TimerangeOption,
    home,
)
from cli.output import console, note, print_json, progress, waits
from cli.requests import given, paper_request_of, replay_request_of, same_words
from cli.running import show_end, tick_teller

if TYPE_CHECKING:
    from collections.abc import Callable

    from vigie.app.trading.paper import PaperRequest
    from vigie.app.trading.replay import ReplayRequest

PANEL = "Trading"
ORDER = 40


def command(
    ctx: typer.Context,
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
    speed: Annotated[str, typer.Option(metavar="SPEED", help="Replay: N times faster than time, or max.")] = "max",
    once: Annotated[bool, typer.Option("--once", help="One tick, then the end: for cron.")] = False,
    no_orders: NoOrdersOption = False,
    base_url: AddressOption = None,
    health: HealthOption = False,
    as_json: JsonOption = False,
) -> None:
    """Trade on paper, with the engine that trades live.

    Without --replay it runs until it is told to stop: Ctrl-C, SIGTERM or `vigie stop`. What is not said here comes
    from [accounts.paper] in vigie.toml.

    Examples: vigie paper --pairs BTC/USDT,ETH/USDT
    vigie paper --replay --data candles/ --timerange 20230101-20230701
    """
    if not replay:
        from dataclasses import replace

        from vigie.app.serve.settings import health_settings

        said = {"data": data, "timerange": timerange, "speed": None if speed == "max" else speed}
        request = paper_request_of(
            given(ctx),
            account=account,
            strategy=strategy,
            profile=profile,
            timeframe=timeframe,
            pairs=pairs,
            param=param,
            capital=capital,
            fee_bps=fee_bps,
            slippage_bps=slippage_bps,
            once=once,
            no_orders=no_orders,
            base_url=base_url,
            only_replay=[f"--{name}" for name, value in said.items() if value is not None],
        )
        if health:
            request = replace(request, health=health_settings(home()))
        _on_the_market(request, as_json=as_json)
        return
    _refuse_beside_replay(once=once, no_orders=no_orders, base_url=base_url, health=health)
    _on_recorded_candles(
        replay_request_of(
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
        ),
        lambda name: same_words(ctx, account=name),
        as_json=as_json,
    )


def _refuse_beside_replay(*, once: bool, no_orders: bool, base_url: str | None, health: bool) -> None:
    from vigie.domain.errors import ConfigError

    words = {"--once": once, "--no-orders": no_orders, "--base-url": base_url is not None, "--health": health}
    problems = [f"{word} is for the market as it goes by, not for --replay" for word, said in words.items() if said]
    if problems:
        raise ConfigError(problems)


def _on_recorded_candles(request: ReplayRequest, again: Callable[[str], str], *, as_json: bool) -> None:
    from vigie.app.trading.replay import run_replay, understood
    from vigie.domain.errors import VigieError
    from vigie.reporting.account import replay_document, replay_lines, replay_view

    task = understood(request, note)
    name = task.request.settings.name
    if not as_json:
        for line in replay_lines(task.facts()):
            note(line)
    with progress(f"replaying {task.plan.strategy.name}", task.rows, shown=not as_json) as advance:
        done = run_replay(task, report=note, progress=advance)
    facts = {
        "account": done.account,
        "rows": done.rows,
        "lines": done.last_seq + 1,  # the first is number 0
        "recovery": list(done.started.steps),
        "problems": list(done.problems),
        "interrupted": done.interrupted,
    }
    document = replay_document(done.portfolio, facts)
    if as_json:
        print_json(document)
    else:
        console().print(replay_view(document))
    if done.rows_left:
        note(f"{done.ended}, {done.rows_left:,} candles before the end: the account is whole; to go on:")
        note(f"      {again(name)}")
    note(f"look: vigie status --account {name}")
    note(f"      vigie journal --account {name}")
    if done.interrupted:
        raise KeyboardInterrupt
    if done.at_end:
        raise VigieError(f"the last tick went wrong: {'; '.join(done.at_end)}")


def _on_the_market(request: PaperRequest, *, as_json: bool) -> None:
    from vigie.app.trading.paper import run_paper
    from vigie.reporting.account import paper_document

    name = request.settings.name
    if not request.once:
        note(f"account {name}: vigie status --account {name} tells, vigie halt and vigie stop steer")
    done = run_paper(request, report=note, told=tick_teller(), waiting=waits(shown=not as_json))
    show_end(done, paper_document, as_json=as_json)
