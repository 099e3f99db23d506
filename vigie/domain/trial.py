"""Trials: how often somebody tried, which is what a good-looking result has to be held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

POINT_DIGITS = 16
"""Of a point's key; among a million points two are mistaken for one with a chance of 1 in 37 million."""


class TrialKind(StrEnum):
    """What was tried."""

    BACKTEST = "backtest"
    SWEEP = "sweep"
    FOLD = "fold"


@dataclass(frozen=True, slots=True, order=True)
class Market:
    """Candles by name: whoever tried on other years of them has still seen this market.

    Attributes:
        venue: lower case, ``binance``.
        pair: ``BTC/USDT``.
        timeframe: ``1h``.
    """

    venue: str
    pair: str
    timeframe: str

    def __str__(self) -> str:
        return f"{self.venue} {self.pair} {self.timeframe}"


@dataclass(frozen=True, slots=True)
class TrialEvent:
    """Something to be counted: one backtest, or a whole sweep.

    Attributes:
        kind: what was tried.
        strategy: its name.
        strategy_hash: SHA-256 of its source file.
        code_hash: SHA-256 of the decision code.
        timeframe: ``1h``.
        venues: by pair, where it is traded.
        data_hashes: by pair, SHA-256 of the candles.
        points: keys of the parameter points tried (`Ground.key`), at least one; 16 digits of each are kept.
    """

    kind: TrialKind
    strategy: str
    strategy_hash: str
    code_hash: str
    timeframe: str
    venues: Mapping[str, str]
    data_hashes: Mapping[str, str]
    points: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.points or not self.venues:
            raise ValueError("a trial has at least one pair and one parameter point")
        if any(len(point) < POINT_DIGITS for point in self.points):
            raise ValueError(f"the key of a parameter point has at least {POINT_DIGITS} hex digits")


@dataclass(frozen=True, slots=True)
class TrialCount:
    """Trials of one strategy, set of markets and kind.

    Attributes:
        markets: sorted.
        trials: distinct parameter points; one that was counted before, under another kind too, is not counted again.
        events: lines of the ledger.
        first_at, last_at: instants of the first and last event, epoch milliseconds.
    """

    strategy: str
    markets: tuple[Market, ...]
    kind: TrialKind
    trials: int
    events: int
    first_at: int
    last_at: int
