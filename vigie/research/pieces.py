"""One pair of a run: the candles of a range, and the wishes of a strategy there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vigie.decision.profile import Plan
from vigie.domain.candles import Candles, Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instants import as_text
from vigie.domain.pair import Pair
from vigie.research.inputs import Piece
from vigie.strategy.signals import COLUMNS, Signals


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """One pair's candles in a range of time.

    Attributes:
        known: every candle that may be looked at, those before the range included.
        traded: the candles of the range.
    """

    known: Series
    traded: Series

    @property
    def first(self) -> int:
        """Row of the first traded candle among the known ones."""
        return len(self.known.candles) - len(self.traded.candles)


def range_of(plan: Plan, one: Series, start_ms: int | None, end_ms: int | None) -> Range:
    """One pair's candles in a range.

    Args:
        plan: its warm-up policy is used.
        one: all candles of the pair.
        start_ms: start of the range, epoch milliseconds; None: the first candle.
        end_ms: its end, excluded; None: after the last candle.

    Raises:
        DataError: no candles in the range.
    """
    known = one.candles.between(start_ms if not plan.settings.warm_up_from_past else None, end_ms)
    traded = known.between(start_ms, None)
    if not len(traded):
        raise DataError(_nothing_in_range(one, start_ms, end_ms))
    return Range(replace(one, candles=known), replace(one, candles=traded))


def ranges_of(plan: Plan, series: Sequence[Series], start_ms: int | None, end_ms: int | None) -> list[Range]:
    """`range_of` for each pair that has candles there; the others are left out.

    Raises:
        DataError: no pair has any.
    """
    gone = absent(series, start_ms, end_ms)
    if len(gone) == len(series):
        raise DataError(_nothing_in_range(series[0], start_ms, end_ms))
    return [range_of(plan, one, start_ms, end_ms) for one in series if one.pair not in gone]


def piece_in(there: Range, plan: Plan) -> Piece:
    """A range, and what the plan's strategy wants there.

    Raises:
        ConfigError: signals of the wrong length.
    """
    signals = _ask(plan, there.known.pair, there.known.candles)
    return Piece(known=there.known, traded=there.traded, signals=_cut(signals, there.first), warm_up=signals.warm_up)


def pieces_of(plan: Plan, series: Sequence[Series], start_ms: int | None, end_ms: int | None) -> list[Piece]:
    """`ranges_of`, and what the plan's strategy wants there; raises what `piece_in` raises too."""
    return [piece_in(there, plan) for there in ranges_of(plan, series, start_ms, end_ms)]


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
