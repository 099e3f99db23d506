"""One result record: every number with its definition, and a reason where a number is undefined.

What each name means, its unit and its source: ``definitions``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.timeframe import DAY_MS, Timeframe
from vigie.domain.trades import Trades
from vigie.metrics import ratios
from vigie.metrics.definitions import DEFINITIONS
from vigie.metrics.drawdown import worst
from vigie.metrics.ratios import Measured
from vigie.metrics.returns import last_of_each_day, simple_returns
from vigie.metrics.round_trips import round_trips, traded_value

_YEAR_DAYS = 365.25
RUIN = "the equity fell to zero"
_HOLD = "hold_"
_OWN = tuple(name for name in DEFINITIONS if not name.startswith(_HOLD))
_HELD = tuple(name for name in DEFINITIONS if name.startswith(_HOLD))


@dataclass(frozen=True, slots=True)
class Metrics:
    """Measured numbers by name.

    Attributes:
        values: number, or None where it is undefined. Ratios are fractions.
        undefined: for each None, why.
    """

    values: Mapping[str, float | None]
    undefined: Mapping[str, str]

    def beside(self, other: Metrics) -> Metrics:
        """These numbers and those of another record (of other names), in the order of their definitions."""
        values = {**self.values, **other.values}
        return Metrics({name: values[name] for name in DEFINITIONS}, {**self.undefined, **other.undefined})


def measure(
    *,
    equity: FloatArray,
    invested: FloatArray,
    closes_at: IntArray,
    capital: float,
    timeframe: Timeframe,
    trades: Trades,
    risk_free_rate: float = 0.0,
) -> Metrics:
    """Measure a run; buy-and-hold is measured apart, where somebody looks at it.

    Args:
        equity: wallet plus coins at the last close, in quote, shape (n,).
        invested: value of the coins held, in quote, shape (n,).
        closes_at: closing instants, epoch milliseconds, increasing, shape (n,).
        capital: equity before the first candle, in quote, positive.
        timeframe: length of a candle; ratios are annualised with its ``per_year``.
        trades: closed trades, in order of exit.
        risk_free_rate: yearly, a fraction, for Sharpe and Sortino.
    """
    found: dict[str, Measured] = dict.fromkeys(_OWN, ratios.NO_CANDLES)
    found |= round_trips(trades)
    if len(equity):
        span = _Span.of(closes_at, timeframe, risk_free_rate)
        found |= _curve(equity, capital, span) | _tail(equity, capital, span)
        mean_equity = float(np.add.reduce(equity)) / len(equity)
        found["days"] = span.years * _YEAR_DAYS
        found["exposure_fraction"] = int(np.count_nonzero(invested > 0.0)) / len(invested)
        found["turnover"] = traded_value(trades) / mean_equity / span.years if mean_equity > 0.0 else RUIN
    return _split(found, _OWN)


def measure_hold(
    *, hold: FloatArray, closes_at: IntArray, capital: float, timeframe: Timeframe, risk_free_rate: float = 0.0
) -> Metrics:
    """Measure buy-and-hold by the same definitions, under names that begin with ``hold_``.

    Args:
        hold: its equity, in quote, shape (n,).
        closes_at: as in `measure`.
        capital: as in `measure`.
        timeframe: as in `measure`.
        risk_free_rate: as in `measure`.
    """
    found: dict[str, Measured] = dict.fromkeys(_HELD, ratios.NO_CANDLES)
    if len(hold):
        curve = _curve(hold, capital, _Span.of(closes_at, timeframe, risk_free_rate))
        found |= {f"{_HOLD}{name}": value for name, value in curve.items()}
    return _split(found, _HELD)


@dataclass(frozen=True, slots=True, eq=False)
class _Span:
    """The time measured over: the same for the strategy and for buy-and-hold."""

    closes_at: IntArray
    opens_at: int
    step: int
    years: float
    per_year: float
    risk_free: float

    @classmethod
    def of(cls, closes_at: IntArray, timeframe: Timeframe, risk_free_rate: float) -> _Span:
        opens_at = int(closes_at[0]) - timeframe.milliseconds
        years = (int(closes_at[-1]) - opens_at) / DAY_MS / _YEAR_DAYS
        risk_free = ratios.per_candle(risk_free_rate, timeframe.per_year) if risk_free_rate else 0.0
        return cls(closes_at, opens_at, timeframe.milliseconds, years, timeframe.per_year, risk_free)


def _curve(equity: FloatArray, capital: float, span: _Span) -> dict[str, Measured]:
    """Every number that only needs an equity curve."""
    deepest = worst(equity, span.closes_at, capital, span.opens_at)
    final = float(equity[-1])
    yearly = ratios.cagr(final / capital, span.years)
    found: dict[str, Measured] = {
        "final_equity": final,
        "total_return": final / capital - 1.0,
        "cagr": yearly,
        "max_drawdown": deepest.depth,
        "max_drawdown_days": deepest.duration_ms / DAY_MS,
        "calmar": ratios.calmar(yearly, deepest.depth),
    }
    if deepest.depth >= 1.0:
        return found | dict.fromkeys(("sharpe", "sortino", "volatility"), RUIN)
    moments = ratios.moments(equity, capital, span.risk_free)
    found["volatility"] = ratios.volatility(moments, span.per_year)
    found["sharpe"] = ratios.sharpe(moments, span.per_year)
    found["sortino"] = ratios.sortino(moments, span.per_year)
    return found


def _tail(equity: FloatArray, capital: float, span: _Span) -> dict[str, Measured]:
    daily = equity[last_of_each_day(span.closes_at, span.step)]
    at_risk = ratios.value_at_risk(simple_returns(daily, capital)) if daily.all() else (RUIN, RUIN)
    return dict(zip(("value_at_risk_95", "conditional_var_95"), at_risk, strict=True))


def _split(found: Mapping[str, Measured], names: Sequence[str]) -> Metrics:
    values: dict[str, float | None] = {}
    undefined: dict[str, str] = {}
    for name in names:
        value = found[name]
        if isinstance(value, str):
            values[name], undefined[name] = None, value
        else:
            values[name] = value
    return Metrics(values, undefined)
