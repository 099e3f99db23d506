"""Who stands beside an engine: receipts, circuit breaker, guards; and none of them is ever in its way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.engine_ports import CollectedAlerts
from tests.fakes.marked import marked
from vigie.adapters.network import NetworkCheck, Verdict
from vigie.adapters.storage.receipts import Receipts, last
from vigie.adapters.storage.reserve import Reserve
from vigie.app.trading.guards import Guards, Troubles
from vigie.app.trading.ticking import Ticker
from vigie.app.trading.watched import Beside, WatchedEngine
from vigie.app.watch.settings import WatchSettings, read_watch
from vigie.domain.events import Recovered
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.domain.timeframe import Timeframe
from vigie.domain.trading_mode import TradingMode
from vigie.engine.cycle import Tick
from vigie.reliability.circuit_breaker import CircuitBreaker

HOUR = 3_600_000
NOON = 1_704_110_400_000
BTC = Pair("BTC", "USDT")
CALM = Tick((), TradingMode.ACTIVE)


@dataclass
class Scripted:
    """An engine that decides unless it is broken, and counts."""

    clock: FakeClock
    portfolio: Portfolio = field(default_factory=Portfolio)
    broken: bool = False
    problems: tuple[str, ...] = ()
    calls: list[str] = field(default_factory=list)

    def start(self) -> Recovered:
        return Recovered(("a fresh account",), True)

    def stop(self, reason: str) -> None:
        self.calls.append(reason)

    def guard_tick(self, *, counts: bool = True) -> Tick:
        self.calls.append("guard")
        return replace(CALM, problems=self.problems)

    def decision_tick(self) -> Tick:
        self.calls.append("decision")
        if self.broken:
            return replace(CALM, problems=("candles: no answer",))
        self.portfolio = marked(self.clock.now_ms() // HOUR * HOUR - HOUR)
        return replace(CALM, problems=self.problems)


class Fresh:
    def closed(self, pair: Pair, count: int) -> None:
        pass

    def is_fresh(self, pair: Pair) -> bool:
        return True

    def skew_ms(self, *, anew: bool = False) -> int:
        return 0


@dataclass
class Stage:
    """An engine with everything beside it."""

    folder: Path
    watch: WatchSettings = field(default_factory=lambda: WatchSettings(disk_low_mb=1, disk_critical_mb=0))
    verdict: Verdict = field(default_factory=lambda: Verdict("a.test", 443))
    memory: float = 100.0
    looks: int = 0

    def __post_init__(self) -> None:
        self.clock = FakeClock(NOON)
        self.engine, self.alerts = Scripted(self.clock), CollectedAlerts()
        self.said: list[str] = []

        def look(_: tuple[str, int]) -> Verdict:
            self.looks += 1
            return self.verdict

        self.network = NetworkCheck(lambda: ("a.test", 443), look)
        self.troubles = Troubles(self.alerts)
        self.guards = Guards(
            self.watch, Reserve(self.folder, size=4096), self.network, self.troubles, self.clock, lambda: self.memory
        )
        beside = Beside(Receipts(self.folder / "receipts"), CircuitBreaker(self.clock), self.guards, self.said.append)
        self.watched = WatchedEngine(self.engine, Fresh(), (BTC,), self.clock, beside)

    def receipts(self, *kinds: str) -> list[dict[str, object]]:
        return last(self.folder / "receipts", 10_000, kinds)

    def topics(self) -> list[str]:
        return [one.topic for one in self.alerts.told]

    def run(self, hours: float) -> None:
        until = self.clock.now_ms() + round(hours * HOUR)
        ticker = Ticker(
            self.watched, Fresh(), self.clock, (BTC,), Timeframe.parse("1h"),
            ending=lambda: "enough" if self.clock.now_ms() >= until else None,
        )  # fmt: skip
        ticker.run()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


# --- receipts -----------------------------------------------------------------------------------------------------


def test_a_day_leaves_a_start_a_decision_an_hour_and_an_end(stage: Stage) -> None:
    stage.watched.start()
    stage.run(24)
    stage.watched.stop("SIGTERM")
    decisions = stage.receipts("decision")
    assert len({one["candle_at"] for one in decisions}) == len(decisions) == 24
    assert all(one["decided"] and one["fresh"] and one["protected"] and one["finished"] for one in decisions)
    assert stage.receipts("start")[0]["clean"] is True
    assert stage.receipts("end")[0]["reason"] == "SIGTERM"
    assert 24 * 55 <= len(stage.receipts("guard")) <= 24 * 60


def test_looks_that_see_the_same_are_written_once_a_minute_and_what_is_new_at_once(stage: Stage) -> None:
    for _ in range(24):
        stage.watched.guard_tick()
        stage.clock.sleep(5)
    assert len(stage.receipts("guard")) == 2
    stage.engine.problems = ("orders: no answer",)
    stage.watched.guard_tick()
    assert stage.receipts("guard")[-1]["problems"] == ["orders: no answer"]


@pytest.mark.parametrize("part", ["receipts", "memory", "disk", "network", "feed"])
def test_whatever_goes_wrong_beside_the_engine_its_tick_stands(
    stage: Stage, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of order")

    target, name = {
        "receipts": (Receipts, "write"),
        "memory": (Guards, "memory"),
        "disk": (Guards, "disk"),
        "network": (Guards, "line"),
        "feed": (Fresh, "is_fresh"),
    }[part]
    monkeypatch.setattr(target, name, broken)
    stage.watched.start()
    assert stage.watched.decision_tick() == CALM
    assert stage.watched.guard_tick() == CALM
    stage.watched.stop("enough")
    assert stage.engine.calls == ["decision", "guard", "enough"]
    assert any("out of order" in one for one in stage.said)


# --- circuit breaker ----------------------------------------------------------------------------------------------


def test_after_three_failed_decisions_only_what_protects_goes_on_and_then_it_is_tried_once(stage: Stage) -> None:
    stage.engine.broken = True
    for _ in range(3):
        stage.watched.decision_tick()
    assert stage.engine.calls == ["decision"] * 3
    assert stage.topics() == ["circuit"]
    assert "decisions fail (candles: no answer); what is held is looked after" in stage.alerts.told[0].text
    for _ in range(4):
        stage.clock.sleep(60)
        stage.watched.decision_tick()
    assert stage.engine.calls[3:] == ["guard"] * 4
    assert stage.receipts("guard")[-1]["breaker"] == "open"
    stage.clock.sleep(60)
    stage.watched.decision_tick()
    assert stage.engine.calls[7:] == ["decision"]
    stage.watched.decision_tick()
    assert stage.engine.calls[8:] == ["guard"], "the try failed: another pause"
    stage.engine.broken = False
    stage.clock.sleep(300)
    stage.watched.decision_tick()
    assert stage.topics() == ["circuit", "circuit-over"]
    assert "closed" in stage.alerts.told[1].text
    assert stage.receipts()[-1]["breaker"] == "closed"


def test_a_decision_with_problems_that_was_taken_is_no_failure(stage: Stage) -> None:
    stage.engine.problems = ("BTC/USDT: no stop yet",)
    for _ in range(5):
        stage.clock.sleep(3600)
        stage.watched.decision_tick()
    assert stage.engine.calls == ["decision"] * 5
    assert "circuit" not in stage.topics()


def test_every_candle_is_decided_on_after_a_pause(stage: Stage) -> None:
    stage.run(1)
    stage.engine.broken = True
    stage.run(0.5)
    stage.engine.broken = False
    stage.run(3)
    decided = [one["candle_at"] for one in stage.receipts("decision") if one["decided"]]
    assert decided == sorted(set(decided))
    assert len(decided) == 5


# --- guards -------------------------------------------------------------------------------------------------------


def test_too_much_memory_is_told_once_until_it_is_less_again(stage: Stage) -> None:
    for used in (499, 501, 700, 499, 501, 400, 600):
        stage.memory = used
        stage.watched.guard_tick()
    assert stage.topics() == ["memory", "memory-over", "memory"]
    assert "501 MB are used, the limit is 500 MB" in stage.alerts.told[0].text
    assert stage.receipts()[-1]["troubles"] == {"memory": stage.troubles.now["memory"]}


def test_a_disk_that_fills_up_is_told_at_each_step_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, WatchSettings(disk_low_mb=1e9, disk_critical_mb=0))
    for _ in range(3):
        stage.watched.guard_tick()
    assert stage.topics() == ["disk-low"]
    assert not stage.guards.reserve.spent, "it was made"
    stage.guards.settings = WatchSettings(disk_low_mb=1e9, disk_critical_mb=1e9)
    for _ in range(3):
        stage.watched.guard_tick()
    assert stage.topics() == ["disk-low", "disk-critical"]
    assert stage.alerts.told[1].urgent
    stage.guards.settings = WatchSettings(disk_low_mb=1, disk_critical_mb=0)
    stage.watched.guard_tick()
    assert stage.troubles.now == {}


def test_while_the_disk_is_full_no_receipt_takes_the_last_of_it(stage: Stage) -> None:
    stage.guards.reserve = Reserve(stage.folder, size=1 << 60)
    stage.watched.guard_tick()
    stage.watched.decision_tick()
    assert stage.topics() == ["disk"]
    assert stage.receipts() == []
    stage.guards.reserve = Reserve(stage.folder, size=4096)
    stage.watched.guard_tick()
    assert len(stage.receipts()) == 1
    assert stage.topics() == ["disk", "disk-over"]


def test_where_ticks_go_wrong_the_network_is_looked_at_and_its_verdict_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, verdict=Verdict("a.test", 443, dns="no name server"))
    stage.engine.problems = ("orders: no answer",)
    stage.watched.guard_tick()
    assert stage.looks == 0
    stage.watched.guard_tick()
    stage.network.wait(10)
    stage.watched.guard_tick()
    assert stage.topics() == ["network"]
    assert "the name a.test cannot be looked up (no name server)" in stage.alerts.told[0].text
    assert stage.receipts()[-1]["network"] == stage.alerts.told[0].text
    for _ in range(4):
        stage.clock.sleep(60)
        stage.watched.guard_tick()
    assert stage.looks == 1
    stage.clock.sleep(60)
    stage.watched.guard_tick()
    stage.network.wait(10)
    assert stage.looks == 2
    stage.engine.problems = ()
    stage.watched.guard_tick()
    assert stage.topics() == ["network", "network-over"]
    assert stage.receipts()[-1]["network"] == ""


# --- settings -----------------------------------------------------------------------------------------------------


def test_limits_that_mean_nothing_are_told_all_at_once() -> None:
    _, problems = read_watch({"memory": 1, "pause_s": "long", "failures": 0.5, "disk_critical_mb": 9, "disk_low_mb": 5})
    assert len(problems) == 4
    assert "unknown key 'memory'; did you mean 'memory_mb'?" in problems[0] or "memory_mb" in problems[0]
    assert read_watch([])[1] == ["vigie.toml: [watch] must be a table"]
    assert read_watch({"failures": 2.5})[1] == ["vigie.toml: [watch] failures must be a whole number"]
    assert read_watch({"memory_mb": 300}) == (WatchSettings(memory_mb=300), [])
