"""What the research commands ask for, made of the words they share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import home, overrides, parse_pairs, parse_speed, parse_timerange
from vigie.domain.timeframe import Timeframe

if TYPE_CHECKING:
    from vigie.app.backtest import Request
    from vigie.app.replay import ReplayRequest


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
    from vigie.app.backtest import Request

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
    from vigie.app.replay import ReplayRequest, replay_name
    from vigie.app.settings import AccountSettings

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
