"""What the research commands ask for, made of the words they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import home
from cli.parsing import overrides, parse_pairs, parse_speed, parse_timerange
from vigie.domain.timeframe import Timeframe

if TYPE_CHECKING:
    import typer

    from vigie.app.research.backtest import Request
    from vigie.app.trading.paper import PaperRequest
    from vigie.app.trading.replay import ReplayRequest


def request_of(
    *,
    strategy: str,
    profile: str,
    timeframe: str,
    data: Path | None,
    pairs: str | None,
    timerange: str | None,
    param: Sequence[str] | None,
    wallet: str | None,
    capital: float | None,
    fee_bps: float | None,
    slippage_bps: float | None,
) -> Request:
    """The words of a command line as a request of the application.

    Raises:
        ConfigError: a word that cannot be read.
    """
    from vigie.app.research.backtest import Request

    start_ms, end_ms = parse_timerange(timerange)
    return Request(
        home=home(),
        strategy=strategy,
        profile=profile,
        timeframe=Timeframe.parse(timeframe),
        data=data,
        pairs=parse_pairs(pairs),
        start_ms=start_ms,
        end_ms=end_ms,
        overrides=overrides(param, wallet=wallet, capital=capital, fee_bps=fee_bps, slippage_bps=slippage_bps),
    )


def replay_request_of(
    *,
    account: str | None,
    strategy: str,
    profile: str,
    timeframe: str,
    data: Path | None,
    pairs: str | None,
    timerange: str | None,
    param: Sequence[str] | None,
    capital: float | None,
    fee_bps: float | None,
    slippage_bps: float | None,
    speed: str,
) -> ReplayRequest:
    """The words of a command line as a replay.

    Raises:
        ConfigError: a word that cannot be read.
    """
    from vigie.app.settings import AccountSettings
    from vigie.app.trading.replay import ReplayRequest, replay_name

    start_ms, end_ms = parse_timerange(timerange)
    return ReplayRequest(
        home=home(),
        settings=AccountSettings(
            name=replay_name(account),
            strategy=strategy,
            profile=profile,
            timeframe=Timeframe.parse(timeframe),
            parameters=overrides(param, wallet=None, capital=capital, fee_bps=fee_bps, slippage_bps=slippage_bps),
        ),
        data=data,
        pairs=parse_pairs(pairs),
        start_ms=start_ms,
        end_ms=end_ms,
        pace=parse_speed(speed),
    )


def given(ctx: typer.Context) -> frozenset[str]:
    """Names of the options that stand on the command line, not those that have their default."""
    from click.core import ParameterSource

    return frozenset(name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE)


def same_words(ctx: typer.Context, **values: object) -> str:
    """The command line that was typed, to be typed again; some options with a value of their own, given or not.

    Args:
        ctx: of the command.
        values: by the option's name.
    """
    import shlex

    said = {name: ctx.params[name] for name in ctx.params if name in given(ctx)} | values
    words = ["vigie", str(ctx.info_name)]
    for one in ctx.command.params:
        value = said.get(str(one.name))
        option = max(one.opts, key=len)
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            many = value if isinstance(value, list | tuple) else [value]
            words += [word for each in many for word in (option, _spelled(each))]
    return shlex.join(words)


def _spelled(value: object) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def paper_request_of(
    said: frozenset[str],
    *,
    account: str | None,
    strategy: str,
    profile: str,
    timeframe: str,
    pairs: str | None,
    param: Sequence[str] | None,
    capital: float | None,
    fee_bps: float | None,
    slippage_bps: float | None,
    once: bool,
    no_orders: bool,
    base_url: str | None,
    only_replay: Sequence[str],
) -> PaperRequest:
    """The words of a command line as paper trading; what it does not say comes from ``vigie.toml``.

    Raises:
        ConfigError: a word that cannot be read, or one that only a replay understands.
    """
    from vigie.app.settings import account_settings
    from vigie.app.trading.paper import PaperRequest, paper_name
    from vigie.domain.errors import ConfigError

    if only_replay:
        raise ConfigError([f"{word} is for recorded candles: add --replay" for word in only_replay])
    settings = account_settings(home(), paper_name(account))
    changes = overrides(param, wallet=None, capital=capital, fee_bps=fee_bps, slippage_bps=slippage_bps)
    settings = replace(
        settings,
        strategy=strategy if "strategy" in said else settings.strategy,
        profile=profile if "profile" in said else settings.profile,
        timeframe=Timeframe.parse(timeframe) if "timeframe" in said else settings.timeframe,
        pairs=tuple(sorted(parse_pairs(pairs) or settings.pairs)),
        parameters={**settings.parameters, **changes},
    )
    return PaperRequest(home=home(), settings=settings, once=once, opens=not no_orders, base_url=base_url)
