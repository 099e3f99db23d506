"""An exchange out of candles: what is listed, and where its tapes begin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from vigie.domain.candles import Candles, Series
from vigie.domain.errors import ConfigError
from vigie.domain.instrument import Instrument, exact
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS
from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.path import Tape
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.exchange.symbols import Symbol, listed

_LONGEST_TICK = 8


def guessed(pair: Pair, candles: Candles) -> Instrument:
    """Filters for a pair whose own are not known: the finest tick its prices show, and steps like the exchange's."""
    shown = max((-_exponent(float(price)) for price in candles.close[:500]), default=2)
    tick = Decimal(1).scaleb(-min(max(shown, 0), _LONGEST_TICK))
    price = exact(float(candles.close[0]))
    # A step is worth about a tenth of a unit of quote.
    step = Decimal(1).scaleb(-min(max(price.adjusted() + 1, 0), _LONGEST_TICK))
    return Instrument(pair, tick=tick, step=step, min_quantity=step, min_notional=Decimal(5))


def _exponent(price: float) -> int:
    exponent = exact(price).normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def first_instant(series: Sequence[Series]) -> int:
    """When all pairs trade, epoch milliseconds.

    Raises:
        ConfigError: there are no candles.
    """
    if not series:
        raise ConfigError("the simulated exchange needs candles")
    return max(int(one.candles.opens_at[0]) for one in series)


def whole_days(from_ms: int, to_ms: int) -> int:
    """Milliseconds of the whole days between two instants: candles moved by them stay on their grid."""
    return (to_ms - from_ms) // DAY_MS * DAY_MS


def moved(series: Series, by_ms: int) -> Series:
    """The same candles at other instants."""
    candles = series.candles
    shifted = Candles(
        candles.timeframe, candles.opens_at + by_ms, candles.open, candles.high, candles.low, candles.close,
        candles.volume,
    )  # fmt: skip
    return replace(series, candles=shifted)


def open_exchange(
    series: Sequence[Series],
    instruments: Mapping[Pair, Instrument],
    settings: Settings,
    start_ms: int,
    deposits: Mapping[str, Decimal],
) -> Exchange:
    """An exchange at its beginning.

    Args:
        series: candles, one pair each.
        instruments: filters where they are known; the others are guessed.
        settings: of the matching.
        start_ms: epoch milliseconds.
        deposits: by asset.

    Raises:
        ConfigError: a pair is there twice, or a deposit is not above zero.
    """
    symbols: list[Symbol] = []
    tapes: dict[str, Tape] = {}
    for one in series:
        symbol = listed(instruments.get(one.pair) or guessed(one.pair, one.candles))
        if symbol.name in tapes:
            raise ConfigError(f"{one.pair} is there twice")
        symbols.append(symbol)
        tapes[symbol.name] = Tape(symbol.name, one.candles, settings.extremes, settings.seed)
    exchange = Exchange(symbols, tapes, settings, start_ms)
    fund(exchange, deposits.items())
    return exchange


def fund(exchange: Exchange, deposits: Iterable[tuple[str, Decimal]]) -> None:
    """Coins come in.

    Raises:
        ConfigError: an amount is not above zero.
    """
    for asset, amount in deposits:
        try:
            exchange.deposit(asset, amount)
        except ValueError as error:
            raise ConfigError(f"{asset} {amount}: {error}") from error
