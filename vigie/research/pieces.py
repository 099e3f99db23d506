"""One pair of a run: the candles of a range, and the wishes of a strategy there."""

from __future__ import annotations

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


def piece_in(there: Range, plan: Plan) -> Piece:
    """A range, and what the plan's strategy wants there.

    Raises:
        ConfigError: signals of the wrong length.
    """
    signals = _ask(plan, there.known.pair, there.known.candles)
    return Piece(known=there.known, traded=there.traded, signals=_cut(signals, there.first), warm_up=signals.warm_up)


def piece_of(plan: Plan, one: Series, start_ms: int | None, end_ms: int | None) -> Piece:
    """One pair's candles in a range, and what the plan's strategy wants there; as `range_of` and `piece_in`."""
    return piece_in(range_of(plan, one, start_ms, end_ms), plan)


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
