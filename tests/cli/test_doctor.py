"""`vigie doctor`: each thing that is missing is named with what to do, and a network is not needed to ask."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_live import proof
from tests.fakes.accounts import BASELINE
from tests.fakes.accounts_on_disk import begun, run_started
from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from tests.fakes.live_markets import NAME, LiveHouse, exchange, moved, sample
from tests.fakes.mail_servers import PASSWORD, mail_table
from vigie.adapters.clock import SystemClock
from vigie.adapters.market_data.sample import sample_series
from vigie.adapters.market_data.store import CandleStore
from vigie.adapters.storage import kill_switch
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.journal import JsonlJournal
from vigie.app.backup.create import BackupRequest, create
from vigie.app.drill.stage import drill_setup
from vigie.app.trading.live import live_settings
from vigie.app.watch.checkup.account import candles
from vigie.app.watch.checkup.patient import Patient
from vigie.app.watch.doctor import examine
from vigie.domain.events import AlertRaised
from vigie.domain.holdings import Latch

DAY = 86_400_000
HOUR = 3_600_000


def states(document: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["state"] for one in document["checks"]}


def test_on_a_fresh_machine_without_a_network_everything_is_told_and_fits_eighty_columns(
    vigie: Vigie, home: Path
) -> None:
    said = vigie("doctor", "--base-url", "https://nowhere.invalid")
    assert said.code == 0, "paper needs none of what is missing"
    assert max(map(len, said.out.splitlines())) <= 80
    assert "no network: the name nowhere.invalid cannot be looked up" in " ".join(said.out.split())
    assert "paper: fit (" in said.out
    document = vigie("doctor", "--base-url", "https://nowhere.invalid", "--json").document
    assert document["ok"]
    assert states(document)["clock"] == states(document)["venue"] == "skipped"
    assert all(one["hint"] for one in document["checks"] if one["state"] in ("look", "fail"))
    assert list(home.iterdir()) == [], "it changes nothing"


@pytest.mark.parametrize(
    ("words", "check", "verdict"),
    [(["halt"], "halt of all", "HALTED"), (["pause"], "own latches", "REDUCE-ONLY"), (["stop"], "stopped", "STOPPED")],
)
def test_an_account_that_is_held_is_fit_and_never_plainly_so(
    vigie: Vigie, home: Path, words: list[str], check: str, verdict: str
) -> None:
    begun(home, events=())
    assert vigie("doctor", "--base-url", "https://nowhere.invalid").out.splitlines()[-1].startswith("paper: fit (")
    vigie(*words)
    said = vigie("doctor", "--base-url", "https://nowhere.invalid")
    assert said.code == 0, "nothing is missing"
    assert f"paper: fit, but {verdict} (" in said.out
    document = vigie("doctor", "--base-url", "https://nowhere.invalid", "--json").document
    assert (document["mode"], states(document)[check]) == (verdict.lower(), "look")


def test_before_the_account_begins_a_halt_of_all_is_told_too(vigie: Vigie, home: Path) -> None:
    kill_switch.halt_first(home / "state", "fire")
    assert "paper: fit, but HALTED (" in vigie("doctor", "--base-url", "https://nowhere.invalid").out


def test_the_sample_market_is_found_where_it_lies_and_never_asked_of_a_venue(home: Path) -> None:
    (home / "vigie.toml").write_text('[accounts.paper]\npairs = ["ALPHA/SIM", "BETA/SIM"]\n')
    without = candles(Patient(home, "paper"))
    assert (without.state, without.hint) == ("look", "vigie data sample")
    for one in sample_series():
        CandleStore.of(home).save(one, "a test")
    assert candles(Patient(home, "paper")).state == "ok"


def test_going_live_needs_to_know_which_account(vigie: Vigie, home: Path) -> None:
    said = vigie("doctor", "--go-live")
    assert said.code == 78
    assert "say which account is to go live" in said.err


@contextmanager
def ready(home: Path, skew_s: float = 0.0) -> Iterator[tuple[LiveHouse, str]]:
    """A home from which one may go live, and its exchange."""
    now = SystemClock().now_ms()
    series = moved(sample(1), now // HOUR * HOUR)
    with exchange(series, start_ms=now + round(skew_s * 1000), pace=1.0) as ex:
        house = LiveHouse.built(home, ex, series)
        proof(house)
        for one in series:
            CandleStore.of(home).save(replace(one, venue="binance"), "a test")
        setup = drill_setup(live_settings(home, NAME), home)
        drills = {"passed": True, "complete": True, "at": "2025-06-15T12:00:00.000Z",
                  "config_hash": setup.config_hash, "code_hash": setup.code_hash}  # fmt: skip
        (home / "state" / NAME).mkdir(parents=True, exist_ok=True)
        (home / "state" / NAME / "drills.json").write_text(json.dumps(drills))
        papered(home, now, 31)
        with (home / "vigie.toml").open("a") as file:
            file.write(mail_table(25))
        with (home / ".env").open("a") as file:
            file.write(f"VIGIE_MAIL_PASSWORD={PASSWORD}\n")
        create(BackupRequest(home))
        yield house, ex.url


def papered(home: Path, now: int, days: int) -> None:
    started = replace(run_started(), strategy="ema_cross", pairs=tuple(f"{one}/USDT" for one in ("BTC", "ETH", "SOL")))
    clock = FakeClock(now - days * DAY)
    with JsonlJournal(home / "state" / "paper" / "journal", "paper", clock) as journal:
        journal.append([BASELINE, started])
        clock.at_ms = now
        journal.append([AlertRaised("test", "the last line")])
        journal.sync()


def test_where_nothing_is_missing_one_may_go_live(home: Path) -> None:
    with ready(home) as (_, url):
        document = examine(Patient(home, NAME, go_live=True, base_url=url))
    wrong = [one for one in document["checks"] if one["state"] not in ("ok", "skipped")]
    assert [one["name"] for one in wrong] == ["mail", "watchdog"], wrong
    assert document["ok"]


def no_certificate(home: Path) -> None:
    shutil.rmtree(home / "state" / "certificates")


def made_up_certificate(home: Path) -> None:
    folder = CertificateFolder.of(home)
    (filed,) = folder.all()
    assert filed.certificate is not None
    made_up = {pair: replace(one, venue="synthetic") for pair, one in filed.certificate.candles.items()}
    folder.remove(filed.certificate.name)
    folder.save(replace(filed.certificate, candles=made_up))


def old_drills(home: Path) -> None:
    path = home / "state" / NAME / "drills.json"
    path.write_text(path.read_text().replace('"code_hash": "', '"code_hash": "0'))


def failed_drills(home: Path) -> None:
    path = home / "state" / NAME / "drills.json"
    path.write_text(path.read_text().replace('"passed": true', '"passed": false'))


def no_drills(home: Path) -> None:
    (home / "state" / NAME / "drills.json").unlink()


def little_paper(home: Path) -> None:
    shutil.rmtree(home / "state" / "paper")
    papered(home, SystemClock().now_ms(), 29)


def no_keys(home: Path) -> None:
    (home / ".env").unlink()


def open_keys(home: Path) -> None:
    (home / ".env").chmod(0o644)


def switch(home: Path) -> None:
    kill_switch.halt_first(home / "state", "fire")


def latch(home: Path) -> None:
    Halts(home / "state" / NAME, SystemClock()).latch("drawdown", Latch("halted", "too much", 1))


def stopped(home: Path) -> None:
    Halts(home / "state" / NAME, SystemClock()).stop("holidays")


def bad_settings(home: Path) -> None:
    (home / "vigie.toml").write_text((home / "vigie.toml").read_text() + "[wach]\n")


def no_mail(home: Path) -> None:
    text = (home / "vigie.toml").read_text()
    (home / "vigie.toml").write_text(text.partition("[mail]")[0])


def wrong_mail(home: Path) -> None:
    (home / "vigie.toml").write_text((home / "vigie.toml").read_text().replace("[mail]", "[mail]\nhots = 1"))


def bad_journal(home: Path) -> None:
    path = home / "state" / NAME / "journal"
    path.mkdir(parents=True)
    (path / "2025-06.jsonl").write_text("{}\n")


def full(home: Path) -> None:
    text = "[watch]\ndisk_low_mb = 900000000\ndisk_critical_mb = 900000000\n"
    (home / "vigie.toml").write_text((home / "vigie.toml").read_text() + text)


@pytest.mark.parametrize(
    ("spoil", "check", "always"),
    [
        (no_certificate, "certificate", True),
        (made_up_certificate, "certificate", True),
        (old_drills, "drills", False),
        (failed_drills, "drills", False),
        (no_drills, "drills", False),
        (little_paper, "paper history", False),
        (no_keys, "keys", True),
        (open_keys, "permissions", True),
        (switch, "halt of all", False),
        (latch, "own latches", False),
        (stopped, "stopped", False),
        (bad_settings, "settings", True),
        (bad_journal, "journal", True),
        (no_mail, "mail", False),
        (wrong_mail, "mail", True),
        (full, "disk", True),
    ],
)
def test_each_thing_that_is_missing_keeps_one_from_going_live(
    home: Path, spoil: Callable[[Path], None], check: str, always: bool
) -> None:
    with ready(home) as (_, url):
        spoil(home)
        document = examine(Patient(home, NAME, go_live=True, base_url=url))
        looked = examine(Patient(home, NAME, base_url=url))
    assert states(document)[check] == "fail"
    assert not document["ok"]
    assert states(looked)[check] == ("fail" if always else "look")


def test_a_clock_that_is_wrong_is_told_with_its_error(home: Path) -> None:
    with ready(home, skew_s=-30) as (_, url):
        document = examine(Patient(home, NAME, go_live=True, base_url=url))
    (clock,) = [one for one in document["checks"] if one["name"] == "clock"]
    assert clock["state"] == "fail"
    assert float(clock["text"].split()[0]) == pytest.approx(-30, abs=1.5)


def test_the_exit_code_is_three(vigie: Vigie, home: Path) -> None:
    with ready(home) as (_, url):
        assert vigie("doctor", "--go-live", "--base-url", url).code == 0
        no_drills(home)
        said = vigie("doctor", "--go-live", "--base-url", url)
    assert said.code == 3
    assert "live-main: not ready to go live" in said.out
