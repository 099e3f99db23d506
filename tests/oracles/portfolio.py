"""The profile ``standard`` for several pairs in one wallet, instant by instant, in plain Python.

Written from DESIGN section 4 and the text of the issue, not from the engine. What they leave open is settled here so:

1. a wish is kept until its pair's next candle that exists; what the gate knows of the candles (correlation, candles
   in a row, cooldown) is that of the candle that wished, what it knows of the account is that of the fill;
2. equity is cash plus coins at the last close their pair has had; at an instant it is taken after the sales at that
   open and again after each entry;
3. the day of a close is the UTC day of its instant: the close at 00:00 is the first equity of the new day;
4. the correlation looks at the last 168 instants at which any pair has a candle, the wishing candle's included, and
   needs 30 at which both have a return; a return is taken against the pair's candle before, however long ago;
5. a wish of a pair that is held is no entry and no refusal; several refusals of one entry are all counted;
6. a gap through the limit leaves the order at its limit; ``chase`` sells at the next open, unless the high of the
   candle itself comes back beyond the limit;
7. a billionth of the equity is what floating point leaves over, not money to trade with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Filters:
    """Of one pair; 0: unknown."""

    tick: str = "0"
    step: str = "0"
    min_quantity: float = 0.0
    min_notional: float = 0.0


@dataclass(frozen=True, slots=True)
class PortfolioSettings:
    """Every number; a guard that is None is off. ``position_fraction`` None: an equal share."""

    capital: float = 10_000.0
    fee: float = 0.001
    slippage: float = 0.0005
    risk: float = 0.02
    stop_limit: float = 0.005
    chase: bool = True
    activation_atr: float = 5.5
    trail_atr: float = 5.5
    breakeven: float = 0.0
    partials: tuple[tuple[float, float], ...] = ()
    position_fraction: float | None = None
    max_open_positions: int | None = 5
    correlation: float | None = 0.85
    correlation_window: int = 168
    daily_loss: float | None = 0.05
    drawdown: float | None = 0.15
    candles_in_row: int | None = 24
    cooldown: int | None = 0


@dataclass(frozen=True, slots=True)
class Wishes:
    """One value per candle, as a strategy gives them."""

    entry: Sequence[int]
    exit: Sequence[bool]
    stop_distance: Sequence[float]
    volatility: Sequence[float]
    target_distance: Sequence[float]
    confidence: Sequence[float]
    warm_up: int


class Event(NamedTuple):
    """One fill; ``at``: opening instant of its candle, or the closing one for a partial sale."""

    pair: str
    kind: str
    at: int
    price: float
    quantity: float
    fee: float
    profit: float
    reason: str


@dataclass(frozen=True, slots=True)
class PortfolioRun:
    """``equity`` and ``closes_at`` hold one value per instant at which any candle closes."""

    events: list[Event]
    closes_at: list[int]
    equity: list[float]
    refused: dict[str, int]
    open_pairs: list[str]
    pending: int


@dataclass(slots=True)
class _Held:
    fill: float
    coins: float
    spent: float
    volatility: float
    fixed: float
    highest: float
    target: float
    trailing: float = -math.inf
    even: bool = False
    received: float = 0.0
    resting_at: float | None = None
    leaving: str = ""
    parts_done: set[int] = field(default_factory=set)

    @property
    def stop(self) -> float:
        return max(self.fixed, self.trailing)

    @property
    def stop_reason(self) -> str:
        return "trailing" if self.trailing > self.fixed else "stop"


def floored(number: float, grid: str) -> float:
    """Down to a multiple of the grid; twelve digits of the number count, what follows is noise of floating point."""
    if Decimal(grid) == 0:
        return number
    return float((Decimal(f"{number:.12g}") / Decimal(grid)).to_integral_value(ROUND_FLOOR) * Decimal(grid))


class Portfolio:
    """The whole account; ``run`` goes through time once."""

    def __init__(
        self,
        markets: Mapping[str, Mapping[str, Sequence[float]]],
        wishes: Mapping[str, Wishes],
        settings: PortfolioSettings,
        filters: Mapping[str, Filters],
        candle_ms: int,
    ) -> None:
        self.names = sorted(markets)
        self.markets, self.wishes, self.s, self.candle_ms = markets, wishes, settings, candle_ms
        self.filters = {name: filters.get(name, Filters()) for name in self.names}
        self.row_at = {n: {int(t): i for i, t in enumerate(markets[n]["opens_at"])} for n in self.names}
        self.instants = sorted({t for rows in self.row_at.values() for t in rows})
        self.number_of = {t: i for i, t in enumerate(self.instants)}
        self.cash = settings.capital
        self.held: dict[str, _Held] = {}
        self.waiting: dict[str, int] = {}
        self.last_close: dict[str, float] = {}
        self.stopped_at: dict[str, int] = {}
        self.peak = settings.capital
        self.latched = False
        self.day, self.day_first, self.day_low = -1, 0.0, 0.0
        self.events: list[Event] = []
        names = ("max_open_positions", "correlation", "daily_loss", "drawdown", "holes", "cooldown")
        self.refused = dict.fromkeys(("long_only", "defined_stop", "order_size", "placeable_stop", *names), 0)

    def run(self) -> PortfolioRun:
        closes_at, equity = [], []
        for t in self.instants:
            here = [name for name in self.names if t in self.row_at[name]]
            for name in here:
                self.sell_at_open(name, t)
            ready = [name for name in here if name in self.waiting]
            for name in sorted(ready, key=lambda n: (-self.wishes[n].confidence[self.waiting[n]], n)):
                self.try_entry(name, t, self.waiting.pop(name))
            for name in here:
                if name in self.held:
                    self.inside(name, t)
            for name in here:
                self.at_close(name, t)
            closes_at.append(t + self.candle_ms)
            equity.append(self.equity())
            self.remember(t + self.candle_ms, equity[-1])
        return PortfolioRun(self.events, closes_at, equity, self.refused, sorted(self.held), len(self.waiting))

    def equity(self) -> float:
        return self.cash + math.fsum(one.coins * self.last_close[name] for name, one in self.held.items())

    def remember(self, instant: int, equity: float) -> None:
        if instant // DAY_MS != self.day:
            self.day, self.day_first, self.day_low = instant // DAY_MS, equity, equity
        self.day_low = min(self.day_low, equity)
        self.peak = max(self.peak, equity)
        if self.s.drawdown is not None and 1 - equity / self.peak >= self.s.drawdown:
            self.latched = True

    # --- sales ------------------------------------------------------------------------------------------------------

    def price(self, name: str, t: int, column: str) -> float:
        return float(self.markets[name][column][self.row_at[name][t]])

    def sell(self, name: str, at: int, price: float, quantity: float, kind: str, reason: str) -> None:
        one = self.held[name]
        fee = quantity * price * self.s.fee
        self.cash += quantity * price - fee
        one.received += quantity * price - fee
        one.coins -= quantity
        profit = quantity * price - fee if kind == "partial" else one.received - one.spent
        self.events.append(Event(name, kind, at, price, quantity, fee, profit, reason))
        if kind == "sell":
            del self.held[name]

    def sell_at_open(self, name: str, t: int) -> None:
        one = self.held.get(name)
        if one is None:
            return
        reason = one.leaving
        if not reason and one.resting_at is not None and self.s.chase:
            reason = "gap"
            if one.stop_reason == "stop":
                self.stopped_at[name] = self.number_of[t]
        if reason:
            price = self.price(name, t, "open") * (1 - self.s.slippage)
            self.sell(name, t, price, one.coins, "sell", reason)

    def inside(self, name: str, t: int) -> None:
        """The stop order meets the candle: open, low, high."""
        one = self.held[name]
        trigger = floored(one.stop, self.filters[name].tick)
        opened, low, high = (self.price(name, t, column) for column in ("open", "low", "high"))
        price: float | None
        if one.resting_at is not None:
            price = one.resting_at if high > one.resting_at else None
        elif low > trigger or not trigger > 0:
            return
        elif self.s.stop_limit == 0:
            price = min(opened, trigger) * (1 - self.s.slippage)
        else:
            limit = floored(trigger * (1 - self.s.stop_limit), self.filters[name].tick)
            met = min(opened, trigger)
            price = limit if high > limit else None
            if met >= limit:
                price = max(limit, met * (1 - self.s.slippage))
            one.resting_at = limit
        if price is not None:
            if one.stop_reason == "stop":
                self.stopped_at[name] = self.number_of[t]
            self.sell(name, t, price, one.coins, "sell", one.stop_reason)

    def at_close(self, name: str, t: int) -> None:
        row, wishes = self.row_at[name][t], self.wishes[name]
        close = self.last_close[name] = self.price(name, t, "close")
        one = self.held.get(name)
        if one is not None:
            if one.resting_at is None:
                self.move_stops(one, close, self.price(name, t, "high"))
                self.sell_parts(name, t, close)
            if close >= one.target:
                one.leaving = one.leaving or "target"
            elif wishes.exit[row]:
                one.leaving = one.leaving or "signal"
        elif row >= wishes.warm_up and wishes.entry[row] != 0:
            self.waiting[name] = row

    def move_stops(self, one: _Held, close: float, high: float) -> None:
        one.highest = max(one.highest, high)
        if one.highest >= one.fill + self.s.activation_atr * one.volatility:
            one.trailing = max(one.trailing, one.highest - self.s.trail_atr * one.volatility)
        if self.s.breakeven and not one.even and (close - one.fill) / one.fill >= self.s.breakeven:
            one.even = True
            one.fixed = max(one.fixed, one.fill * (1 + self.s.slippage))

    def sell_parts(self, name: str, t: int, close: float) -> None:
        one, filters = self.held[name], self.filters[name]
        coins_at_close = one.coins
        for number, (gain, share) in enumerate(self.s.partials, 1):
            if number in one.parts_done or (close - one.fill) / one.fill < gain:
                continue
            if coins_at_close * close < 3 * filters.min_notional:
                continue
            one.parts_done.add(number)
            part = floored(one.coins * share, filters.step)
            rest = one.coins - part
            sellable = part >= filters.min_quantity and part * close >= filters.min_notional and part > 0
            if sellable and rest >= filters.min_quantity and rest * close >= filters.min_notional:
                price = close * (1 - self.s.slippage)
                self.sell(name, t + self.candle_ms, price, part, "partial", f"partial_{number}")

    # --- entries ----------------------------------------------------------------------------------------------------

    def try_entry(self, name: str, t: int, wished: int) -> None:
        wishes, filters, s = self.wishes[name], self.filters[name], self.s
        price = self.price(name, t, "open") * (1 + s.slippage)
        distance, equity = wishes.stop_distance[wished], self.equity()
        known = distance > 0
        fraction = s.position_fraction or 1 / min(s.max_open_positions or len(self.names), len(self.names))
        sized = s.risk * equity / distance if known else 0.0
        quantity = min(sized, self.cash / (price * (1 + s.fee)), fraction * equity / price)
        quantity = floored(quantity, filters.step)
        too_small = quantity < filters.min_quantity or quantity * price < filters.min_notional
        verdicts = {
            "long_only": wishes.entry[wished] < 0,
            "defined_stop": not known,
            "placeable_stop": not price - distance > 0,
            "order_size": not quantity * price > 1e-9 * equity or too_small,
            "max_open_positions": s.max_open_positions is not None and len(self.held) >= s.max_open_positions,
            "correlation": s.correlation is not None and self.too_alike(name, wished),
            "daily_loss": s.daily_loss is not None
            and self.day_low <= self.day_first * (1 - s.daily_loss) * (1 + 1e-12),
            "drawdown": s.drawdown is not None and self.latched,
            "holes": s.candles_in_row is not None
            and self.in_row(name, wished) < min(s.candles_in_row, max(1, wishes.warm_up)),
            "cooldown": s.cooldown is not None and self.since_stop(name, wished) < s.cooldown,
        }
        for rule, refuses in verdicts.items():
            self.refused[rule] += refuses
        if any(verdicts.values()):
            return
        fee = quantity * price * s.fee
        self.cash -= quantity * price + fee
        self.held[name] = _Held(
            fill=price,
            coins=quantity,
            spent=quantity * price + fee,
            volatility=wishes.volatility[wished],
            fixed=price - distance,
            highest=price,
            target=price + wishes.target_distance[wished],
        )
        self.events.append(Event(name, "buy", t, price, quantity, fee, math.nan, "none"))

    def since_stop(self, name: str, wished: int) -> float:
        now = self.number_of[int(self.markets[name]["opens_at"][wished])]
        return now - self.stopped_at[name] if name in self.stopped_at else math.inf

    def in_row(self, name: str, wished: int) -> int:
        opens_at, count = self.markets[name]["opens_at"], 1
        while wished - count >= 0 and opens_at[wished - count] == opens_at[wished] - count * self.candle_ms:
            count += 1
        return count

    def too_alike(self, name: str, wished: int) -> bool:
        now = self.number_of[int(self.markets[name]["opens_at"][wished])]
        window = self.instants[max(0, now + 1 - self.s.correlation_window) : now + 1]
        for other in self.held:
            both = [(self.log_return(name, t), self.log_return(other, t)) for t in window]
            known = [(x, y) for x, y in both if x is not None and y is not None]
            alike = pearson(known) if len(known) >= 30 else None
            if alike is None or not abs(alike) <= (self.s.correlation or 0):
                return True
        return False

    def log_return(self, name: str, t: int) -> float | None:
        row = self.row_at[name].get(t, 0)
        close = self.markets[name]["close"]
        return math.log(close[row]) - math.log(close[row - 1]) if row > 0 else None


def pearson(points: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's correlation; None without variance."""
    n = len(points)
    mean_x, mean_y = math.fsum(x for x, _ in points) / n, math.fsum(y for _, y in points) / n
    xx = math.fsum((x - mean_x) ** 2 for x, _ in points)
    yy = math.fsum((y - mean_y) ** 2 for _, y in points)
    if xx == 0 or yy == 0:
        return None
    return math.fsum((x - mean_x) * (y - mean_y) for x, y in points) / math.sqrt(xx * yy)
