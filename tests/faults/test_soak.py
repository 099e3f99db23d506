"""A month in one process: hourly decisions, random faults, and nothing that grows.

The engine, its journal, snapshot, read model, receipts, breaker and guards are those that trade; the exchange is
simulated beside them, in the same process; what it remembers of its calls is forgotten each day. In the long one people
are told by mail, over TLS, by a server in the same process too, and each tick is logged.
"""

from __future__ import annotations

import gc
import logging
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.engine_ports import CollectedAlerts
from tests.fakes.in_process import DeskCandles, DeskLine, broker_on
from tests.fakes.mail_servers import PASSWORD, MailServer, mail_server, mail_table
from tests.faults.campaign.market import BEFORE, FILTERS, HOUR, restless, start_of, week_of
from tests.faults.campaign.troubles import LOST, REFUSALS, WRITES
from tests.faults.campaign.world import CAPITAL, RULES
from tests.faults.crash.processes import scratch
from vigie.adapters.market_data.live_feed import LiveFeed
from vigie.adapters.network import NetworkCheck, Verdict
from vigie.adapters.sim_server.faults import plan_of
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.storage.controls import FileControls
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import verify
from vigie.adapters.storage.projected import ProjectedJournal, ProjectedStore
from vigie.adapters.storage.read_model import READ_MODEL, ReadModel
from vigie.adapters.storage.receipts import Receipts, backwards
from vigie.adapters.storage.reserve import Reserve, ReservedJournal
from vigie.adapters.storage.state_file import StateFile
from vigie.app.alerts.post_office import PostOffice, letters_waiting, post_office
from vigie.app.logs.writing import Ears, logged
from vigie.app.trading.guards import Guards, Troubles, resident_mb
from vigie.app.trading.ticking import Pace, Ticker
from vigie.app.trading.watched import Beside, WatchedEngine
from vigie.app.watch.settings import WatchSettings
from vigie.decision.profile import plan
from vigie.domain import events as e
from vigie.domain.timeframe import Timeframe
from vigie.engine.cycle import Engine, Tick, World
from vigie.engine.setup import Setup
from vigie.reliability.circuit_breaker import CircuitBreaker

ACCOUNT = "live-soak"
WARM_UP_DAYS = 3
MINUTE = 60_000
CHECKOUT = Path(__file__).resolve().parents[2]


PATIENCE_SECONDS = 20.0


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def descriptors_at_rest(known: Sequence[int]) -> int:
    """The least of many looks: a letter that is on its way has a socket at each end, and a busy machine takes its time.

    Args:
        known: of other days; looking ends when none of them had fewer.
    """
    fewest, until = min(known, default=0), time.monotonic() + PATIENCE_SECONDS
    found = [descriptors()]
    while len(found) < 50 or (min(found) > fewest > 0 and time.monotonic() < until):
        time.sleep(0.02)
        found.append(descriptors())
    return min(found)


