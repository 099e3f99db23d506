"""The watchdog: what is missing is told, once an hour, and nothing is ever started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.test_status import fresh_cycle, now
from tests.fakes.accounts import BTC
from tests.fakes.accounts_on_disk import HOUR, PROTECTED, begun, marked
from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from tests.fakes.engine_ports import CollectedAlerts
from tests.fakes.live_markets import NAME, LiveHouse, exchange, sample
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage import heartbeat
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.locks import hold
from vigie.adapters.storage.receipts import Receipts, last
from vigie.app.backup.outcome import Outcome, write_outcome
from vigie.app.status.standing import look
from vigie.app.watch.venue import VenueWatch, uncovered
from vigie.app.watch.watchdog import Watchdog, WatchdogRequest, last_look, watchdog
from vigie.domain.holdings import Latch
from vigie.domain.order import OrderReport, OrderType, Side
from vigie.domain.order_status import OrderStatus


@dataclass
class Kennel:
    """A dog and what it says."""

    home: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(now()))
    account: str = "paper"

    def __post_init__(self) -> None:
        self.alerts = CollectedAlerts()

    def look(self) -> dict[str, object]:
        venue = VenueWatch(self.home, self.account, self.clock)
        return Watchdog(self.home, self.account, self.alerts, venue, self.clock).look()

    def texts(self) -> list[str]:
        return [one.text for one in self.alerts.told]


@contextmanager
def working(home: Path, *, beats: bool = True, receipts: bool = True, since: int | None = None) -> Iterator[Path]:
    """An account whose engine works."""
    folder = begun(home, events=(*PROTECTED, fresh_cycle()), ended=None)
    with AccountLock.take(folder, FakeClock(now() - HOUR if since is None else since)):
        heartbeat.beat(folder, now(), {"tick": "guard", "mode": "active", "problems": []})
        if not beats:
            (folder / heartbeat.NAME).unlink()
        if receipts:
            Receipts(folder / "receipts").write(now(), {"kind": "guard", "troubles": {}})
        yield folder


def test_an_account_that_is_looked_after_is_no_news(vigie: Vigie, home: Path) -> None:
    with working(home):
        said = vigie("watchdog", "--once")
    assert said.code == 0, said.out
    assert "paper · active · nothing is missing" in said.out
    assert "files only" in said.out


def test_what_is_missing_is_told_with_exit_three(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, marked(now() - 4 * HOUR)), ended=None)
    said = vigie("watchdog", "--once", "--json")
    assert said.code == 3
    assert {one["subject"] for one in said.document["findings"]} == {"process", "decision"}
    assert "URGENT: paper: process 1 died without a word: start it again" in said.err


def test_a_missing_heartbeat_has_a_grace_and_is_unhealthy_after_it(home: Path) -> None:
    with working(home, beats=False, since=now() - 60_000):
        assert Kennel(home).look()["healthy"]
    with AccountLock.take(home / "state" / "paper", FakeClock(now() - 600_000)):
        kennel = Kennel(home)
        assert not kennel.look()["healthy"]
    assert "has no heartbeat" in kennel.texts()[0]


def test_a_process_that_beats_and_leaves_no_receipts_is_told(home: Path) -> None:
    with working(home, receipts=False):
        kennel = Kennel(home)
        kennel.look()
    assert "no receipt for" in kennel.texts()[0]


def test_one_subject_is_told_once_an_hour_by_whatever_process_and_its_end_is_told(home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()), ended=None)
    kennel = Kennel(home)
    for _ in range(59):
        kennel.look()
        kennel.clock.sleep(60)
    assert len([one for one in kennel.texts() if "died without a word" in one]) == 1
    kennel.clock.sleep(120)
    kennel.look()
    assert len([one for one in kennel.texts() if "died without a word" in one]) == 2
    assert last_look(home, "paper") == kennel.clock.now_ms()
    with AccountLock.take(folder, SystemClock()):
        heartbeat.beat(folder, now(), {"tick": "guard", "mode": "active", "problems": []})
        kennel.look()
    assert any("process: over, it began" in one for one in kennel.texts())


@pytest.mark.parametrize("halted", [False, True])
def test_what_was_stopped_or_halted_on_purpose_is_left_alone(home: Path, halted: bool) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()))
    halts = Halts(folder, SystemClock())
    if halted:
        halts.latch("person", Latch("halted", "I have the wheel", now()))
    else:
        halts.stop("holidays")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    kennel = Kennel(home)
    document = kennel.look()
    assert document["stopped"] is None if halted else "holidays" in str(document["stopped"])
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    ours = {"watchdog.json"}
    assert {name: raw for name, raw in after.items() if name not in ours} == before
    assert [path.name for path in (folder / "requests").glob("*")] == []


def test_nothing_in_the_watchdogs_room_can_start_a_process() -> None:
    code = (
        "import sys; import vigie.app.watch.watchdog, vigie.app.watch.venue;"
        "print([n for n in ('subprocess', 'multiprocessing', 'vigie.app.trading.live', 'vigie.app.trading.paper',"
        " 'vigie.app.wiring', 'vigie.app.control.halting') if n in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_status_names_what_is_wrong_with_network_and_decisions(vigie: Vigie, home: Path) -> None:
    troubles = {
        "network": "no network: the name api.binance.com cannot be looked up",
        "circuit": "circuit breaker open until 12:05:00 UTC: decisions fail",
    }
    with working(home) as folder:
        Receipts(folder / "receipts").write(now(), {"kind": "guard", "troubles": troubles})
        said = vigie("status", "--account", "paper")
    assert all(f"! {text}" in said.out for text in troubles.values())
    assert vigie("status", "--account", "paper", "--json").document["problems"] != list(troubles.values()), (
        "what a dead process saw is not told as present"
    )


def test_a_full_disk_and_what_the_engine_saw_itself_are_told_by_their_own_subjects(home: Path) -> None:
    with working(home) as folder:
        Receipts(folder / "receipts").write(now(), {"kind": "guard", "troubles": {"memory": "memory: 700 MB are used"}})
        (home / "vigie.toml").write_text("[watch]\ndisk_critical_mb = 900000000\ndisk_low_mb = 900000000\n")
        kennel = Kennel(home)
        kennel.look()
    assert {one.topic for one in kennel.alerts.told} == {"watchdog-memory", "watchdog-disk"}


def test_what_it_says_stands_in_a_log_of_its_own(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, marked(now() - 4 * HOUR)), ended=None)
    vigie("watchdog", "--once")
    log = (home / "logs/api/watchdog-paper.log").read_text()
    assert "URGENT: paper: process 1 died without a word" in log, "what people are told"
    assert "CRITICAL" in log
    said = vigie("logs", "--kind", "api", "--account", "watchdog-paper")
    assert "the decision that was due" in said.out, "and what it found"


def test_a_daily_backup_that_stays_away_is_told_where_a_process_should_have_taken_it(home: Path) -> None:
    old = now() - 50 * HOUR
    with working(home, since=now() - 60 * HOUR):
        assert Kennel(home).look()["healthy"], "nothing is known of any"
        write_outcome(home, Outcome("paper", old, old, old, "vigie-a.tar.gz", {"backup": "no room"}))
        kennel = Kennel(home)
        kennel.look()
        assert kennel.texts() == ["paper: no backup for 50 hours: no room"]
        (home / "vigie.toml").write_text("[backup]\ndaily = false\n")
        assert Kennel(home).look()["healthy"], "nobody wants one"
        (home / "vigie.toml").unlink()
        write_outcome(home, Outcome("paper", old, now(), now() - HOUR, "vigie-b.tar.gz"))
        assert Kennel(home).look()["healthy"]


def test_a_machine_that_was_off_has_a_day_to_make_up_for_its_backup(home: Path) -> None:
    old = now() - 50 * HOUR
    with working(home, since=now() - 2 * HOUR):
        write_outcome(home, Outcome("paper", old, old, old, "vigie-a.tar.gz"))
        assert Kennel(home).look()["healthy"]


def test_a_second_watchdog_is_one_too_many(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    with hold(folder / "watchdog.lock", wait=False):
        said = vigie("watchdog", "--once")
    assert said.code == 4
    assert "has a watchdog already" in said.err


def test_it_looks_again_and_again_until_it_is_told_to_end(home: Path) -> None:
    begun(home, events=(*PROTECTED, fresh_cycle()), ended=None)
    words = [sys.executable, "-c", "from cli.main import main; main()", "watchdog", "--every", "1"]
    with subprocess.Popen(
        words, env={**os.environ, "VIGIE_HOME": str(home)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as dog:
        assert dog.stdout is not None
        assert "died without a word" in dog.stdout.readline()
        first = last_look(home, "paper")
        for _ in range(100):
            if last_look(home, "paper") != first:
                break
            time.sleep(0.1)
        assert last_look(home, "paper") != first
        dog.send_signal(signal.SIGTERM)
        _, said = dog.communicate(timeout=20)
    assert dog.returncode == 0
    assert said.count("died without a word") == 1, "throttled"


# --- at the venue -------------------------------------------------------------------------------------------------


def stop_of(quantity: str, executed: str = "0", trigger: str | None = "95") -> OrderReport:
    return OrderReport(
        client_id="x", venue_id="1", pair=BTC, side=Side.SELL, type=OrderType.STOP_LOSS_LIMIT,
        status=OrderStatus.ACCEPTED, quantity=Decimal(quantity), executed=Decimal(executed),
        executed_value=Decimal(0), limit=Decimal(94), trigger=None if trigger is None else Decimal(trigger),
        triggered=False, fills=(), updated_at=0,
    )  # fmt: skip


def test_what_is_held_needs_stops_for_all_of_it(home: Path) -> None:
    begun(home, events=(*PROTECTED, fresh_cycle()))
    portfolio = look(home, "paper").portfolio
    assert portfolio is not None
    held = portfolio.holdings[BTC].quantity
    assert uncovered(portfolio, [stop_of(str(held))]) == []
    assert uncovered(portfolio, [stop_of(str(held / 2)), stop_of(str(held / 2))]) == []
    for resting in ([], [stop_of(str(held), trigger=None)], [replace(stop_of(str(held)), side=Side.BUY)]):
        (found,) = uncovered(portfolio, resting)
        assert found.subject == f"stop-{BTC}"
        assert "no stop rests at the venue" in found.text
    (found,) = uncovered(portfolio, [stop_of(str(held), executed=str(held / 2))])
    assert "for 1 only" in found.text


def test_a_stop_that_somebody_cancelled_is_seen_with_the_watchdogs_own_key(vigie: Vigie, home: Path) -> None:
    series = sample(2)
    with exchange(series) as ex:
        house = LiveHouse.built(home, ex, series)
        stops: list[object] = []

        def each(_: int) -> None:
            stops[:] = [one for one in ex.exchange.shelf.all_open() if one.ticket.kind.contingent]
            if stops:
                os.kill(os.getpid(), signal.SIGTERM)

        house.run(48, each=each)
        assert stops
        kinds = [one["kind"] for one in last(home / "state" / NAME / "receipts", 1000)]
        assert (kinds[0], kinds[-1]) == ("start", "end")
        assert "decision" in kinds
        without = vigie("watchdog", "--once", "--account", NAME, "--json").document
        assert without["venue"] == "files only: VIGIE_WATCHDOG_LIVE_MAIN_API_KEY is not set"
        keys = home / ".env"
        keys.write_text(
            keys.read_text()
            + f"VIGIE_WATCHDOG_BINANCE_API_KEY={ex.api_key}\nVIGIE_WATCHDOG_BINANCE_API_SECRET={ex.api_secret}\n"
        )
        request, alerts = WatchdogRequest(home, NAME, once=True, base_url=ex.url), CollectedAlerts()
        before = len([one for one in ex.journal.since() if one.method in ("POST", "DELETE")])
        said = watchdog(request, alerts, clock=ex.clock)
        assert said["venue"] == "binance is asked with VIGIE_WATCHDOG_BINANCE_API_KEY"
        subjects = {one["subject"] for one in said["findings"]}
        assert "watchdog-key" in subjects, "this key may trade"
        assert not any(one.startswith("stop-") for one in subjects)
        for one in stops:
            ex.do("cancel", symbol=one.ticket.symbol, client_id=one.ticket.client_id)  # type: ignore[attr-defined]
        said = watchdog(request, alerts, clock=ex.clock)
        assert {one["subject"] for one in said["findings"]} >= {f"stop-{one}" for one in held_of(home)}
        assert all("no stop rests at the venue" in one["text"] for one in said["findings"] if "stop-" in one["subject"])
        written = len([one for one in ex.journal.since() if one.method in ("POST", "DELETE")])
        assert written == before, "it only reads"
        assert {f"watchdog-stop-{one}" for one in held_of(home)} <= {one.topic for one in alerts.told if one.urgent}


def held_of(home: Path) -> set[str]:
    portfolio = look(home, NAME).portfolio
    assert portfolio is not None
    assert portfolio.holdings
    return set(portfolio.holdings)
