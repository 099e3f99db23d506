"""The identity of a finished run as a parameter point."""

from __future__ import annotations

from collections.abc import Mapping

from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.point import Ground
from vigie.research.result import BacktestResult


def ground_of(result: BacktestResult, instruments: Mapping[Pair, Instrument] | None = None) -> Ground:
    """What the run stood on.

    Args:
        result: of a backtest.
        instruments: the venue's filters it was run with.
    """
    traded = {one.pair for one in result.series}
    filters = filters_text({pair: one for pair, one in (instruments or {}).items() if pair in traded})
    return Ground(
        code_hash=result.identity.code_hash,
        strategy=result.identity.strategy,
        strategy_hash=result.identity.strategy_hash,
        data_hashes=result.identity.data_hashes,
        ranges={str(one.pair): (int(one.candles.opens_at[0]), int(one.candles.opens_at[-1])) for one in result.series},
        filters=filters,
    )


def point_of(result: BacktestResult, instruments: Mapping[Pair, Instrument] | None = None) -> str:
    """The key of the point that was tried; arguments as `ground_of`."""
    return ground_of(result, instruments).key(result.identity.parameters, result.identity.settings)


def filters_text(instruments: Mapping[Pair, Instrument]) -> dict[str, str]:
    """Filters as a point's ground names them, by pair."""
    return {str(pair): _text(one) for pair, one in instruments.items()}


def _text(instrument: Instrument) -> str:
    numbers = (instrument.tick, instrument.step, instrument.min_quantity, instrument.min_notional)
    # Normalised: 0.10 and 0.1 are the same filter.
    return " ".join(format(number.normalize(), "f") for number in numbers)
