"""The simulated venue under random orders on random candles: its books add up, and its stops are the backtest's."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.orders import buy, sell, stop
from tests.oracles import markets
from vigie.decision.policies import Rules, floor_to
from vigie.domain.candles import Candles
from vigie.domain.errors import VenueRefused
from vigie.domain.instrument import Instrument, exact
from vigie.domain.order import Intent, Side
from vigie.domain.pair import Pair
from vigie.domain.record import from_json, to_json
from vigie.research.kernel.walk import meet_stop
from vigie.simulation.invariants import broken
from vigie.simulation.playing import play_closed
from vigie.simulation.record import VenueRecord
from vigie.simulation.terms import EXACT, Terms
from vigie.simulation.venue import Venue

PAIRS = (Pair("BTC", "USDT"), Pair("ETH", "USDT"), Pair("ETH", "BTC"))
GRIDS = st.sampled_from([Decimal(0), Decimal("0.00001"), Decimal("0.25")])
FRACTIONS = st.integers(0, 200).map(lambda points: Decimal(points) / 10_000)
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
SIZES = st.floats(0.0001, 20.0)

ACTIONS = st.one_of(
    st.tuples(st.just("play"), st.sampled_from(PAIRS)),
    st.tuples(st.just("play"), st.sampled_from(PAIRS)),
    st.tuples(st.just("open"), st.sampled_from(PAIRS)),
    st.tuples(st.just("pause"), st.sampled_from(PAIRS)),
    st.tuples(st.just("buy"), st.sampled_from(PAIRS), NAMES, SIZES),
    st.tuples(st.just("sell"), st.sampled_from(PAIRS), NAMES, SIZES),
    st.tuples(st.just("stop"), st.sampled_from(PAIRS), NAMES, SIZES, st.floats(0.95, 1.01), st.floats(0.97, 1.01)),
    st.tuples(st.just("cancel"), st.sampled_from(PAIRS), NAMES),
    st.tuples(st.just("deposit"), st.sampled_from(["USDT", "BTC", "ETH"]), SIZES),
    st.tuples(st.just("withdraw"), st.sampled_from(["USDT", "BTC", "ETH"]), SIZES),
)


@st.composite
def some_terms(draw: st.DrawFn) -> Terms:
    return Terms(
        fee_fraction=draw(FRACTIONS),
        slippage_fraction=draw(FRACTIONS),
        partial_slippage_fraction=draw(FRACTIONS),
        fee_in_base=draw(st.booleans()),
        commission_places=draw(st.sampled_from([None, 2, 8])),
        refuse_triggering=draw(st.booleans()),
        kept_orders=1000,
    )


@st.composite
def some_instruments(draw: st.DrawFn) -> list[Instrument]:
    return [
        Instrument(pair, draw(GRIDS), draw(GRIDS), draw(GRIDS), draw(st.sampled_from([Decimal(0), Decimal(5)])))
        for pair in PAIRS
    ]


class Driver:
    """Carries actions out, one candle after another in each pair."""

    def __init__(self, venue: Venue, candles: dict[Pair, Candles]) -> None:
        self.venue, self.candles, self.now = venue, candles, 0
        self.rows = dict.fromkeys(candles, 0)
        self.taken: set[str] = set()

    def act(self, action: tuple[Any, ...]) -> None:
        kind, on, *rest = action
        self.now += 1
        if kind in ("deposit", "withdraw"):
            getattr(self.venue, kind)(on, exact(rest[0]))
        elif kind == "play":
            self._play(on)
        elif kind == "open":
            self.venue.trade_at(str(on), exact(self.candles[on].open[self.rows[on]]), self._instant(on))
        elif kind == "pause":
            self.venue.pause(str(on))
        elif kind == "cancel":
            self.venue.cancel(str(on), rest[0], self._instant(on))
        else:
            self.venue.submit(self._intent(kind, on, *rest), self._instant(on))
        self.taken.add(kind)

    def _instant(self, pair: Pair) -> int:
        return int(self.candles[pair].opens_at[self.rows[pair]]) + self.now

    def _play(self, pair: Pair) -> None:
        row = self.rows[pair]
        play_closed(self.venue, pair, self.candles[pair][: row + 1])
        self.rows[pair] = min(row + 1, len(self.candles[pair]) - 1)

    def _intent(self, kind: str, pair: Pair, name: str, size: float, *of_stop: float) -> Intent:
        listed = self.venue.instrument(str(pair))
        quantity = listed.quantity_down(size)
        if kind != "stop":
            return (buy if kind == "buy" else sell)(quantity, name, str(pair))
        near = float(self.candles[pair].open[self.rows[pair]])
        trigger, limit = near * of_stop[0], near * of_stop[0] * of_stop[1]
        return stop(quantity, listed.price_down(trigger), listed.price_down(limit), name, str(pair))


def assert_step(before: VenueRecord, after: VenueRecord) -> None:
    assert broken(after) == ()
    kept = len(before.ended_orders)
    assert after.ended_orders[:kept] == before.ended_orders, "a final order never changes"
    assert traded(after) == {asset: one.traded for asset, one in after.accounts.items() if one.traded != 0}
    assert fees(after) == {asset: one.fees for asset, one in after.accounts.items() if one.fees != 0}


def traded(record: VenueRecord) -> dict[str, Decimal]:
    """What was given away less what was received, from the fills alone."""
    sums: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for order in record.ended_orders:
            base, quote = order.pair.split("/")
            sign = 1 if order.side is Side.BUY else -1
            for fill in order.fills:
                sums[base] = sums.get(base, Decimal(0)) - sign * fill.quantity
                sums[quote] = sums.get(quote, Decimal(0)) + sign * fill.quantity * fill.price
    return without_zeros(sums)


def fees(record: VenueRecord) -> dict[str, Decimal]:
    """Fees by asset, from the fills alone."""
    sums: dict[str, Decimal] = {}
    with localcontext(EXACT):
        for fill in (fill for order in record.ended_orders for fill in order.fills):
            sums[fill.fee_asset] = sums.get(fill.fee_asset, Decimal(0)) + fill.fee
    return without_zeros(sums)


def without_zeros(sums: dict[str, Decimal]) -> dict[str, Decimal]:
    return {asset: one for asset, one in sums.items() if one != 0}


@st.composite
def some_candles(draw: st.DrawFn) -> dict[Pair, Candles]:
    makers = st.sampled_from([markets.gap_heavy, markets.random_walk, markets.with_constant_stretches])
    return {pair: markets.as_candles(draw(makers)(40, draw(st.integers(0, 999)))) for pair in PAIRS}


def run(driver: Driver, actions: Iterable[tuple[Any, ...]]) -> None:
    for action in actions:
        before = driver.venue.to_record()
        try:
            driver.act(action)
        except VenueRefused:
            assert driver.venue.to_record() == before, "a refusal changes nothing"
        assert_step(before, driver.venue.to_record())


START = [("deposit", "USDT", 2000.0), ("deposit", "BTC", 3.0), *[("open", pair) for pair in PAIRS]]


@settings(max_examples=150, deadline=None)
@given(some_instruments(), some_terms(), some_candles(), st.lists(ACTIONS, min_size=10, max_size=60), st.data())
def test_the_books_add_up_after_every_operation_and_a_restart_changes_nothing(
    instruments: list[Instrument],
    terms: Terms,
    candles: dict[Pair, Candles],
    actions: list[tuple[Any, ...]],
    data: st.DataObject,
) -> None:
    driver = Driver(Venue(instruments, terms), candles)
    run(driver, START)
    cut = data.draw(st.integers(0, len(actions)), label="restarted after")
    run(driver, actions[:cut])
    again = Driver(Venue(instruments, terms, from_json(VenueRecord, to_json(driver.venue.to_record()))), candles)
    again.rows, again.now = dict(driver.rows), driver.now
    for one in (driver, again):
        run(one, actions[cut:])
    assert again.venue.to_record() == driver.venue.to_record()


def test_random_streams_reach_what_they_are_to_test() -> None:
    """Fills of stops, stops that rest after a gap, refusals and cancels: on a fixed stream of the same kind."""
    candles = {pair: markets.as_candles(markets.gap_heavy(40, 7)) for pair in PAIRS}
    driver = Driver(Venue([Instrument(pair) for pair in PAIRS], Terms(fee_fraction=Decimal("0.001"))), candles)
    run(driver, START)
    triggered = False
    for number in range(39):
        names = f"buy-{number}", f"stop-{number}"
        btc = PAIRS[0]
        steps = [("buy", btc, names[0], 0.5), ("stop", btc, names[1], 0.5, 0.985, 0.9999), ("play", btc)]
        run(driver, [*steps, ("cancel", btc, f"stop-{number - 6}")])
        triggered |= any(one.triggered for one in driver.venue.to_record().open_orders)
    ended = driver.venue.to_record().ended_orders
    kinds = {(one.type.value, one.status.value) for one in ended}
    assert kinds == {("market", "filled"), ("stop-loss-limit", "filled"), ("stop-loss-limit", "canceled")}
    assert triggered


NO_RULES = Rules(*([0] * len(Rules._fields)))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 9999),
    st.sampled_from([0.0, 0.25]),
    st.floats(0.9, 1.0),
    st.integers(1, 400).map(lambda points: points / 10_000),
    st.integers(0, 100).map(lambda points: points / 10_000),
)
def test_a_stop_fares_as_in_the_backtest_candle_by_candle(
    seed: int, tick: float, below: float, limit_fraction: float, slippage: float
) -> None:
    candles = markets.as_candles(markets.gap_heavy(60, seed))
    pair, rules = PAIRS[0], NO_RULES._replace(stop_limit_fraction=limit_fraction)
    trigger = floor_to(float(candles.open[0]) * below, tick)
    limit = floor_to(trigger * (1.0 - limit_fraction), tick)
    venue = Venue([Instrument(pair, tick=exact(tick))], Terms(slippage_fraction=exact(slippage)))
    venue.deposit("BTC", Decimal(1))
    venue.submit(stop(1, exact(trigger), exact(limit)), int(candles.opens_at[0]))
    resting = False
    for row in range(len(candles)):
        open_, high, low = (float(column[row]) for column in (candles.open, candles.high, candles.low))
        filled, resting, price = meet_stop(trigger, resting, open_, high, low, tick, rules, slippage)
        play_closed(venue, pair, candles[row : row + 1])
        report = venue.find("BTC/USDT", "stop")
        assert report is not None
        assert (bool(report.fills), report.triggered) == (filled, resting) or (filled and not resting)
        assert bool(report.fills) == filled
        if filled:
            assert float(report.fills[0].price) == pytest.approx(price, rel=1e-9)
            assert report.fills[0].filled_at == candles.opens_at[row]
            return
