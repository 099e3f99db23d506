"""A market of one pair and few candles, and an engine on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from tests.fakes.replays import Rehearsal, rehearsal
from tests.fakes.scripted import series_of, wishes
from vigie.domain.candles import Candles
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

HOUR = 3_600_000
START = 1_750_003_200_000
BTC = "BTC/USDT"
QUIET = (100.0, 100.5, 99.5, 100.0)
SETTINGS = {
    "capital": "10000",
    "sizing": "baseline",
    "max_position_fraction": "0.3",
    "partials": "on",
    "breakeven_fraction": "0.015",
    "activation_atr": "2",
    "trail_atr": "2",
    "gap_policy": "chase",
    "cooldown_bars": "off",
    "correlation_limit": "off",
    "daily_loss_fraction": "off",
    "drawdown_fraction": "off",
    "candles_in_row": "off",
}
"""Partial sales at +2 % or so, a stop-limit that is chased, and no limit of the account."""

Row = tuple[float, float, float, float]


def candles_of(rows: Sequence[Row]) -> Candles:
    """Hourly candles: open, high, low, close."""
    opens_at = START + HOUR * np.arange(len(rows))
    return Candles(Timeframe.parse("1h"), opens_at, *np.array(rows).T, np.ones(len(rows)))


@dataclass(frozen=True)
class Wanted:
    """Candles of a pair and what is wished for there.

    Attributes:
        rows: open, high, low, close.
        entries, exits: row numbers.
        distance: of the stop, quote.
    """

    rows: Sequence[Row]
    entries: Sequence[int] = ()
    exits: Sequence[int] = ()
    distance: float = 3.0


def on_pairs(overrides: Mapping[str, str] | None = None, **wanted: Wanted) -> Rehearsal:
    """An engine on some pairs, named by their base."""
    pieces, filters = [], {}
    for base, one in wanted.items():
        pair = Pair(base, "USDT")
        candles = candles_of(one.rows)
        marks = wishes(len(candles), entries=one.entries, exits=one.exits, distance=one.distance, volatility=1.0)
        pieces.append((series_of(candles, str(pair)), marks))
        filters[pair] = Instrument(pair, Decimal("0.01"), Decimal("0.001"), Decimal("0.001"), Decimal(5))
    return rehearsal(pieces, {**SETTINGS, **(overrides or {})}, filters)


def on_one_pair(
    rows: Sequence[Row],
    *,
    entries: Sequence[int] = (),
    exits: Sequence[int] = (),
    overrides: Mapping[str, str] | None = None,
) -> Rehearsal:
    """An engine on `BTC`."""
    return on_pairs(overrides, BTC=Wanted(rows, entries, exits))


def ticked(rehearsed: Rehearsal, rows: int) -> list[str]:
    """Start, if it was not yet, and let some candles go by; what went wrong on the way."""
    problems: list[str] = []
    if rehearsed.journal.last_seq == 0:
        rehearsed.engine.start()
    for _ in range(rows):
        assert rehearsed.market.close_row()
        problems += rehearsed.engine.decision_tick().problems
    return problems
