"""What each metric means, in which unit, and where the definition comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """How a number is counted."""

    FRACTION = "fraction"
    QUOTE = "quote"
    RATIO = "ratio"
    DAYS = "days"
    HOURS = "hours"
    BARS = "bars"
    COUNT = "count"
    PER_YEAR = "per year"


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric.

    Attributes:
        label: for people.
        unit: how it is counted.
        text: the definition in one sentence, with its source where there is one.
    """

    label: str
    unit: Unit
    text: str


_CURVE: Mapping[str, Definition] = {
    "final_equity": Definition("Final equity", Unit.QUOTE, "Wallet plus coins at the last close."),
    "total_return": Definition("Total return", Unit.FRACTION, "Final equity / capital - 1."),
    "cagr": Definition("CAGR", Unit.FRACTION, "(Final equity / capital) ** (1 / years of 365.25 days) - 1."),
    "volatility": Definition(
        "Volatility (annual)",
        Unit.FRACTION,
        "Sample standard deviation (n - 1) of returns per candle x sqrt(candles per year). Hull, Options, Futures and "
        "Other Derivatives.",
    ),
    "sharpe": Definition(
        "Sharpe",
        Unit.RATIO,
        "Mean return per candle above the risk-free rate (0 unless stated) / sample standard deviation x "
        "sqrt(candles per year). Sharpe 1994.",
    ),
    "sortino": Definition(
        "Sortino",
        Unit.RATIO,
        "Mean return per candle above the risk-free rate (0 unless stated) / root mean square of the losses, over all "
        "candles, x sqrt(candles per year). Sortino and Price 1994.",
    ),
    "calmar": Definition("Calmar", Unit.RATIO, "CAGR / maximum drawdown, over the whole run. After Young 1991."),
    "max_drawdown": Definition(
        "Max drawdown",
        Unit.FRACTION,
        "Largest fall of the equity, at candle closes, below its highest value so far, as a fraction of that value.",
    ),
    "max_drawdown_days": Definition(
        "Longest drawdown", Unit.DAYS, "Longest time from a peak until the equity is back at it, or until the end."
    ),
}

_RUN: Mapping[str, Definition] = {
    "value_at_risk_95": Definition(
        "VaR 95 % (1 day)",
        Unit.FRACTION,
        "Historical: loss on the k-th worst UTC day, k = ceil(5 % of the days). Positive is a loss.",
    ),
    "conditional_var_95": Definition(
        "CVaR 95 % (1 day)",
        Unit.FRACTION,
        "Historical: mean loss of the k worst UTC days, k = ceil(5 % of the days). Acerbi and Tasche 2002.",
    ),
    "days": Definition("Days", Unit.DAYS, "From the first open to the last close."),
    "exposure_fraction": Definition("Exposure", Unit.FRACTION, "Share of candles at whose close coins were held."),
    "turnover": Definition(
        "Turnover",
        Unit.PER_YEAR,
        "Value bought and sold by closed trades / mean equity / years of 365.25 days.",
    ),
}

_TRADES: Mapping[str, Definition] = {
    "trades": Definition("Trades", Unit.COUNT, "Closed trades; an open position is not one."),
    "profit": Definition("Profit of trades", Unit.QUOTE, "Sum of the profits of closed trades, after all costs."),
    "win_rate": Definition("Win rate", Unit.FRACTION, "Trades with profit > 0 after costs / trades."),
    "profit_factor": Definition(
        "Profit factor", Unit.RATIO, "Sum of winning profits / sum of losing ones, sign turned, after costs."
    ),
    "expectancy": Definition("Expectancy", Unit.QUOTE, "Mean profit of a trade, after costs."),
    "expectancy_fraction": Definition(
        "Expectancy (fraction)", Unit.FRACTION, "Mean over trades of profit / quote spent."
    ),
    "average_win": Definition("Average win", Unit.QUOTE, "Mean profit of trades with profit > 0."),
    "average_loss": Definition("Average loss", Unit.QUOTE, "Mean profit of trades with profit < 0."),
    "largest_win": Definition("Largest win", Unit.QUOTE, "Largest profit of a trade."),
    "largest_loss": Definition("Largest loss", Unit.QUOTE, "Most negative profit of a trade."),
    "longest_winning_streak": Definition(
        "Longest winning streak", Unit.COUNT, "Most trades with profit > 0 in a row, in order of exit."
    ),
    "longest_losing_streak": Definition(
        "Longest losing streak", Unit.COUNT, "Most trades with profit < 0 in a row, in order of exit."
    ),
    "average_bars_held": Definition("Average holding (bars)", Unit.BARS, "Mean candles between entry and exit."),
    "average_hours_held": Definition("Average holding", Unit.HOURS, "Mean time between entry and exit."),
    "fees": Definition("Fees paid", Unit.QUOTE, "All fees of closed trades."),
    "slippage": Definition("Slippage paid", Unit.QUOTE, "Cost of slippage of closed trades; already in their prices."),
}

CURVE_METRICS = tuple(_CURVE)
"""Measured for the strategy and, with ``hold_`` in front of the name, for buy-and-hold."""

_HOLD: Mapping[str, Definition] = {
    f"hold_{name}": Definition(f"{one.label} (hold)", one.unit, f"Buy-and-hold: {one.text}")
    for name, one in _CURVE.items()
}

DEFINITIONS: Mapping[str, Definition] = {**_CURVE, **_RUN, **_TRADES, **_HOLD}
"""Every metric by name, in the order of reports."""
