"""One week: time goes by from event to event, trouble comes, the process dies and comes back, and somebody looks on."""

from __future__ import annotations

import random
import traceback
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from tests.fakes.engine_ports import Killed
from tests.faults.campaign.checks import Watch
from tests.faults.campaign.market import HOUR, HOURS, MINUTE
from tests.faults.campaign.seams import PLACES
from tests.faults.campaign.troubles import FAULTS, PEOPLE, Trouble
from tests.faults.campaign.world import Campaigner, Spoiled, drawn
from tests.faults.crash.processes import scratch
from vigie.domain import events as e
from vigie.domain.errors import VigieError

AFTER_CLOSE_MS = 3500
RESTLESS = 2
"""Guard ticks of a minute that follow something that has happened; then the next event is waited for."""
SHOWN = 60
"""Lines of both journals that are told with a violation."""
LONGEST_AWAY = 6 * HOUR
"""A person looks in at least as often."""
PATIENT = 16
"""Ticks in a row with the same trouble; then the campaign looks every half hour only: nothing new will be seen."""
SOON = 5000
"""Milliseconds to the next look where something is without a stop or of unknown fate: as the shipped ticker has it."""


@dataclass
class Outcome:
    """What a week came to.

    Attributes:
        seed: of everything.
        ticks, starts, orders, fills, trades, deaths: how many.
        faults, people: by name.
        violations: sentences; empty: everything held.
        log: what was done, when, if it was asked for.
    """

    seed: int
    ticks: int = 0
    starts: int = 0
    orders: int = 0
    fills: int = 0
    trades: int = 0
    deaths: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As it goes from process to process."""
        return {**{one.name: getattr(self, one.name) for one in fields(self)},
                "faults": dict(self.faults), "people": dict(self.people)}  # fmt: skip


class Week:
    """A week of one seed."""

    def __init__(self, seed: int, world: Campaigner, hours: int = HOURS) -> None:
        self.world, self.hours = world, hours
        self.dice = random.Random(f"campaign/{seed}")
        self.outcome = Outcome(seed)
        self.watch = Watch(world)
        self.trouble = Trouble(world, self.watch, self.dice, [])
        self._alive = False
        self._restless = self._troubled = 0
        self.closing = 30
        self._next_guard = 0

    # --- time -----------------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """All of it; stops at the first violation."""
        self._plan()
        end = self.world.began + self.hours * HOUR
        try:
            self._start()
            while self.world.ex.now_ms() < end and not self.watch.found:
                self._step(end)
            if not self.watch.found:
                self._close()
        except Exception as error:  # noqa: BLE001 - whatever comes up is a finding
            self.watch.say(f"{type(error).__name__}: {error}")
            self.outcome.log.append(traceback.format_exc())
        finally:
            self.world.close()
        return self._told()

    def _plan(self) -> None:
        end = self.world.began + self.hours * HOUR
        share = self.hours / HOURS
        for names, count in ((FAULTS, 16), (PEOPLE, 5), (("the_process_dies",), 4), (("it_is_stopped",), 1)):
            for _ in range(max(1, round(count * share))):
                at = self.dice.randrange(self.world.began + HOUR, end - 2 * HOUR)
                name = self.dice.choice(names)
                self.trouble.later.append((at, name, getattr(self, name, None) or getattr(self.trouble, name)))
        visit = self.world.began
        while (visit := visit + self.dice.randrange(2 * HOUR, LONGEST_AWAY)) < end:
            self.trouble.later.append((visit, "a_person_looks_in", self.trouble.a_person_looks_in))

    def _step(self, end: int) -> None:
        """Go to whatever comes next: a close, something that happens to an order, trouble, or a minute's guard tick."""
        now = self.world.ex.now_ms()
        close = ((now - AFTER_CLOSE_MS) // HOUR + 1) * HOUR + AFTER_CLOSE_MS
        due = min((one[0] for one in self.trouble.later), default=end)
        target = min(close, max(due, now), end)
        if self._restless or not self._alive:
            target = min(target, max(self._next_guard, now))
        target = min(target, max(self.world.next_event(target), now + MINUTE)) if target > now + MINUTE else target
        before = self.world.ex.exchange.revision
        self.world.ex.advance_to(target)
        now = self.world.ex.now_ms()
        if now >= due and self._act(now):
            self._restless, self._troubled, self._next_guard = RESTLESS, 0, min(self._next_guard, now + MINUTE)
        if self.world.ex.exchange.revision != before:
            self._restless = RESTLESS
        if not self._alive:
            if now >= self._next_guard:
                self._start()
        elif now >= close or (now >= self._next_guard and self._restless):
            self._tick()

    def _act(self, now: int) -> bool:
        """Do what is due; whether anything was."""
        due = sorted((one for one in self.trouble.later if one[0] <= now), key=lambda one: (one[0], one[1]))
        for one in due:
            self.trouble.later.remove(one)
            name = one[2]()
            self._note(f"{one[1]}{f' ({name})' if name else ''}")
            if name:
                (self.outcome.people if one[1] in PEOPLE else self.outcome.faults)[str(name)] += 1
        return bool(due)

    # --- the process ------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self.outcome.starts += 1
        self.watch.begins()
        try:
            found = self.world.engine.start()
        except Killed:
            self._died()
        except (VigieError, OSError) as error:
            # A supervisor tries again in a minute, with a fresh process.
            self._note(f"no start: {error}")
            self._renew()
        else:
            self._alive, self._restless = True, RESTLESS
            self._note(f"started, {'clean' if found.clean else '; '.join(found.steps)}")
            self._looked()
        self._next_guard = self.world.ex.now_ms() + (SOON if self._alive else MINUTE)

    def _tick(self) -> None:
        """A decision where one is due, else a guard tick: the shipped ticker knows."""
        self.outcome.ticks += 1
        self.watch.begins()
        urgent = False
        try:
            tick = self.world.ticker.tick()
        except Killed:
            self._died()
        else:
            urgent = tick.urgent
            if tick.problems:
                self._note(f"tick: {'; '.join(tick.problems)}")
            self._looked()
            troubled = tick.problems or urgent or self.world.account.unsettled() or self.watch.bare
            self._restless = RESTLESS if troubled else max(self._restless - 1, 0)
            self._troubled = self._troubled + 1 if tick.problems else 0
        rest = 30 * MINUTE if self._troubled >= PATIENT else SOON if urgent else MINUTE
        self._next_guard = self.world.ex.now_ms() + rest

    def _looked(self) -> None:
        self.watch.look()
        if self.watch.found:
            for one in self.world.journal.lines[-SHOWN:]:
                self.outcome.log.append(f"    {one.seq} {one.at} {one.event}")
            for one in self.world.ex.journal.since()[-SHOWN:]:
                self.outcome.log.append(f"    {one}")
        for text in self.watch.found:
            self._note(f"VIOLATION {text}")

    def _died(self) -> None:
        power = self.dice.random() < 0.4
        self._note(f"died at {self.world.fate.place}{', without power' if power else ''}")
        self.outcome.deaths += 1
        self.world.bury(power=power)
        self._renew()

    def _renew(self) -> None:
        self._alive = False
        self.world.journal.close()
        try:
            self.world.fresh()
        except OSError as error:
            self.watch.say(f"start: {error}")
        self.watch.rewound()

    def the_process_dies(self) -> str:
        """It is to die at a place, soon."""
        self.world.fate.place, self.world.fate.left = self.dice.choice(PLACES), self.dice.randrange(1, 12)
        return "F24"

    def it_is_stopped(self) -> str:
        """Somebody stops it on purpose and starts it again."""
        if not self._alive or self.world.fate.full:
            return ""
        try:
            self.world.engine.stop("a person stopped it")
        except Killed:
            self._died()
        else:
            self._renew()
        self._next_guard = self.world.ex.now_ms() + MINUTE
        return "stop and start"

    # --- the end ----------------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """Everything is well again: in a quarter of an hour all must be known, protected and explained."""
        world = self.world
        world.fate.left, world.fate.full = 0, False
        world.plug(out=False)
        world.ex.faults()
        world.ex.do("key", revoked=False)
        kill = sorted(self.trouble.later)
        for _, name, work in kill:
            if name not in (*FAULTS, *PEOPLE, "the_process_dies", "it_is_stopped"):
                work()
        self.trouble.put_right()
        for _ in range(self.closing):
            world.ex.advance(60)
            self._start() if not self._alive else self._tick()
            if self.watch.found:
                return
        self.watch.look(closed=True)
        if world.account.unsettled():
            self.watch.say(f"unsettled at the end: {[one.intent.client_id for one in world.account.unsettled()]}")
        self.watch.files()

    def _told(self) -> Outcome:
        outcome, lines = self.outcome, self.world.journal.lines
        outcome.orders = sum(isinstance(one.event, e.IntentPlanned) for one in lines)
        outcome.fills = sum(isinstance(one.event, e.FillSeen) for one in lines)
        outcome.trades = sum(isinstance(one.event, e.TradeClosed) for one in lines)
        outcome.violations = list(self.watch.found)
        return outcome

    def _note(self, text: str) -> None:
        minutes = (self.world.ex.now_ms() - self.world.began) / MINUTE
        self.outcome.log.append(f"{minutes // 60:4.0f}:{minutes % 60:05.2f} seq {self.world.journal.last_seq}: {text}")


def week(
    seed: int, spoiled: Spoiled = lambda broker: broker, hours: int = HOURS, *, over_http: bool = False
) -> Outcome:
    """Run the week of a seed.

    Args:
        seed: of market, trouble and people.
        spoiled: puts something wrong around the broker.
        hours: how many of them.
        over_http: on sockets.
    """
    with scratch() as home:
        return Week(seed, Campaigner(home, drawn(seed), spoiled, over_http=over_http), hours).run()
