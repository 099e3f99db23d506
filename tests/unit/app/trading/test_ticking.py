"""When ticks come: after each close, every minute in between, and not a moment after somebody wants an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.marked import marked
from vigie.app.trading.ticking import Pace, Ticker, wait
from vigie.domain.errors import VenueUnavailable
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.domain.timeframe import Timeframe
from vigie.domain.trading_mode import TradingMode
from vigie.engine.cycle import Tick

H1 = Timeframe.parse("1h")
HOUR = 3_600_000
BTC, ETH = Pair("BTC", "USDT"), Pair("ETH", "USDT")
NOON = 1_704_110_400_000  # 2024-01-01 12:00
CALM = Tick((), TradingMode.ACTIVE)


@dataclass
class Ticked:
    """An engine that notes when it was ticked; it decides whatever candle has closed unless it is blind."""

    clock: FakeClock
    portfolio: Portfolio = field(default_factory=Portfolio)
    blind: bool = False
    bare_until: int = 0
    ticks: list[tuple[str, int]] = field(default_factory=list)

    def guard_tick(self, *, counts: bool = True) -> Tick:
        self.ticks.append(("guard" if counts else "in between", self.clock.now_ms()))
        return replace(CALM, urgent=self.clock.now_ms() < self.bare_until)

    def decision_tick(self) -> Tick:
        self.ticks.append(("decision", self.clock.now_ms()))
        if not self.blind:
            self.portfolio = marked(self.clock.now_ms() // HOUR * HOUR - HOUR)
        return CALM


@dataclass
class Feed:
    """Candles that come so many seconds after their close, by pair; None: never; or the venue is down."""

    clock: FakeClock
    late: dict[Pair, float | None] = field(default_factory=dict)
    down: bool = False
    skew: int = 0
    asked_at: list[int] = field(default_factory=list)

    def skew_ms(self, *, anew: bool = False) -> int:
        if anew:
            self.asked_at.append(self.clock.now_ms())
            if self.down:
                raise VenueUnavailable("down")
        return self.skew

    def closed(self, pair: Pair, count: int) -> None:
        if self.down:
            raise VenueUnavailable("down")

    def is_fresh(self, pair: Pair) -> bool:
        late = self.late.get(pair, 0.0)
        return late is not None and self.clock.now_ms() % HOUR >= late * 1000


def ticker(
    clock: FakeClock, engine: Ticked, feed: Feed, until: int, ending: Callable[[], str | None] | None = None
) -> Ticker:
    return Ticker(
        engine, feed, clock, (BTC, ETH), H1, pace=Pace(),
        ending=ending or (lambda: "enough" if clock.now_ms() >= until else None),
    )  # fmt: skip


def test_each_close_is_decided_once_soon_after_it_and_every_minute_in_between_is_looked_after() -> None:
    clock = FakeClock(NOON - 90_000)
    engine = Ticked(clock, marked(NOON - 2 * HOUR))
    assert ticker(clock, engine, Feed(clock), NOON + HOUR + 60_000).run() == "enough"
    decisions = [at for kind, at in engine.ticks if kind == "decision"]
    assert [at - NOON for at in decisions] == [3_000, HOUR + 3_000]
    between = [at for _, at in engine.ticks]
    assert max(later - sooner for sooner, later in pairwise(between)) <= 60_000
    assert len(between) == pytest.approx(64, abs=2)


def test_the_first_tick_of_an_account_decides_and_so_does_one_after_a_long_absence() -> None:
    for known in (Portfolio(), marked(NOON - 50 * HOUR)):
        clock = FakeClock(NOON + 600_000)
        engine = Ticked(clock, known)
        ticker(clock, engine, Feed(clock), NOON + 601_000).run()
        assert engine.ticks == [("decision", NOON + 600_000)]


def test_the_candle_of_every_pair_is_waited_for() -> None:
    clock = FakeClock(NOON + 1000)
    engine = Ticked(clock, marked(NOON - 2 * HOUR))
    ticker(clock, engine, Feed(clock, {ETH: 20.0}), NOON + 30_000).run()
    (_, at), *_ = [one for one in engine.ticks if one[0] == "decision"]
    assert NOON + 20_000 <= at <= NOON + 22_500


@pytest.mark.parametrize("feed", [Feed(FakeClock(), {ETH: None}), Feed(FakeClock(), down=True)])
def test_a_candle_that_never_comes_is_waited_for_no_longer_than_patience_lasts(feed: Feed) -> None:
    clock = FakeClock(NOON + 3000)
    feed.clock = clock
    engine = Ticked(clock, marked(NOON - 2 * HOUR))
    ticker(clock, engine, feed, NOON + 70_000).run()
    (_, at), *_ = [one for one in engine.ticks if one[0] == "decision"]
    assert NOON + 48_000 <= at <= NOON + 51_000


def test_what_could_not_be_decided_is_tried_again_within_a_minute() -> None:
    clock = FakeClock(NOON + 3000)
    engine = Ticked(clock, marked(NOON - 2 * HOUR), blind=True)
    ticker(clock, engine, Feed(clock), NOON + 130_000).run()
    assert [kind for kind, _ in engine.ticks] == ["decision"] * 3


def test_an_end_is_heard_within_half_a_second() -> None:
    clock = FakeClock(NOON + 600_000)
    engine = Ticked(clock, marked(NOON - HOUR))
    assert ticker(clock, engine, Feed(clock), NOON + 610_200).run() == "enough"
    assert clock.now_ms() <= NOON + 610_200 + 500


def test_a_clock_that_was_set_back_does_not_stretch_a_wait() -> None:
    class Slipping(FakeClock):
        def sleep(self, seconds: float) -> None:
            self.at_ms -= HOUR

    clock = Slipping(NOON)
    wait(clock, 60.0, lambda: None)
    assert clock.now_ms() == NOON - HOUR


def test_what_is_without_a_stop_is_looked_after_every_five_seconds_and_only_looks_in_turn_count() -> None:
    clock = FakeClock(NOON + 10_000)
    engine = Ticked(clock, marked(NOON - HOUR), bare_until=NOON + 100_000)
    assert ticker(clock, engine, Feed(clock), NOON + 220_000).run() == "enough"
    looks = [at - NOON for _, at in engine.ticks]
    assert looks[:4] == [10_000, 15_000, 20_000, 25_000]
    counted = [at - NOON for kind, at in engine.ticks if kind == "guard"]
    assert counted == [10_000, 70_000, 160_000]


def test_a_single_call_stays_until_all_that_is_held_is_protected() -> None:
    clock = FakeClock(NOON + 10_000)
    engine = Ticked(clock, marked(NOON - HOUR), bare_until=NOON + 31_000)
    ticker(clock, engine, Feed(clock), NOON + HOUR).until_safe()
    assert [at - NOON for _, at in engine.ticks] == [10_000, 15_000, 20_000, 25_000, 30_000, 35_000]


def test_a_single_call_that_is_told_to_end_ends() -> None:
    clock = FakeClock(NOON + 10_000)
    engine = Ticked(clock, marked(NOON - HOUR), bare_until=NOON + HOUR)
    ticker(clock, engine, Feed(clock), NOON + 20_000).until_safe()
    assert clock.now_ms() <= NOON + 25_000


def test_while_the_venue_answers_nothing_what_is_held_is_looked_after_and_the_decision_is_not_forgotten() -> None:
    clock = FakeClock(NOON + 3_000)
    engine, feed = Ticked(clock, marked(NOON - 2 * HOUR)), Feed(clock, down=True)

    def ending() -> str | None:
        feed.down = clock.now_ms() < NOON + 20_000
        return "enough" if clock.now_ms() >= NOON + 40_000 else None

    assert ticker(clock, engine, feed, 0, ending).run() == "enough"
    assert [(kind, at - NOON) for kind, at in engine.ticks] == [
        ("guard", 3_000), ("in between", 8_000), ("in between", 13_000), ("in between", 18_000), ("decision", 23_000),
    ]  # fmt: skip


def test_a_single_call_waits_for_a_venue_that_is_silent_as_long_as_patience_lasts() -> None:
    clock = FakeClock(NOON + 3_000)
    engine = Ticked(clock, marked(NOON - 2 * HOUR))
    ticker(clock, engine, Feed(clock, down=True), NOON + HOUR).until_safe()
    assert engine.ticks[-1] == ("decision", NOON + 48_000)


def test_a_clock_that_is_set_back_while_a_candle_is_waited_for_ends_the_waiting() -> None:
    class SetBack(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if len(self.waits) == 3:
                self.at_ms -= HOUR

    clock = SetBack(NOON + 3_000)
    engine = Ticked(clock, marked(NOON - 2 * HOUR), blind=True)
    ticker(clock, engine, Feed(clock, {ETH: None}), NOON + 10 * HOUR).tick()
    assert [kind for kind, _ in engine.ticks] == ["decision"]
    assert len(clock.waits) < 10


def test_the_venues_time_is_asked_for_at_first_and_when_ours_has_jumped_and_not_in_between() -> None:
    clock = FakeClock(NOON + 600_000)
    engine, feed = Ticked(clock, marked(NOON - HOUR)), Feed(clock)
    one = ticker(clock, engine, feed, 0)
    for step in (0, 60_000, 100_000, HOUR, 60_000, -HOUR, 1_000):
        clock.at_ms += step
        one.tick()
    begin = NOON + 600_000
    assert [at - begin for at in feed.asked_at] == [0, 160_000 + HOUR, 220_000]


def test_a_venue_that_does_not_tell_its_time_is_asked_again_at_the_next_tick() -> None:
    clock = FakeClock(NOON + 600_000)
    engine, feed = Ticked(clock, marked(NOON - HOUR)), Feed(clock, down=True)
    one = ticker(clock, engine, feed, 0)
    one.tick()
    feed.down = False
    one.tick()
    one.tick()
    assert len(feed.asked_at) == 2


@pytest.mark.parametrize("skew", [-HOUR, -1_700_000, 1_700_000, HOUR])
def test_closes_are_those_of_the_venue_whatever_our_clock_shows(skew: int) -> None:
    clock = FakeClock(NOON - 90_000 - skew)
    engine = Ticked(clock, marked(NOON - 2 * HOUR), blind=True)
    ticker(clock, engine, Feed(clock, skew=skew), NOON - skew + 30_000).run()
    (at,) = [at for kind, at in engine.ticks if kind == "decision"]
    assert at + skew == NOON + 3_000
