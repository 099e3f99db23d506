"""The compiled bar loop and the same functions run as plain Python write the same books, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import markets
from vigie.decision.profile import Plan, number_specs, plan, profile_names
from vigie.decision.registry import gate_rules
from vigie.decision.settings import Settings
from vigie.domain.candles import Candles, Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.research.compile import assemble, compiled_walk
from vigie.research.inputs import LoopInputs, Piece, loop_inputs
from vigie.research.kernel.records import Book
from vigie.research.timeline import Timeline
from vigie.strategy.params import Spec
from vigie.strategy.signals import Signals
from vigie.strategy.strategy import load

PLAIN_WALK = assemble()
STRATEGY = load("ema_cross")
GUARDS = {rule.number.name for rule in gate_rules()}
FIXED = {"partial_1_gain": 0.01, "partial_2_gain": 0.03, "capital": 10_000.0}
"""The gains have an order to keep; small ones make partial sales happen."""


@dataclass(frozen=True, slots=True)
class Case:
    """One wallet's run, ready for the loop."""

    plan: Plan
    series: tuple[Series, ...]
    signals: tuple[Signals, ...]
    instruments: dict[Pair, Instrument]

    def inputs(self) -> LoopInputs:
        timeline = Timeline.of([one.candles for one in self.series])
        pieces = [
            Piece(known=one, traded=one, signals=wanted, warm_up=wanted.warm_up)
            for one, wanted in zip(self.series, self.signals, strict=True)
        ]
        return loop_inputs(self.plan, timeline, pieces, self.instruments)


def some_value(spec: Spec) -> st.SearchStrategy[str]:
    if spec.kind is bool:
        return st.sampled_from(["on", "off"])
    if spec.choices:
        return st.sampled_from(spec.choices)
    low, high = float(spec.low or 0.0), float(spec.high or 0.0)
    near = min(high, low + 20.0)
    numbers = st.integers(int(low), int(near)) if spec.kind is int else st.floats(low, near)
    return numbers.map(str)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    specs = {name: spec for name, spec in number_specs().items() if name not in FIXED}
    chosen = draw(st.lists(st.sampled_from(sorted(specs)), unique=True, max_size=12))
    overrides = {name: draw(some_value(specs[name])) for name in chosen}
    overrides |= {name: str(value) for name, value in FIXED.items()}
    for name in draw(st.lists(st.sampled_from(sorted(GUARDS)), unique=True)):
        overrides[name] = "off"
    return plan(STRATEGY, draw(st.sampled_from(profile_names())), overrides)


@st.composite
def pairs_of_candles(draw: st.DrawFn) -> tuple[Series, ...]:
    found = []
    for name in ("AAA", "BBB", "CCC")[: draw(st.integers(1, 3))]:
        market = draw(markets.seeded(40, 160))
        if draw(st.booleans()):
            market = markets.with_holes(market, seed=draw(st.integers(0, 99)), share=0.05)
        late = draw(st.integers(0, 30))
        candles = markets.as_candles(market)[min(late, len(market["close"]) - 1) :]
        found.append(Series(Pair(name, "USDT"), "nowhere", candles, "made up"))
    return tuple(found)


def restless_signals(candles: Candles, seed: int, warm_up: int) -> Signals:
    """Far more wishes than a sane strategy has, with unknown stops, targets and volatilities among them."""
    random, rows = np.random.default_rng(seed), len(candles)
    atr = candles.close * random.uniform(0.002, 0.03, rows)
    hidden = random.random((3, rows))
    return Signals.of(
        entry=random.choice([0, 0, 0, 1, 1, -1], rows),
        exit=random.random(rows) < 0.05,
        stop_distance=np.where(hidden[0] < 0.05, np.nan, atr * random.uniform(0.0, 4.0, rows)),
        volatility=np.where(hidden[1] < 0.05, np.nan, atr),
        target_distance=np.where(hidden[2] < 0.7, np.nan, atr * random.uniform(1.0, 9.0, rows)),
        confidence=random.choice([0.5, 1.0], rows),
        warm_up=warm_up,
    )


GRIDS = [Decimal(0), Decimal("0.00001"), Decimal("0.01"), Decimal("0.25")]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    series = draw(pairs_of_candles())
    warm_up = draw(st.integers(0, 20))
    signals = tuple(restless_signals(one.candles, draw(st.integers(0, 2**32 - 1)), warm_up) for one in series)
    grid = st.sampled_from(GRIDS)
    instruments = {
        one.pair: Instrument(
            one.pair,
            tick=draw(grid) * Decimal(repr(float(one.candles.close[0]))).quantize(Decimal("0.0001")),
            step=draw(grid),
            min_quantity=draw(grid),
            min_notional=draw(st.sampled_from([Decimal(0), Decimal(5), Decimal(100)])),
        )
        for one in series
        if draw(st.booleans())
    }
    return Case(draw(plans()), series, signals, instruments)


def lines_written(book: Book) -> dict[str, np.ndarray]:
    arrays = {name: getattr(book, name) for name in Book._fields}
    return arrays | {"trades": book.trades[: book.counts[0]], "events": book.events[: book.counts[1]]}


def assert_same_books(case: Case) -> Book:
    plain, compiled = case.inputs(), case.inputs()
    PLAIN_WALK(*plain)
    compiled_walk()(*compiled)
    ours = lines_written(compiled.book)
    for name, expected in lines_written(plain.book).items():
        np.testing.assert_array_equal(ours[name], expected, err_msg=name)
    return plain.book


@settings(max_examples=60, deadline=None)
@given(cases())
def test_compiled_and_plain_write_the_same_book(case: Case) -> None:
    assert_same_books(case)


def test_each_profile_trades_on_each_kind_of_market_and_compiled_and_plain_agree() -> None:
    kinds = set()
    for profile in profile_names():
        for maker in markets.MAKERS.values():
            candles = [markets.as_candles(markets.with_holes(maker(300, seed), seed)) for seed in (1, 2)]
            series = tuple(
                Series(Pair(name, "USDT"), "nowhere", one, "made up")
                for name, one in zip(("AAA", "BBB"), candles, strict=True)
            )
            signals = tuple(restless_signals(one, seed, 20) for seed, one in enumerate(candles))
            book = assert_same_books(Case(plan(STRATEGY, profile, {"correlation_limit": "off"}), series, signals, {}))
            assert book.counts[0] >= 3, (profile, maker.__name__)
            kinds |= set(book.trades[: book.counts[0], -2])
    # Stop, trailing, target, signal and the chase after a gap were all met.
    assert kinds == {1.0, 2.0, 3.0, 4.0, 5.0}


def test_every_setting_can_be_drawn() -> None:
    assert set(Settings.specs()) <= set(number_specs())