@dataclass
class Soak:
    """A month of an account.

    Attributes:
        ticks: how many.
        faults: by name.
        decided: candles of decision receipts, read day by day: old files are dropped.
        files: open descriptors by day.
        resident: megabytes by day.
        mail: where people are told, and logs are written; None: neither.
        mailed: how many letters came.
    """

    home: Path
    days: int
    seed: int = 1
    mail: MailServer | None = None
    mailed: int = 0
    ticks: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    decided: list[int] = field(default_factory=list)
    seen: int = 0
    files: dict[int, int] = field(default_factory=dict)
    resident: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"soak/{self.seed}")
        self.began = start_of(self.seed) + BEFORE * HOUR
        self.ex = SimExchange(
            week_of(self.seed, 24 * self.days + 2), instruments=FILTERS,
            balances={"USDT": CAPITAL}, start_ms=self.began + 1000,
        )  # fmt: skip
        self.clock, self.folder = self.ex.clock, self.home / "state" / ACCOUNT
        self.alerts = CollectedAlerts()
        self.line = DeskLine(self.ex, patience_s=5.0)
        self.next_fault = self.began + HOUR
        self.mended_at = 0

    def run(self) -> None:
        made = plan(restless(), "standard", {**RULES, "daily_loss_fraction": "off", "drawdown_fraction": "off"})
        setup = Setup(
            ACCOUNT, "live", made, tuple(sorted(FILTERS)), Timeframe.parse("1h"), Decimal(CAPITAL), version="1",
            code_hash="code", config_hash="config", certificate="a test's", gives_up_after=900.0,
        )  # fmt: skip
        feed = LiveFeed(DeskCandles(self.line), self.clock, setup.timeframe)
        self.reserve = Reserve(self.folder)
        with (
            JsonlJournal(self.folder / "journal", ACCOUNT, self.clock) as journal,
            closing(ReadModel(self.folder / READ_MODEL, journal, lambda _: None)) as model,
            closing(broker_on(self.line)) as broker,
            ExitStack() as stack,
        ):
            written = ProjectedJournal(ReservedJournal(journal, self.reserve), model)
            controls = FileControls.of(self.home / "state", ACCOUNT, self.clock)
            store = ProjectedStore(StateFile(self.folder / "state.json", ACCOUNT), written.project)
            engine = Engine(setup, World(broker, feed, self.clock, written, store, controls, self.alerts))
            self.folder.mkdir(parents=True, exist_ok=True)
            self.reserve.make()
            ears, office = self._told(stack)
            watched = WatchedEngine(engine, feed, setup.pairs, self.clock, self._beside(office))
            ticker = Ticker(
                watched, feed, self.clock, setup.pairs, setup.timeframe,
                pace=Pace(guard=600.0, look=600.0), ending=self._ending,
            )  # fmt: skip
            watched.start()

            def ticked(tick: Tick) -> None:
                if office is not None and ears is not None:
                    office.ticked(tick.problems)
                    ears.tick(tick.mode.value, tick.problems, engine.portfolio)
                self._ticked(tick)

            ticker.run(ticked)
            watched.stop("the month is over")
            self._look(self.days + 1)

    def _told(self, stack: ExitStack) -> tuple[Ears | None, PostOffice | None]:
        """Who logs and who mails."""
        if self.mail is None:
            return None, None
        (self.home / "vigie.toml").write_text(mail_table(self.mail.port, self.mail.ca_file), encoding="utf-8")
        environment = {"VIGIE_MAIL_PASSWORD": PASSWORD}
        ears = stack.enter_context(
            logged(self.home, "paper", ACCOUNT, now_ms=self.clock.now_ms, environment=environment)
        )
        office = post_office(self.home, ACCOUNT, clock=self.clock, report=ears.report, environment=environment)
        return ears, stack.enter_context(office)

    def _beside(self, office: PostOffice | None) -> Beside:
        alerts = self.alerts if office is None else office.beside(self.alerts)
        network = NetworkCheck(lambda: ("a.test", 443), lambda address: Verdict(*address, venue="unplugged"))
        guards = Guards(WatchSettings(), self.reserve, network, Troubles(alerts), self.clock)
        return Beside(Receipts(self.folder / "receipts"), CircuitBreaker(self.clock), guards)

    def _ending(self) -> str | None:
        return "over" if self.clock.now_ms() >= self.began + (24 * self.days) * HOUR + HOUR // 2 else None

    def _ticked(self, _: Tick) -> None:
        self.ticks += 1
        now = self.clock.now_ms()
        if self.mended_at and now >= self.mended_at:
            self.line.unplugged, self.mended_at = False, 0
            self.ex.desk.plan.rules.clear()
        if now >= self.next_fault:
            self._fault(now)
            self.next_fault = now + self.dice.randrange(2 * HOUR, 8 * HOUR)
        day = (now - self.began) // (24 * HOUR)
        if day not in self.files:
            self._look(day)

    def _look(self, day: int) -> None:
        """Once a day."""
        fresh = list(takewhile(lambda one: one["at"] > self.seen, backwards(self.folder / "receipts")))[::-1]
        self.decided += [int(one["candle_at"]) for one in fresh if one["kind"] == "decision" and one["decided"]]
        self.seen = fresh[-1]["at"] if fresh else self.seen
        # What the exchange remembers of its calls, and the test's own channel, is not what this is about.
        self.ex.journal._entries.clear()
        self.alerts.told.clear()
        if self.mail is not None:
            box = self.mail.inbox
            self.mailed += len(box.mails)
            for kept in (box.mails, box.envelopes, box.logins):
                kept.clear()
        gc.collect()
        warm = [count for one, count in self.files.items() if one >= WARM_UP_DAYS]
        self.files[day] = descriptors() if self.mail is None else descriptors_at_rest(warm)
        self.resident[day] = resident_mb()

    def _fault(self, now: int) -> None:
        kind = self.dice.choice(("lost", "lost", "refused", "unplugged", "candles"))
        where = self.dice.choice(WRITES)
        self.mended_at = now + self.dice.randrange(MINUTE, 25 * MINUTE)
        if kind == "unplugged":
            self.line.unplugged = True
        elif kind == "candles":
            self._rule("F8", method="GET", path="*/klines", action="answer", status=502, count=10_000)
        elif kind == "lost":
            name, what = self.dice.choice(LOST)
            self._rule(name, **where, **what, **({"seconds": 5} if what["action"] == "hang" else {}))
            self.mended_at = now + 2 * HOUR
        else:
            name, code, message = self.dice.choice(REFUSALS)
            self._rule(name, **where, action="answer", status=400, code=code, message=message)
            self.mended_at = now + 2 * HOUR
        self.faults[kind] += 1

    def _rule(self, name: str, **words: Any) -> None:
        self.ex.desk.plan.rules += plan_of([{"name": name, **words}], self.ex.exchange.started).rules


