"""Where a fire drill takes place: candles in which the account's own strategy wants to buy."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vigie.adapters.market_data.resample import resample
from vigie.adapters.market_data.sample import sample_instruments, sample_series
from vigie.app.data.candles import load_instruments, load_series
from vigie.decision.profile import Plan
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

BEFORE, AFTER = 1200, 8
"""Candles around an entry that the exchange knows."""
CALM = 4
"""Candles after an entry in which the market lets its position be."""


@dataclass(frozen=True, slots=True)
class Arena:
    """Candles around one wish of the strategy.

    Attributes:
        series: of all pairs.
        instruments: their filters.
        opens_ms: the instant at which the drill begins: the candle that decides has just closed, epoch milliseconds.
        origin: where the candles come from.
    """

    series: tuple[Series, ...]
    instruments: Mapping[Pair, Instrument]
    opens_ms: int
    origin: str


def market_of(
    home: Path, pairs: Sequence[Pair], timeframe: Timeframe, data: Path | None, seed: int
) -> tuple[tuple[Series, ...], Mapping[Pair, Instrument]]:
    """The user's candles of the account's pairs; where there are none, a made-up market under their names.

    Raises:
        ConfigError: candles were named and cannot be had.
        DataError: they cannot be used.
    """
    try:
        series = load_series(data, home, pairs, timeframe)
    except (ConfigError, DataError):
        if data is not None:
            raise
        return _made_up(pairs, timeframe, seed)
    return series, load_instruments(home, series)


def _made_up(
    pairs: Sequence[Pair], timeframe: Timeframe, seed: int
) -> tuple[tuple[Series, ...], Mapping[Pair, Instrument]]:
    sample, filters = sample_series(seed), sample_instruments()
    series, instruments = [], {}
    for at, pair in enumerate(pairs):
        one, known = sample[at % len(sample)], filters[at % len(filters)]
        candles = one.candles
        if timeframe != candles.timeframe:
            candles, _ = resample(candles, timeframe)
        series.append(Series(pair, one.venue, candles, f"made up, seed {seed}"))
        instruments[pair] = Instrument(pair, known.tick, known.step, known.min_quantity, known.min_notional)
    return tuple(series), instruments


def arenas(
    plans: Mapping[Pair, Plan], series: Sequence[Series], instruments: Mapping[Pair, Instrument], seed: int
) -> Iterator[Arena]:
    """Places where the strategy wants to buy and the market then is calm, in an order that the seed decides."""
    found: list[tuple[int, int]] = []
    for at, one in enumerate(series):
        found += [(at, row) for row in _wishes(plans[one.pair], one)]
    random.Random(seed).shuffle(found)  # noqa: S311, RUF100 - a drill is no secret
    for at, row in found:
        candles = series[at].candles
        opens_ms = int(candles.opens_at[row]) + candles.timeframe.milliseconds
        around = [_around(one, opens_ms) for one in series]
        yield Arena(tuple(one for one in around if len(one.candles)), instruments, opens_ms, series[at].origin)


def _wishes(plan: Plan, one: Series) -> list[int]:
    """Rows at whose close the strategy wants in, with candles enough before and calm ones behind."""
    candles = one.candles
    signals = plan.strategy.signals(candles, plan.parameters)
    first = min(BEFORE, max(signals.warm_up * 2, len(candles) // 4))
    rows = np.flatnonzero(signals.entry[: len(candles) - AFTER] > 0)
    return [int(row) for row in rows if row >= first and _calm(candles, signals, int(row))]


def _calm(candles, signals, row: int) -> bool:  # type: ignore[no-untyped-def]
    behind = slice(row + 1, row + 1 + CALM)
    length = candles.timeframe.milliseconds
    whole = int(candles.opens_at[row + CALM] - candles.opens_at[row]) == CALM * length
    close, distance = float(candles.close[row]), float(signals.stop_distance[row])
    stays = float(candles.low[behind].min()) > close - 0.6 * distance
    return bool(whole and distance > 0 and stays and not signals.exit[behind].any())


def _around(one: Series, opens_ms: int) -> Series:
    length = one.candles.timeframe.milliseconds
    candles = one.candles.between(opens_ms - BEFORE * length, opens_ms + AFTER * length)
    return Series(one.pair, one.venue, candles, one.origin)
