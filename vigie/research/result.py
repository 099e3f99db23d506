"""What a backtest leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from vigie.domain.candles import Candles, FloatArray, IntArray, Series
from vigie.domain.timeframe import Timeframe
from vigie.domain.trades import Events, Trades
from vigie.metrics.summary import Metrics, measure_hold
from vigie.research.timeline import Timeline
from vigie.strategy.params import Value


@dataclass(frozen=True, slots=True)
class Identity:
    """What was run: enough to run it again and get the same numbers.

    Attributes:
        strategy, profile: names.
        parameters: every strategy parameter in force.
        settings: every rule, cost, sizing and guard number in force.
        overrides: what the user changed on the command line, by name.
        candles: all candles that could be looked at (the warm-up before the range included), by pair.
        strategy_hash: SHA-256 of the strategy's source file.
        code_hash: SHA-256 of the decision code.
        version: of vigie.
    """

    strategy: str
    profile: str
    timeframe: Timeframe
    parameters: Mapping[str, Value]
    settings: Mapping[str, Value]
    overrides: Mapping[str, str]
    candles: Mapping[str, Candles]
    strategy_hash: str
    code_hash: str
    version: str

    @property
    def data_hashes(self) -> dict[str, str]:
        """SHA-256 of the candles, by pair."""
        return {pair: candles.content_hash for pair, candles in self.candles.items()}


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A position still open at the last candle; valued at the last close, not a trade.

    Attributes:
        entry_at: epoch milliseconds, UTC.
        entry_price, stop, last_price: in quote.
        quantity: base.
        profit: unrealised, in quote, entry fee included, no exit fee.
    """

    pair: str
    entry_at: int
    entry_price: float
    quantity: float
    stop: float
    last_price: float
    profit: float


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """Everything a report needs.

    Attributes:
        identity: what was run.
        series: the candles used, sorted by pair.
        capital: wallet at the start, in quote (the sum over wallets with one wallet per pair).
        closes_at: instants of the equity curve: closing times of all candles of all pairs, epoch ms, shape (n,).
        equity: wallet plus coins at their last close, in quote, shape (n,).
        invested: value of the coins held, in quote, shape (n,).
        trades, events: columns; ``pair`` indexes ``series``.
        open_positions: still open at the end.
        refusals: entries that the gate refused, by rule name, every switched-on rule named.
        stops: effective stop at each candle of each pair, NaN while flat; one array per series.
        pending_entries: entries decided on the last candle, never filled.
        measured: numbers of the run itself.
    """

    identity: Identity
    series: tuple[Series, ...]
    capital: float
    closes_at: IntArray
    equity: FloatArray
    invested: FloatArray
    trades: Trades
    events: Events
    open_positions: tuple[OpenPosition, ...]
    refusals: Mapping[str, int]
    stops: tuple[FloatArray, ...]
    pending_entries: int
    measured: Metrics

    @cached_property
    def hold(self) -> FloatArray:
        """Equity of buying all pairs in equal parts, each at its first open, and holding; no costs; shape (n,)."""
        candles = [one.candles for one in self.series]
        part = self.capital / len(candles)
        values: list[FloatArray] = [one.close * (part / one.open[0]) for one in candles]
        together = Timeline.of(candles).carried(values, [part] * len(values))
        held: FloatArray = together.sum(axis=0)
        return held

    @cached_property
    def metrics(self) -> Metrics:
        """Numbers of the run, and of buy-and-hold beside it."""
        held = measure_hold(
            hold=self.hold, closes_at=self.closes_at, capital=self.capital, timeframe=self.identity.timeframe
        )
        return self.measured.beside(held)

    @property
    def pairs(self) -> tuple[str, ...]:
        """The pairs, in the order that ``trades.pair`` counts in."""
        return tuple(str(one.pair) for one in self.series)

    @property
    def synthetic(self) -> bool:
        """True if any candle never happened."""
        return any(one.synthetic for one in self.series)