def soaked(days: int, home: Path, mail: MailServer | None = None) -> Soak:
    soak = Soak(home, days, mail=mail)
    soak.run()
    return soak


def holds(soak: Soak) -> None:
    """What has to be so after it."""
    first = soak.began // HOUR * HOUR
    wanted = [first + hour * HOUR for hour in range(24 * soak.days)]
    assert [at for at in soak.decided if at >= first] == wanted, "one decision receipt an hour"
    with JsonlJournal(soak.folder / "journal", ACCOUNT, soak.clock) as journal:
        lines = list(journal.read())
    cycles = [one.event.candle_at for one in lines if isinstance(one.event, e.CycleDone)]
    assert [at for at in cycles if at >= first] == wanted, "no candle is missed, none comes twice"
    assert verify(soak.folder / "journal", ACCOUNT).bad is None
    assert sum(isinstance(one.event, e.TradeClosed) for one in lines) > 2 * soak.days
    sizes = [path.stat().st_size for path in (soak.folder / "receipts").iterdir()]
    assert len(sizes) <= 14
    assert max(sizes) < 1_000_000
    assert sum(soak.faults.values()) > 3 * soak.days
    assert set(soak.faults) == {"lost", "refused", "unplugged", "candles"}
    with closing(sqlite3.connect(soak.folder / READ_MODEL)) as model:
        assert model.execute("select count(*) from trades").fetchone()[0] > 2 * soak.days


def test_five_days_of_faults_leave_one_receipt_an_hour_and_nothing_open() -> None:
    with scratch() as home:
        soak = soaked(5, home)
        holds(soak)
        assert len({count for day, count in soak.files.items() if day >= 1}) == 1


def a_month() -> None:
    """Thirty days in this process, which has done nothing else: what it grows by is theirs."""
    # The server's own log is not what this is about.
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    with scratch() as home, scratch() as aside, mail_server(aside) as server:
        soak = soaked(30, home, server)
        holds(soak)
        assert soak.mailed >= 30, f"{soak.mailed} mails: a daily report a day at least"
        waiting = [one.subject for letters in letters_waiting(home, ACCOUNT).values() for one in letters]
        assert len(waiting) < 10, waiting
        logs = [one.stat().st_size for one in (home / "logs" / "paper").glob("*.log*")]
        assert 1 <= len(logs) <= 6, logs
        assert 100_000 < sum(logs) < 5_000_000, logs
        days = [day for day in sorted(soak.files) if day >= WARM_UP_DAYS]
        assert (days[0], days[-1]) == (WARM_UP_DAYS, 31), days
        assert len({soak.files[day] for day in days}) == 1, soak.files
        grown = soak.resident[days[-1]] - soak.resident[days[0]]
        sys.stdout.write(
            f"{soak.ticks} ticks, {soak.faults.total()} faults, {soak.mailed} letters,"
            f" {grown:+.2f} MB after the warm-up\n"
        )
        assert grown < 5.0, soak.resident
        # What mail and logs remember of each subject comes slowly to its end. What is kept of each tick does not: two
        # kilobytes of it are three megabytes in the last ten days.
        assert soak.resident[days[-1]] - soak.resident[days[-11]] < 1.5, soak.resident


@pytest.mark.long
def test_thirty_days_of_faults_grow_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from tests.faults.test_soak import a_month; a_month()"],
        cwd=CHECKOUT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    sys.stdout.write(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
