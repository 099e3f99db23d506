"""Strategies whose wishes are written down, or drawn from a seed, instead of computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vigie.domain.candles import Candles, Series
from vigie.domain.pair import Pair
from vigie.strategy.params import Params
from vigie.strategy.signals import Signals
from vigie.strategy.strategy import Strategy


def strategy_of(signals: Callable[[Candles, Params], Signals], parameters: type[Params] = Params) -> Strategy:
    """A strategy from a function alone."""
    return Strategy("scripted", "for tests", parameters, signals, {}, None, "", Path("scripted.py"))


def scripted(pieces: Sequence[tuple[Candles, Signals]]) -> Strategy:
    """A strategy that answers known candles with written wishes."""
    known = {candles.content_hash: signals for candles, signals in pieces}
    return strategy_of(lambda candles, _: known[candles.content_hash])


def wishes(
    rows: int,
    *,
    entries: Sequence[int] = (),
    exits: Sequence[int] = (),
    distance: float = 10.0,
    volatility: float = 1.0,
    warm_up: int = 0,
    direction: int = 1,
    confidence: float = 1.0,
    target: float = float("nan"),
) -> Signals:
    """Wishes by row number; the same distance, volatility, confidence and target for all."""
    entry, leave = np.zeros(rows, dtype=np.int8), np.zeros(rows, dtype=np.bool_)
    entry[list(entries)] = direction
    leave[list(exits)] = True
    return Signals.of(
        entry=entry,
        exit=leave,
        stop_distance=np.full(rows, distance),
        volatility=np.full(rows, volatility),
        warm_up=warm_up,
        target_distance=np.full(rows, target),
        confidence=np.full(rows, confidence),
    )


def drawn_wishes(
    candles: Candles, seed: int, *, warm_up: int = 30, entry_share: float = 0.1, exit_share: float = 0.05
) -> Signals:
    """Wishes at random, the awkward ones included: shorts, unknown stops, targets, equal confidence."""
    dice = np.random.default_rng(seed)
    rows = len(candles)
    reach = (candles.high - candles.low + 0.002 * candles.close) * dice.uniform(0.5, 1.5, rows)
    direction = np.where(dice.random(rows) < 0.05, -1, 1)
    target = np.where(dice.random(rows) < 0.3, dice.uniform(1.0, 6.0, rows) * reach, np.nan)
    return Signals.of(
        entry=np.where(dice.random(rows) < entry_share, direction, 0).astype(np.int8),
        exit=dice.random(rows) < exit_share,
        stop_distance=np.where(dice.random(rows) < 0.03, np.nan, dice.uniform(0.8, 4.0, rows) * reach),
        volatility=reach,
        warm_up=warm_up,
        target_distance=target,
        confidence=dice.choice([0.2, 0.5, 0.5, 0.9], rows),
    )


def series_of(candles: Candles, pair: str = "BTC/USDT", venue: str = "made-up") -> Series:
    """Candles with a name."""
    return Series(Pair.parse(pair), venue, candles, "made up")
