"""A backtest: candles and a plan in, a result out. Nothing here can reach a broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vigie.decision.gate import rule_names
from vigie.decision.profile import Plan
from vigie.domain.candles import FloatArray, IntArray, Series
from vigie.domain.errors import ConfigError
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.trades import Events, Trades
from vigie.metrics.summary import measure
from vigie.research import ledger
from vigie.research.compile import compiled_walk, source_hash, use_compiled_loops
from vigie.research.inputs import Piece, loop_inputs
from vigie.research.pieces import pieces_of, require_all
from vigie.research.result import BacktestResult, Identity, OpenPosition
from vigie.research.timeline import Timeline


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """What one wallet left behind; fields as in `BacktestResult`."""

    timeline: Timeline
    equity: FloatArray
    invested: FloatArray
    trades: Trades
    events: Events
    open_positions: tuple[OpenPosition, ...]
    refused: IntArray
    stops: tuple[FloatArray, ...]
    pending: int


def run(
    plan: Plan,
    series: Sequence[Series],
    *,
    instruments: Mapping[Pair, Instrument] | None = None,
    start_ms: int | None = None,
    end_ms: int | None = None,
    version: str = "",
    leave_out: bool = False,
) -> BacktestResult:
    """Run a plan over candles.

    Args:
        plan: strategy, rules, costs, guards.
        series: candles of each pair, one timeframe.
        instruments: venue filters where they are known.
        start_ms: start of the range that is traded and measured, epoch milliseconds. Indicators may use earlier
            candles if the plan says so.
        end_ms: its end, excluded.
        version: of vigie, for the identity.
        leave_out: a pair without candles in the range is not refused but left out; its share of the wallet stays cash.

    Raises:
        DataError: no candles in the range.
        ConfigError: series of different timeframes, a pair twice, or signals of the wrong length.
    """
    series = tuple(sorted(series, key=lambda one: one.pair))
    _refuse_mixture(series)
    use_compiled_loops()
    if not leave_out:
        require_all(series, start_ms, end_ms)
    pieces = pieces_of(plan, series, start_ms, end_ms)
    wallets = [[one] for one in pieces] if plan.settings.wallet == "per-pair" else [pieces]
    shares = 1 if plan.settings.wallet == "per-pair" else len(series)
    runs = [_walk(plan, wallet, instruments or {}, shares) for wallet in wallets]
    return _result(plan, [one.known for one in pieces], [one.traded for one in pieces], runs, version)


def _refuse_mixture(series: Sequence[Series]) -> None:
    if not series:
        raise ConfigError("no pair to test")
    timeframes = {str(one.candles.timeframe) for one in series}
    if len(timeframes) > 1:
        raise ConfigError(f"candles of different timeframes in one run: {', '.join(sorted(timeframes))}")
    pairs = [str(one.pair) for one in series]
    twice = sorted({pair for pair in pairs if pairs.count(pair) > 1})
    if twice:
        raise ConfigError(f"the same pair twice in one run: {', '.join(twice)}")


def _walk(plan: Plan, pieces: Sequence[Piece], instruments: Mapping[Pair, Instrument], shares: int) -> _Run:
    """One wallet through the bar loop."""
    candles = [one.traded.candles for one in pieces]
    timeline = Timeline.of(candles)
    inputs = loop_inputs(plan, timeline, pieces, instruments, shares)
    compiled_walk()(*inputs)
    book = inputs.book
    return _Run(
        timeline=timeline,
        equity=book.equity,
        invested=book.invested,
        trades=ledger.trades(book.trades[: book.counts[0]], timeline),
        events=ledger.events(book.events[: book.counts[1]], timeline),
        open_positions=ledger.open_positions(book.held, timeline, [one.traded.pair for one in pieces], candles),
        refused=book.refused,
        stops=tuple(line[own] for line, own in zip(book.stops, timeline.rows, strict=True)),
        pending=int(book.counts[2]),
    )


def _result(
    plan: Plan, used: Sequence[Series], traded: Sequence[Series], runs: Sequence[_Run], version: str
) -> BacktestResult:
    """Wallets put together, measured and labelled."""
    timeline = runs[0].timeline if len(runs) == 1 else Timeline.of([one.candles for one in traded])
    capital = float(plan.settings.capital) * len(runs)
    equity, invested = runs[0].equity, runs[0].invested
    if len(runs) > 1:
        own = [float(plan.settings.capital)] * len(runs)
        equity = timeline.carried([one.equity for one in runs], own).sum(axis=0)
        invested = timeline.carried([one.invested for one in runs], [0.0] * len(runs)).sum(axis=0)
    trades = ledger.joined_trades([one.trades for one in runs])
    return BacktestResult(
        identity=_identity(plan, used, version),
        series=tuple(traded),
        capital=capital,
        closes_at=timeline.closes_at,
        equity=equity,
        invested=invested,
        trades=trades,
        events=ledger.joined_events([one.events for one in runs]),
        open_positions=tuple(position for one in runs for position in one.open_positions),
        refusals={
            name: int(sum(one.refused[index] for one in runs))
            for index, name in enumerate(rule_names())
            if not np.isnan(plan.limits[name])
        },
        stops=tuple(stop for one in runs for stop in one.stops),
        pending_entries=sum(one.pending for one in runs),
        measured=measure(
            equity=equity,
            invested=invested,
            closes_at=timeline.closes_at,
            capital=capital,
            timeframe=traded[0].candles.timeframe,
            trades=trades,
        ),
    )


def _identity(plan: Plan, used: Sequence[Series], version: str) -> Identity:
    return Identity(
        strategy=plan.strategy.name,
        profile=plan.profile,
        timeframe=used[0].candles.timeframe,
        parameters=plan.parameters.as_dict(),
        settings=plan.numbers,
        overrides=plan.overrides,
        candles={str(one.pair): one.candles for one in used},
        strategy_hash=plan.strategy.code_hash,
        code_hash=source_hash(),
        version=version,
    )
