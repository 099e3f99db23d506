"""An engine with somebody beside it: receipts, circuit breaker, guards. Whatever happens here, the tick stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vigie.adapters.network import NetworkCheck, address_of
from vigie.adapters.storage.receipts import FOLDER, Receipts
from vigie.adapters.storage.reserve import Reserve
from vigie.app.accounts import account_folder
from vigie.app.backup.daily import Daily
from vigie.app.settings import AccountSettings
from vigie.app.status.health import unprotected
from vigie.app.trading.guards import MEGABYTE, Guards, Troubles
from vigie.app.trading.ticking import FreshFeed, Ticking
from vigie.app.watch.settings import WatchSettings
from vigie.domain.events import Recovered
from vigie.domain.instants import as_iso
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.engine.cycle import Tick
from vigie.ports.alerts import Alerts
from vigie.ports.clock import Clock
from vigie.reliability.circuit_breaker import CircuitBreaker

Report = Callable[[str], None]
SAME_MS = 59_000
"""A look that says what the last one said is written down so often."""


class Startable(Ticking, Protocol):
    """An engine."""

    def start(self) -> Recovered:
        """Recover."""
        ...

    def stop(self, reason: str) -> None:
        """Let the account go."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside an engine.

    Attributes:
        receipts: what each run did.
        breaker: of decisions.
        guards: of memory, disk and network.
        report: told what goes wrong here.
        daily: what is done once a day; None: nothing.
    """

    receipts: Receipts
    breaker: CircuitBreaker
    guards: Guards
    report: Report = lambda _: None
    daily: Daily | None = None


class WatchedEngine:
    """Ticks as the engine does."""

    def __init__(self, engine: Startable, feed: FreshFeed, pairs: Sequence[Pair], clock: Clock, beside: Beside) -> None:
        self._engine, self._feed, self._pairs, self._clock, self._beside = engine, feed, tuple(pairs), clock, beside
        self._last: tuple[int, dict[str, Any]] | None = None

    @property
    def portfolio(self) -> Portfolio:
        """The account as it stands."""
        return self._engine.portfolio

    def start(self) -> Recovered:
        """Recover."""
        began = self._clock.now_ms()
        found = self._engine.start()
        self._safely(lambda: self._write({"kind": "start", "clean": found.clean, "steps": list(found.steps)}, began))
        self._safely(lambda: self._look(failing=False))
        return found

    def stop(self, reason: str) -> None:
        """Let the account go."""
        began = self._clock.now_ms()
        self._engine.stop(reason)
        self._safely(lambda: self._write({"kind": "end", "reason": reason}, began))

    def close(self) -> None:
        """End what runs beside the engine."""
        daily = self._beside.daily
        if daily is not None:
            self._safely(daily.close)

    def guard_tick(self, *, counts: bool = True) -> Tick:
        """Look after what is there."""
        began = self._clock.now_ms()
        tick = self._engine.guard_tick(counts=counts)
        self._safely(lambda: self._after("guard", tick, began))
        return tick

    def decision_tick(self) -> Tick:
        """All steps; while the breaker is open only a look after what is there."""
        breaker = self._beside.breaker
        if not breaker.admits():
            return self.guard_tick()
        began, before = self._clock.now_ms(), self._decided_at()
        tick = self._engine.decision_tick()
        if self._decided_at() == before:
            # It was called because a candle had closed, and no candle was decided on.
            if breaker.failed():
                self._safely(lambda: self._opened(tick))
        elif breaker.succeeded():
            text = "circuit breaker closed: decisions are taken again"
            self._safely(lambda: self._beside.guards.troubles.over("circuit", text))
        self._safely(lambda: self._after("decision", tick, began, decided=self._decided_at() != before))
        return tick

    def _decided_at(self) -> int | None:
        cycle = self._engine.portfolio.cycle
        return None if cycle is None else cycle.candle_at

    def _opened(self, tick: Tick) -> None:
        until = self._beside.breaker.opens_again_at
        text = (
            f"circuit breaker open until {as_iso(until or 0)[11:19]} UTC: decisions fail ({'; '.join(tick.problems)})"
        )
        self._beside.guards.troubles.say("circuit", f"{text}; what is held is looked after", urgent=True)

    def _after(self, kind: str, tick: Tick, began: int, *, decided: bool = False) -> None:
        network = self._look(failing=bool(tick.problems))
        facts: dict[str, Any] = {
            "kind": kind,
            "candle_at": self._decided_at(),
            "protected": not unprotected(self._engine.portfolio),
            "mode": tick.mode.value,
            "problems": list(tick.problems),
            "troubles": dict(self._beside.guards.troubles.now),
            "breaker": self._beside.breaker.state.value,
            "network": network,
            "finished": True,
        }
        if kind == "decision":
            facts |= {"fresh": all(map(self._feed.is_fresh, self._pairs)), "decided": decided}
        now, last = self._clock.now_ms(), self._last
        if kind == "guard" and last is not None and last[1] == facts and 0 <= now - last[0] < SAME_MS:
            return
        self._last = (now, facts)
        self._write(facts, began)

    def _write(self, facts: dict[str, Any], began: int) -> None:
        now, guards = self._clock.now_ms(), self._beside.guards
        if "disk" in guards.troubles.now:
            # What little room there is belongs to the journal.
            return
        sizes = {"memory_mb": round(guards.memory_mb(), 1), "free_mb": round(guards.reserve.free() / MEGABYTE, 1)}
        self._beside.receipts.write(now, {**facts, "began": began, "seq": self._engine.portfolio.seq, **sizes})

    def _look(self, *, failing: bool) -> str:
        guards = self._beside.guards
        self._safely(guards.memory)
        self._safely(guards.disk)
        daily = self._beside.daily
        if daily is not None:
            self._safely(lambda: daily.look(guards.troubles))
        return guards.line(failing=failing)

    def _safely(self, work: Callable[[], object]) -> None:
        """Do what nobody's money depends on."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - who watches must never end who trades
            self._beside.report(f"watching: {type(error).__name__}: {error}")


def beside(
    home: Path, settings: AccountSettings, watch: WatchSettings, clock: Clock, alerts: Alerts,
    *, base_url: str | None = None, report: Report = lambda _: None, daily: Daily | None = None,
) -> Beside:  # fmt: skip
    """What stands beside the engine of an account.

    Args:
        home: where ``state/`` lies.
        settings: of the account.
        watch: limits.
        clock: now.
        alerts: told of what comes and goes.
        base_url: of the venue; None: its own.
        report: told what goes wrong in watching.
        daily: what is done once a day; None: nothing.
    """
    folder = account_folder(home, settings.name)
    troubles = Troubles(alerts)
    network = NetworkCheck(lambda: address_of(settings.venue, base_url))
    guards = Guards(watch, reserve_of(folder, watch), network, troubles, clock)
    receipts = Receipts(folder / FOLDER, report, keep_days=int(watch.receipt_days))
    breaker = CircuitBreaker(clock, failures=int(watch.failures), pause_s=watch.pause_s)
    return Beside(receipts, breaker, guards, report, daily)


def reserve_of(folder: Path, watch: WatchSettings) -> Reserve:
    """The reserve of an account, with the limits of its home."""
    return Reserve(folder, critical=round(watch.disk_critical_mb * MEGABYTE))
