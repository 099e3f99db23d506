"""One market through the engine and through the oracle of a classic generation, event by event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.oracles import classic
from tests.oracles.classic_filters import Columns
from tests.oracles.classic_settings import ClassicSettings, Generation
from tests.oracles.markets import from_candles
from vigie.decision.profile import plan
from vigie.domain.candles import Candles, Series
from vigie.domain.pair import Pair
from vigie.domain.trades import EventKind, ExitReason
from vigie.research.backtest import run
from vigie.research.result import BacktestResult
from vigie.strategy.strategy import load

SCENARIOS = ("base", "sma", "adx", "trix")


@dataclass(frozen=True, slots=True)
class Case:
    """The same thing said to both: oracle settings and ``--param`` overrides."""

    settings: ClassicSettings
    params: Mapping[str, str]

    @classmethod
    def of(cls, params: Mapping[str, str], **settings: object) -> Case:
        return cls(ClassicSettings(**settings), params)  # type: ignore[arg-type]


def plain(fast: int, slow: int, scenario: str) -> Case:
    """The generation as it was, with its EMA pair and scenario."""
    params = {"fast": str(fast), "slow": str(slow), "scenario": scenario}
    return Case.of(params, fast=fast, slow=slow, scenario=scenario)


def engine(generation: Generation, candles: Candles, params: Mapping[str, str]) -> BacktestResult:
    """What vigie makes of it."""
    series = Series(Pair("BTC", "USDT"), "test", candles, "test")
    return run(plan(load("ema_stochrsi"), f"classic-{generation}", params), [series])


def differences(generation: Generation, candles: Candles, case: Case) -> tuple[list[str], int]:
    """What is not the same, in words, and how many events the oracle has."""
    market: Columns = from_candles(candles)
    result = engine(generation, candles, case.params)
    expected = classic.run(generation, market, case.settings)
    events, told = result.events, []
    wallet = max(case.settings.capital, float(result.equity.max()))
    if len(events) != len(expected.events):
        told.append(f"{len(events)} events, expected {len(expected.events)}")
    for i, want in enumerate(expected.events[: len(events)]):
        kind, reason = EventKind(events.kind[i]).label, ExitReason(events.reason[i]).label
        is_part = want.kind.startswith("partial")
        same = (
            (reason if kind == "partial" else kind) == want.kind
            and (is_part or want.kind == "buy" or reason == want.reason)
            and int(events.at[i]) == _instant(generation, candles, want, case)
            and abs(events.price[i] - want.price) <= 1e-12 * want.price
            and abs(events.quantity[i] - want.quantity) <= 1e-9 * want.quantity
            and (want.profit is None or abs(events.profit[i] - want.profit) <= 1e-9 * wallet)
        )
        if not same:
            got = (kind, reason, int(events.at[i]), events.price[i], events.quantity[i], events.profit[i])
            told.append(f"event {i}: {got}, expected {want}")
            break
    if expected.events and abs(result.equity[-1] - expected.final_wallet) > 1e-9 * wallet:
        told.append(f"wallet {result.equity[-1]!r}, expected {expected.final_wallet!r}")
    return told, len(expected.events)


def _instant(generation: Generation, candles: Candles, event: classic.Event, case: Case) -> int:
    """When it was filled: at the close of its row, or at the open of the next candle that exists."""
    at_close = generation == "a" or case.settings.fill_at_close or event.kind.startswith("partial")
    if at_close or event.row + 1 == len(candles):
        return int(candles.closes_at[event.row])
    return int(candles.opens_at[event.row + 1])
