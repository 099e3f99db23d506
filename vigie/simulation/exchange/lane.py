"""One symbol on its way through the candles: where it is, what it costs, how much can still be had."""

from __future__ import annotations

from decimal import Decimal, localcontext

from vigie.domain.instrument import exact
from vigie.simulation.exchange.path import Point, Tape, between, reached_at
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.exchange.symbols import Symbol
from vigie.simulation.fills import buy_price, sell_price
from vigie.simulation.terms import EXACT, ZERO

_FINE = Decimal("1E-12")


class Lane:
    """A symbol and the place on its tape.

    Attributes:
        symbol: as it is listed now.
        name: of the symbol.
        tape: its candles.
        at: how far it has come, epoch milliseconds.
        price: the path's price there, not rounded to the tick; None: nothing has traded yet.
        liquidity: base that can still be executed until somebody says otherwise; None: any amount.
    """

    def __init__(self, symbol: Symbol, tape: Tape, settings: Settings, start: int) -> None:
        """Stand at ``start`` (epoch milliseconds)."""
        self.symbol, self.tape, self._settings = symbol, tape, settings
        self.name = symbol.name
        self.liquidity: Decimal | None = None
        self._used = ZERO
        self._row = -1
        self.price: Decimal | None = None
        self.move(start)

    def move(self, to: int) -> None:
        """Be somewhere else; nothing on the way matters."""
        self.at = to
        row = self.tape.row(to)
        if row != self._row:
            self._row, self._used = row, ZERO
        price = self.tape.price_at(to)
        self.price = None if price is None else price.quantize(_FINE, context=EXACT)

    def walk(self, to: int, below: Decimal | None, above: Decimal | None) -> bool:
        """Go on until the price reaches a level, or a candle's path turns, or ``to``.

        Args:
            to: epoch milliseconds.
            below: level at or under which something happens, quote; None: none.
            above: level at or over which something happens, quote; None: none.

        Returns:
            whether there is more of the way to go; the caller looks at the price.
        """
        row = self._row
        if row < 0 or self.at >= self.tape.closes(row):
            return self._jump(to, row + 1)
        for start, end in self.tape.segments(row, self.at, to):
            level = self._reached(start, end, to, below, above)
            if level is not None:
                self.at, self.price = max(self.at, reached_at(start, end, level)), level
                return True
            if end.at <= to:
                self.at, self.price = end
                return True
        if self.at < to:
            self.move(to)
        return False

    def skip(self, to: int, below: Decimal | None, above: Decimal | None) -> None:
        """Leave out whole candles in which the price stays between two levels; only where a candle is over."""
        if self._row >= 0 and self.at < self.tape.closes(self._row):
            return
        last = self.tape.row(to)
        first = self._row + 1
        hit = self.tape.first_beyond(first, last, _float(below), _float(above))
        if hit > first:
            self._row, self._used = hit - 1, ZERO
            self.at, self.price = self.tape.closes(hit - 1), exact(self.tape.candles.close[hit - 1])

    def _jump(self, to: int, row: int) -> bool:
        if row >= len(self.tape.candles) or self.tape.opens(row) > to:
            self.at = to
            return False
        self._row, self._used = row, ZERO
        self.at, self.price = self.tape.opens(row), exact(self.tape.candles.open[row])
        return True

    def _reached(
        self, start: Point, end: Point, to: int, below: Decimal | None, above: Decimal | None
    ) -> Decimal | None:
        last = end.price if end.at <= to else between(start, end, to)
        if below is not None and end.price < start.price and last <= below:
            return below
        if above is not None and end.price > start.price and last >= above:
            return above
        return None

    # --- prices -------------------------------------------------------------------------------------------------

    @property
    def last(self) -> Decimal | None:
        """Last price, to the tick; None: nothing has traded yet."""
        return None if self.price is None else self.rounded(self.price)

    def rounded(self, price: Decimal) -> Decimal:
        """A path's price as a trade would have it: to the nearest tick."""
        with localcontext(EXACT):
            tick = self.symbol.tick
            return self.symbol.floor_price(price + tick / 2) if tick else self.symbol.floor_price(price)

    def taken_at(self, price: Decimal, *, buys: bool, slips: bool = True) -> Decimal:
        """What whoever takes at this price pays or gets: half a spread and slippage worse, to the tick."""
        fraction = self._settings.half_spread_fraction + (self._settings.slippage_fraction if slips else ZERO)
        if buys:
            return self.symbol.ceil_price(buy_price(price, fraction))
        # A tick below zero cannot be: nothing is sold for nothing.
        return max(self.symbol.floor_price(sell_price(price, fraction)), self.symbol.tick)

    def book(self) -> tuple[Decimal, Decimal] | None:
        """Best bid and ask; None: nothing has traded yet."""
        if self.price is None:
            return None
        with localcontext(EXACT):
            bid = self.taken_at(self.price, buys=False, slips=False)
            ask = self.taken_at(self.price, buys=True, slips=False)
            return bid, max(ask, bid + self.symbol.tick)

    def average(self, minutes: int) -> Decimal:
        """Volume-weighted price of the last minutes' closed candles; 0 minutes, or no volume: the last price."""
        last = self.last or ZERO
        first = self.tape.row(self.at - minutes * 60_000)
        rows = range(max(first, 0), self._row)
        if minutes <= 0 or not rows:
            return last
        candles = self.tape.candles
        volume = sum((exact(candles.volume[row]) for row in rows if candles.volume[row] > 0), ZERO)
        if not volume:
            return last
        worth = sum((exact(candles.volume[row]) * exact(candles.close[row]) for row in rows
                     if candles.volume[row] > 0), ZERO)  # fmt: skip
        return worth / volume

    # --- liquidity ----------------------------------------------------------------------------------------------

    def capacity(self) -> Decimal | None:
        """Base that can be executed in this candle; None: any amount."""
        if self.liquidity is None and self._settings.participation_fraction is None:
            return None
        caps = [] if self.liquidity is None else [self.liquidity]
        share = self._settings.participation_fraction
        if share is not None and self._row >= 0:
            volume = self.tape.candles.volume[self._row]
            caps.append(max(exact(volume) * share - self._used, ZERO) if volume > 0 else ZERO)
        if not caps:
            return None  # nothing has traded yet
        step = self.symbol.number("LOT_SIZE", "stepSize") or _FINE
        return min(caps) // step * step

    def take(self, quantity: Decimal) -> None:
        """So much was executed."""
        self._used += quantity
        if self.liquidity is not None:
            # Somebody's hand may have filled more than there was.
            self.liquidity = max(self.liquidity - quantity, ZERO)


def _float(number: Decimal | None) -> float | None:
    return None if number is None else float(number)
