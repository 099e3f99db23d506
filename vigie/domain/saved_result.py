"""A result as it is kept to be held beside another one: who made it, on what, and its return of every day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.canonical import Scalar

SCHEMA = "vigie.result/1"


class ResultKind(StrEnum):
    """What made the result."""

    BACKTEST = "backtest"
    WALK_FORWARD = "walk-forward"

    @property
    def in_sample(self) -> bool:
        """Whether parameters may have been chosen on the very candles that were measured."""
        return self is ResultKind.BACKTEST


@dataclass(frozen=True, slots=True, eq=False)
class DailyReturns:
    """One return per UTC day that has one.

    Attributes:
        days: days since 1970-01-01, increasing, shape (n,), n >= 1.
        returns: simple, fractions of the equity at the end of the day before, finite, at least -1, shape (n,).
    """

    days: IntArray
    returns: FloatArray

    def __post_init__(self) -> None:
        if len(self.days) != len(self.returns) or not len(self.days):
            raise ValueError(f"{len(self.days)} days cannot have {len(self.returns)} returns")
        if (np.diff(self.days) <= 0).any():
            raise ValueError("the days must increase")
        wrong = ~(np.isfinite(self.returns) & (self.returns >= -1.0))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(f"{day_text(int(self.days[row]))}: {self.returns[row]:g} is not a return")

    def __len__(self) -> int:
        return len(self.days)


@dataclass(frozen=True, slots=True, eq=False)
class SavedResult:
    """One result.

    Attributes:
        kind: what made it.
        strategy, profile, timeframe: names.
        parameters: of the strategy; in a walk-forward a number that changed from fold to fold is a text.
        settings: every rule, cost, sizing and guard number in force.
        venues: by pair, where it is traded.
        data_hashes: by pair, SHA-256 of all candles that could be looked at.
        synthetic: whether any candle never happened.
        start_at, end_at: of what was measured, epoch milliseconds, the end excluded.
        capital: at the start, in quote.
        strategy_hash: SHA-256 of the strategy's source file.
        code_hash: SHA-256 of the decision code.
        version: of vigie.
        trials: how many stood behind it when it was saved; None: not counted.
        metrics: numbers of the whole run by name; None: undefined.
        undefined: for each None, why.
        daily: return of each day.
    """

    kind: ResultKind
    strategy: str
    profile: str
    timeframe: str
    parameters: Mapping[str, Scalar]
    settings: Mapping[str, Scalar]
    venues: Mapping[str, str]
    data_hashes: Mapping[str, str]
    synthetic: bool
    start_at: int
    end_at: int
    capital: float
    strategy_hash: str
    code_hash: str
    version: str
    trials: int | None
    metrics: Mapping[str, float | None]
    undefined: Mapping[str, str]
    daily: DailyReturns


def day_text(day: int) -> str:
    """``2024-03-01`` of a number of days since 1970-01-01."""
    return str(np.datetime64(day, "D"))
