"""The same wishes through the engine and through the portfolio oracle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal

from tests.fakes.scripted import scripted
from tests.oracles import portfolio
from tests.oracles.markets import from_candles
from vigie.decision.profile import plan
from vigie.domain.candles import Candles
from vigie.domain.candles import Series as CandleSeries
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.trades import EventKind, ExitReason
from vigie.research.backtest import run
from vigie.research.result import BacktestResult
from vigie.strategy.signals import Signals

Pieces = Mapping[str, tuple[Candles, Signals]]

UNKNOWN_NOTIONAL = 10.0
"""What the standard profile asks of an order where the venue's own least value is unknown."""

GUARDS = {
    "max_open_positions": "max_open_positions",
    "correlation": "correlation_limit",
    "daily_loss": "daily_loss_fraction",
    "drawdown": "drawdown_fraction",
    "candles_in_row": "candles_in_row",
    "cooldown": "cooldown_bars",
}
NUMBERS = {
    "capital": "capital",
    "fee": "fee_fraction",
    "slippage": "slippage_fraction",
    "risk": "risk_fraction",
    "stop_limit": "stop_limit_fraction",
    "activation_atr": "activation_atr",
    "trail_atr": "trail_atr",
    "breakeven": "breakeven_fraction",
    "correlation_window": "correlation_window",
}


def overrides(settings: portfolio.PortfolioSettings) -> dict[str, str]:
    """The oracle's settings as ``--param`` names and values."""
    said = {name: str(getattr(settings, own)) for own, name in NUMBERS.items()}
    for own, name in GUARDS.items():
        said[name] = "off" if getattr(settings, own) is None else str(getattr(settings, own))
    said["gap_policy"] = "chase" if settings.chase else "rest"
    said["max_position_fraction"] = str(settings.position_fraction or 0.0)
    if settings.partials:
        said["partials"] = "on"
        for number, (gain, share) in enumerate(settings.partials, 1):
            said |= {f"partial_{number}_gain": str(gain), f"partial_{number}_share": str(share)}
    return said


def engine(
    pieces: Pieces,
    settings: portfolio.PortfolioSettings,
    filters: Mapping[str, portfolio.Filters],
    more: Mapping[str, str] | None = None,
    start_ms: int | None = None,
) -> BacktestResult:
    """Vigie's account of the wishes."""
    made = plan(scripted(list(pieces.values())), "standard", {**overrides(settings), **(more or {})})
    series = [CandleSeries(Pair.parse(name), "made-up", candles, "") for name, (candles, _) in pieces.items()]
    instruments = {
        Pair.parse(name): Instrument(
            Pair.parse(name),
            Decimal(f.tick),
            Decimal(f.step),
            Decimal(str(f.min_quantity)),
            Decimal(str(f.min_notional)),
        )
        for name, f in filters.items()
    }
    return run(made, series, instruments=instruments, start_ms=start_ms)


def oracle(
    pieces: Pieces, settings: portfolio.PortfolioSettings, filters: Mapping[str, portfolio.Filters]
) -> portfolio.PortfolioRun:
    """The oracle's."""
    names = [field.name for field in fields(portfolio.Wishes) if field.name != "warm_up"]
    wishes = {
        pair: portfolio.Wishes(**{name: getattr(signals, name).tolist() for name in names}, warm_up=signals.warm_up)
        for pair, (_, signals) in pieces.items()
    }
    markets = {pair: from_candles(candles) for pair, (candles, _) in pieces.items()}
    candle_ms = next(iter(pieces.values()))[0].timeframe.milliseconds
    known = {pair: filters.get(pair, portfolio.Filters()) for pair in pieces}
    known = {pair: replace(one, min_notional=one.min_notional or UNKNOWN_NOTIONAL) for pair, one in known.items()}
    return portfolio.Portfolio(markets, wishes, settings, known, candle_ms).run()


def engine_events(result: BacktestResult) -> list[portfolio.Event]:
    """The engine's events in the oracle's words."""
    e = result.events
    made = []
    for i in range(len(e)):
        kind, reason = EventKind(e.kind[i]).label, ExitReason(e.reason[i]).label
        numbers = (float(e.price[i]), float(e.quantity[i]), float(e.fee[i]), float(e.profit[i]))
        made.append(portfolio.Event(result.pairs[int(e.pair[i])], kind, int(e.at[i]), *numbers, reason))
    return made


def differences(result: BacktestResult, expected: portfolio.PortfolioRun) -> list[str]:
    """What is not the same, the first of each kind, in words."""
    told: list[str] = []
    wallet = max(expected.equity)
    got = sorted(engine_events(result), key=_order)
    want = sorted(expected.events, key=_order)
    for i, (one, other) in enumerate(zip(got, want, strict=False)):
        if not _same(one, other, wallet):
            told.append(f"event {i}: {one}, expected {other}")
            break
    if len(got) != len(want):
        told.append(f"{len(got)} events, expected {len(want)}")
    if result.closes_at.tolist() != expected.closes_at:
        told.append("other instants")
    worst = max(abs(a - b) for a, b in zip(result.equity.tolist(), expected.equity, strict=False))
    if worst > 1e-9 * wallet:
        told.append(f"equity differs by {worst}")
    for rule, count in result.refusals.items():
        if count != expected.refused[rule]:
            told.append(f"{rule} refused {count}, expected {expected.refused[rule]}")
    if [one.pair for one in result.open_positions] != expected.open_pairs:
        told.append("other open positions")
    if result.pending_entries != expected.pending:
        told.append(f"{result.pending_entries} pending, expected {expected.pending}")
    return told


def _order(event: portfolio.Event) -> tuple[int, str]:
    # Within one instant pairs do not see each other's sales; each pair's own order is kept (the sort is stable).
    return event.at, event.pair


def _same(one: portfolio.Event, other: portfolio.Event, wallet: float) -> bool:
    profits = (one.profit, other.profit)
    return (
        (one.pair, one.kind, one.at, one.reason) == (other.pair, other.kind, other.at, other.reason)
        and math.isclose(one.price, other.price, rel_tol=1e-12)
        # What little cash is left is known no better than the wallet.
        and math.isclose(one.quantity, other.quantity, rel_tol=1e-9, abs_tol=1e-9 * wallet / other.price)
        and math.isclose(one.fee, other.fee, rel_tol=1e-9, abs_tol=1e-9 * wallet)
        and (all(map(math.isnan, profits)) or abs(profits[0] - profits[1]) <= 1e-9 * wallet)
    )


def names_of(count: int) -> Sequence[str]:
    """Pair names, not in the order of the alphabet."""
    return ("SOL/USDT", "BTC/USDT", "XRP/USDT", "ETH/USDT", "ADA/USDT", "LTC/USDT", "BNB/USDT")[:count]
