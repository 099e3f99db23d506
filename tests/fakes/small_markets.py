"""A market of one pair and few candles, and an engine on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def on_one_pair(
    rows: Sequence[Row],
    *,
    entries: Sequence[int] = (),
    exits: Sequence[int] = (),
    distance: float = 3.0,
    overrides: Mapping[str, str] | None = None,
    pair: str = BTC,
) -> Rehearsal:
    """An engine that wishes for entries and exits at the rows that are named."""
    candles = candles_of(rows)
    wanted = wishes(len(candles), entries=entries, exits=exits, distance=distance, volatility=1.0)
    filters = Instrument(Pair.parse(pair), Decimal("0.01"), Decimal("0.001"), Decimal("0.001"), Decimal(5))
    return rehearsal([(series_of(candles, pair), wanted)], {**SETTINGS, **(overrides or {})}, {filters.pair: filters})


def ticked(rehearsed: Rehearsal, rows: int) -> list[str]:
    """Start, if it was not yet, and let some candles go by; what went wrong on the way."""
    problems: list[str] = []
    if rehearsed.journal.last_seq == 0:
        rehearsed.engine.start()
    for _ in range(rows):
        assert rehearsed.market.close_row()
        problems += rehearsed.engine.decision_tick().problems
    return problems
