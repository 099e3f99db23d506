"""One pair of a run: the candles of a range, and the wishes of a strategy there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vigie.decision.profile import Plan
from vigie.domain.candles import Candles, Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instants import as_text
from vigie.domain.pair import Pair
from vigie.research.inputs import Piece
from vigie.strategy.signals import COLUMNS, Signals


def piece_of(plan: Plan, one: Series, start_ms: int | None, end_ms: int | None) -> Piece:
    """One pair's candles in a range, and what the plan's strategy wants there.

    Args:
        plan: its strategy, parameters and warm-up policy are used.
        one: all candles of the pair.
        start_ms: start of the range, epoch milliseconds; None: the first candle.
        end_ms: its end, excluded; None: after the last candle.

    Raises:
        DataError: no candles in the range.
        ConfigError: signals of the wrong length.
    """
    known = one.candles.between(start_ms if not plan.settings.warm_up_from_past else None, end_ms)
    first = 0 if start_ms is None else int(np.searchsorted(known.opens_at, start_ms))
    if len(known) <= first:
        raise DataError(_nothing_in_range(one, start_ms, end_ms))
    signals = _ask(plan, one.pair, known)
    return Piece(
        known=replace(one, candles=known),
        traded=replace(one, candles=known[first:] if first else known),
        signals=_cut(signals, first),
        warm_up=signals.warm_up,
    )


def pieces_of(plan: Plan, series: Sequence[Series], start_ms: int | None, end_ms: int | None) -> list[Piece]:
    """`piece_of` for each pair that has candles in the range; the others are left out.

    Raises:
        DataError: no pair has any.
        ConfigError: signals of the wrong length.
    """
    gone = absent(series, start_ms, end_ms)
    if len(gone) == len(series):
        raise DataError(_nothing_in_range(series[0], start_ms, end_ms))
    return [piece_of(plan, one, start_ms, end_ms) for one in series if one.pair not in gone]


def absent(series: Sequence[Series], start_ms: int | None, end_ms: int | None) -> tuple[Pair, ...]:
    """Pairs without a candle in a range: not listed yet, listed no more, or in a hole."""
    return tuple(one.pair for one in series if not len(one.candles.between(start_ms, end_ms)))


def require_all(series: Sequence[Series], start_ms: int | None, end_ms: int | None) -> None:
    """Refuse pairs without a candle in a range.

    Raises:
        DataError: names the first, and where it has candles.
    """
    gone = absent(series, start_ms, end_ms)
    for one in series:
        if one.pair in gone:
            raise DataError(_nothing_in_range(one, start_ms, end_ms))


def _nothing_in_range(one: Series, start_ms: int | None, end_ms: int | None) -> str:
    if len(one.candles) == 0:
        return f"{one.pair}: there are no candles ({one.origin})"
    span = f"{as_text(one.candles.opens_at[0])} to {as_text(one.candles.opens_at[-1])}"
    asked = (
        f"{as_text(start_ms) if start_ms is not None else '...'} to {as_text(end_ms) if end_ms is not None else '...'}"
    )
    return f"{one.pair}: no candles in {asked}; there are candles from {span} ({one.origin})"


def _ask(plan: Plan, pair: Pair, candles: Candles) -> Signals:
    signals = plan.strategy.signals(candles, plan.parameters)
    if len(signals) != len(candles):
        raise ConfigError(
            f"strategy '{plan.strategy.name}' gave {len(signals)} rows of signals for {len(candles)} candles of {pair}"
        )
    return signals


def _cut(signals: Signals, first: int) -> Signals:
    """Signals from row ``first`` on; the warm-up shrinks by what came before."""
    if first == 0:
        return signals
    columns = {name: getattr(signals, name)[first:] for name in COLUMNS}
    return replace(signals, warm_up=max(0, signals.warm_up - first), **columns)
