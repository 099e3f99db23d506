"""The engine against a moody venue, people and deaths, in any order; the promises hold after each step."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.fakes.engine_ports import Killed
from tests.fakes.moody_broker import Mood
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import Row, Wanted, on_pairs
from vigie.domain import events as e
from vigie.domain.confirmation import spelled
from vigie.domain.holdings import EXACT
from vigie.domain.order import Intent, Leg
from vigie.domain.pair import Pair
from vigie.domain.portfolio import folded
from vigie.domain.record import to_json
from vigie.domain.trading_mode import TradingMode, permits, strictest
from vigie.engine.governance.audit import audited
from vigie.engine.positions import trigger_of
from vigie.ports.controls import Request

BASES = ("BTC", "ETH", "SOL")
PAIRS = tuple(f"{base}/USDT" for base in BASES)
ROWS = 60
ONCE = (Leg.ENTRY, Leg.PARTIAL_1, Leg.PARTIAL_2, Leg.EXIT)
MOODS = st.sampled_from([Mood.FINE, Mood.DONE_AND_LOST, Mood.LOST, Mood.AWAY, Mood.REFUSED])
OVERRIDES = {
    "max_open_positions": "2",
    "daily_loss_fraction": "0.2",
    "drawdown_fraction": "0.5",
    "stop_limit_fraction": "0.01",
}
LINES = ("intent", "order", "fill", "stop", "part", "leave", "position", "trade", "wish", "cycle", "halt", "resume")
"""Kinds of lines behind which a process dies."""
SHARE = Decimal("0.3")
OF_THE_WORLD: frozenset[str] = frozenset()
"""Invariants that a venue in a bad mood breaks, and no engine can keep."""


def market(seed: int, base: str) -> Wanted:
    """Sixty candles that jump about, with wishes all over."""
    dice = np.random.default_rng([seed, BASES.index(base)])
    close = 100.0 * np.exp(np.cumsum(dice.normal(0.001, 0.015, ROWS)))
    opens = np.concatenate([[100.0], close[:-1]]) * np.exp(dice.normal(0.0, 0.004, ROWS))
    high = np.maximum(opens, close) * (1.0 + dice.uniform(0.0, 0.01, ROWS))
    low = np.minimum(opens, close) * (1.0 - dice.uniform(0.0, 0.01, ROWS))
    rows: list[Row] = [tuple(map(float, one)) for one in np.round(np.stack([opens, high, low, close], 1), 4)]  # type: ignore[misc]
    entries = np.flatnonzero(dice.random(ROWS) < 0.5).tolist()
    return Wanted(rows, entries, np.flatnonzero(dice.random(ROWS) < 0.15).tolist())


class Account(RuleBasedStateMachine):
    """One account in a world of trouble."""

    rehearsed: Rehearsal

    @initialize(seed=st.integers(0, 10_000))
    def begin(self, seed: int) -> None:
        self.rehearsed = on_pairs(OVERRIDES, **{base: market(seed, base) for base in BASES})
        self.broker, self.controls = self.rehearsed.broker, self.rehearsed.controls
        self.letters = 0
        self.came_in = Decimal(0)
        self.careless = seed % 5 == 0
        self.broker.before = self.sending
        self.rehearsed.engine.start()

    # --- what the engine does -------------------------------------------------------------------------------------

    @rule()
    def a_candle_closes(self) -> None:
        if self.rehearsed.market.close_row():
            self.rehearsed.engine.decision_tick()

    @rule(count=st.integers(2, 5))
    def candles_close(self, count: int) -> None:
        for _ in range(count):
            self.a_candle_closes()

    @rule()
    def a_guard_tick(self) -> None:
        self.rehearsed.engine.guard_tick()

    @rule(mode=st.sampled_from(["kept", "lost"]))
    def the_process_dies(self, mode: str) -> None:
        if mode == "lost":
            # The power fails: what nobody has synced is gone.
            del self.rehearsed.journal.lines[self.rehearsed.journal.synced :]
        self.restart()

    @rule(kind=st.sampled_from(LINES), count=st.integers(1, 3), candles=st.integers(1, 5))
    def the_process_dies_behind_a_line(self, kind: str, count: int, candles: int) -> None:
        left = [count]

        def last(event: e.Event) -> bool:
            left[0] -= kind == event.KIND
            return left[0] <= 0

        self.rehearsed.journal.last = last
        self.may_die(candles)

    @rule(
        mood=st.sampled_from([Mood.DIES_BEFORE, Mood.DIES_AFTER]),
        method=st.sampled_from(["cancel", *(f"submit {leg}" for leg in Leg)]),
        candles=st.integers(1, 5),
    )
    def the_process_dies_over_a_request(self, mood: Mood, method: str, candles: int) -> None:
        self.broker.moods[method] = [mood]
        self.may_die(candles)
        self.broker.moods[method] = []

    def may_die(self, candles: int) -> None:
        try:
            self.candles_close(candles)
        except Killed:
            self.restart()
        finally:
            self.rehearsed.journal.last = None

    def restart(self) -> None:
        self.broker.moods.pop("read", None)
        self.rehearsed.again().start()
        self.rehearsed.engine.decision_tick()

    # --- what the venue does --------------------------------------------------------------------------------------

    @rule(method=st.sampled_from(["submit", "submit stop", "cancel"]), moods=st.lists(MOODS, min_size=1, max_size=4))
    def the_venue_turns_moody(self, method: str, moods: list[Mood]) -> None:
        self.broker.moods[method] = moods

    @rule(moods=st.lists(st.just(Mood.AWAY), min_size=1, max_size=3))
    def the_venue_is_away(self, moods: list[Mood]) -> None:
        self.broker.moods["read"] = moods

    @rule(then=st.sampled_from([Mood.FINE, Mood.DONE_AND_LOST, Mood.LOST, Mood.REFUSED]))
    def the_next_stops_are_refused(self, then: Mood) -> None:
        self.broker.moods |= {"submit stop": [Mood.REFUSED] * 3, "submit emergency": [then]}

    @rule()
    def fills_of_the_next_entry_come_later(self) -> None:
        self.broker.moods["submit entry"] = [Mood.FILLS_LATER]

    @precondition(lambda self: self.broker.paper.open_orders())
    @rule(data=st.data())
    def a_stop_vanishes(self, data: st.DataObject) -> None:
        stop = data.draw(st.sampled_from(self.broker.paper.open_orders()))
        self.broker.vanish(stop.pair, stop.client_id)

    @precondition(lambda self: self.broker.paper.open_orders())
    @rule(data=st.data(), thousandths=st.integers(1, 999))
    def a_stop_is_filled_in_part(self, data: st.DataObject, thousandths: int) -> None:
        stop = data.draw(st.sampled_from(self.broker.paper.open_orders()))
        part = (stop.quantity - stop.executed) * thousandths / 1000
        part = self.broker.instrument(Pair.parse(stop.pair)).quantity_down(part)
        assert stop.limit is not None
        if 0 < part < stop.quantity - stop.executed:
            self.broker.fill_in_part(stop.client_id, part, stop.limit)

    # --- what people do -------------------------------------------------------------------------------------------

    @rule(kind=st.sampled_from(["halt", "pause", "cancel-entries", "liquidate"]))
    def a_person_asks(self, kind: str) -> None:
        self.ask(kind, {"reason": "asked for"})

    @rule(pair=st.sampled_from(PAIRS))
    def a_person_closes(self, pair: str) -> None:
        self.ask("close", {"pair": pair})

    @rule()
    def a_person_resumes(self) -> None:
        latches = {**self.rehearsed.engine.portfolio.latches, **self.controls.kept}
        self.ask("resume", {"latches": spelled(latches), "reason": "all is well"})

    def ask(self, kind: str, arguments: dict[str, str]) -> None:
        self.letters += 1
        self.controls.box.append(Request(f"{self.letters:04}", kind, self.rehearsed.market.now_ms(), arguments))

    @rule(thrown=st.booleans())
    def the_switch_is_turned(self, thrown: bool) -> None:
        self.controls.switch = "a person made the file" if thrown else None

    @rule(amount=st.integers(1, 5000))
    def money_comes_in(self, amount: int) -> None:
        self.broker.paper._venue.deposit("USDT", Decimal(amount))
        self.came_in += amount

    @precondition(lambda self: self.came_in > 0)
    @rule()
    def what_came_in_goes_out(self) -> None:
        self.broker.paper._venue.withdraw("USDT", self.came_in)
        self.came_in = Decimal(0)

    @precondition(lambda self: self.careless)
    @rule(share=st.sampled_from([Decimal("0.1"), Decimal("0.9")]))
    def money_that_is_traded_with_goes_out(self, share: Decimal) -> None:
        amount = (self.broker.paper._venue.balances()["USDT"].free * share).quantize(Decimal("0.01"))
        if amount > 0:
            self.broker.paper._venue.withdraw("USDT", amount)
            self.came_in -= amount

    # --- what must hold -------------------------------------------------------------------------------------------

    def sending(self, method: str, client_id: str) -> None:
        """Before anything leaves: it is planned and on the disk, nobody has halted it, and it was never sent before."""
        journal, engine = self.rehearsed.journal, self.rehearsed.engine
        assert journal.synced == journal.last_seq, "something that was sent for is not on the disk"
        if method != "submit":
            return
        assert client_id not in {one.client_id for one in self.broker.sent}, "an order is sent twice"
        intent = self.intents()[client_id]
        modes = {TradingMode(one.mode) for one in (*engine.portfolio.latches.values(), *self.controls.kept.values())}
        mode = strictest(modes | ({TradingMode.HALTED} if self.controls.switch else set()))
        assert permits(mode, intent.leg.act), f"{intent.leg} is sent while {mode}"
        if intent.leg is Leg.ENTRY:
            self.entering(intent)

    def entering(self, intent: Intent) -> None:
        account = self.rehearsed.engine.portfolio
        others = [one for one in account.unsettled(intent.pair) if one.intent.client_id != intent.client_id]
        assert others == [], "an entry beside an order of unknown fate"
        assert intent.pair not in account.holdings, "a second position in a pair"
        assert len(account.holdings) < 2, "more positions than allowed"
        assert all(one.stop_id for one in account.holdings.values()), "an entry while something has no stop"
        price = self.rehearsed.market.price(Pair.parse(intent.pair))
        assert price is not None
        value = intent.quantity * Decimal(repr(price))
        worth = account.cash
        for pair, held in account.holdings.items():
            known = self.rehearsed.market.closed(Pair.parse(pair), 1)
            worth += held.quantity * Decimal(repr(float(known.close[-1])))
        assert value <= worth * SHARE * Decimal("1.001"), "a position larger than its share"

    def intents(self) -> dict[str, Intent]:
        lines = self.rehearsed.journal.lines
        return {one.event.intent.client_id: one.event.intent for one in lines if isinstance(one.event, e.IntentPlanned)}

    @invariant()
    def each_decision_was_executed_once(self) -> None:
        intents = self.intents()
        record = self.broker.paper._venue.to_record()
        done: Counter[tuple[Leg, str, int | None]] = Counter()
        for order in (*record.ended_orders, *record.open_orders):
            assert order.client_id in intents, "an order that was never written down"
            intent = intents[order.client_id]
            if order.executed > 0 and intent.leg in ONCE:
                done[intent.leg, intent.pair, intent.candle_at] += 1
        assert [one for one, count in done.items() if count > 1] == []

    @invariant()
    def the_account_is_what_its_journal_says(self) -> None:
        journal = self.rehearsed.journal
        told = folded((one.seq, one.at, one.event) for one in journal.lines)
        assert to_json(told) == to_json(self.rehearsed.engine.portfolio)
        assert [one.seq for one in journal.lines] == list(range(1, journal.last_seq + 1))

    @invariant()
    def every_fill_of_ours_was_executed(self) -> None:
        assert self.fills_here() <= self.fills_there()

    @invariant()
    def latches_are_kept_on_the_disk(self) -> None:
        assert set(self.rehearsed.engine.portfolio.latches) <= set(self.controls.kept)

    @invariant()
    def stops_are_only_ever_raised(self) -> None:
        highest: dict[tuple[str, int], Decimal] = {}
        entered: dict[str, int] = {}
        for one in self.rehearsed.journal.lines:
            if isinstance(one.event, e.TradeClosed):
                entered[one.event.pair] = one.seq
            elif isinstance(one.event, e.IntentPlanned) and one.event.intent.leg is Leg.STOP:
                intent = one.event.intent
                place = (intent.pair, entered.get(intent.pair, 0))
                assert intent.trigger is not None
                assert intent.trigger >= highest.get(place, Decimal(0)), "a stop is lowered"
                highest[place] = intent.trigger

    def fills_here(self) -> set[tuple[str, str]]:
        lines = self.rehearsed.journal.lines
        return {(one.event.pair, one.event.fill.trade_id) for one in lines if isinstance(one.event, e.FillSeen)}

    def fills_there(self) -> set[tuple[str, str]]:
        record = self.broker.paper._venue.to_record()
        orders = (*record.ended_orders, *record.open_orders)
        return {(one.pair, fill.trade_id) for one in orders for fill in one.fills}

    def teardown(self) -> None:
        """The venue is in a good mood again: in two candles everything is known, protected and explained."""
        if not hasattr(self, "rehearsed"):
            return
        self.broker.moods.clear()
        for _ in range(2):
            self.a_candle_closes()
        # Time goes by though the candles have ended: what the venue does not know was never there.
        self.rehearsed.market._now += 3_600_000
        for _ in range(2):
            self.rehearsed.engine.guard_tick()
        self.all_is_known()
        self.all_is_protected()
        self.each_decision_was_executed_once()
        self.no_rule_is_broken()

    def no_rule_is_broken(self) -> None:
        """The ten rules, asked of the journal that all this has left."""
        audit = audited(self.rehearsed.journal.lines)
        told = {number: [one.text for one in found.breaches] for number, found in audit.findings.items() if found.count}
        broken = {number: texts for number, texts in told.items() if number not in OF_THE_WORLD}
        assert broken == {}, f"rules are broken: {broken}"

    def all_is_known(self) -> None:
        account = self.rehearsed.engine.portfolio
        assert account.unsettled() == ()
        assert self.fills_here() == self.fills_there()
        balances = self.broker.paper._venue.balances()
        with localcontext(EXACT):
            assert balances["USDT"].total == account.cash + self.came_in
            for base, pair in zip(BASES, PAIRS, strict=True):
                ours = account.dust.get(pair, Decimal(0))
                if pair in account.holdings:
                    ours += account.holdings[pair].quantity
                theirs = balances[base].total if base in balances else Decimal(0)
                assert ours == theirs

    def all_is_protected(self) -> None:
        account = self.rehearsed.engine.portfolio
        resting = {one.client_id: one for one in self.broker.paper.open_orders()}
        for pair, held in account.holdings.items():
            assert held.stop_id in resting, f"{pair} has no stop"
            stop = resting[held.stop_id]
            instrument = self.broker.instrument(Pair.parse(pair))
            assert stop.quantity - stop.executed == instrument.quantity_down(held.quantity)
            wanted = trigger_of(held, instrument)
            assert stop.triggered or wanted is None or (stop.trigger or 0) >= wanted, f"{pair}: its stop is too low"
        assert set(resting) == {one.stop_id for one in account.holdings.values()}


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Account,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_promises_hold_whatever_happens() -> None:
    run(15, 30)


@pytest.mark.long
def test_the_promises_hold_whatever_happens_for_long() -> None:
    run(400, 60)
