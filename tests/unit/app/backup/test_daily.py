"""The daily backup: when it is due, who does it, and that nobody waits for it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.accounts_on_disk import begun
from tests.fakes.clock import FakeClock
from tests.fakes.engine_ports import CollectedAlerts
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.locks import locked
from vigie.app.backup.daily import LOCK, Daily, due, run_daily
from vigie.app.backup.outcome import FILE, Outcome, read_outcome, write_outcome
from vigie.app.backup.settings import BackupSettings, backup_settings
from vigie.app.status.document import status
from vigie.app.trading.guards import Troubles
from vigie.app.watch.checkup.patient import Patient
from vigie.app.watch.checkup.watchers import backups
from vigie.domain.errors import ConfigError
from vigie.ports.alerts import OVER
from vigie.reporting.status import status_rows

HOUR, DAY = 3_600_000, 86_400_000
DAILY = BackupSettings()


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOW = at("2026-03-10 03:00")
GOOD = Outcome("paper", NOW - DAY, NOW - DAY + 1000, NOW - DAY + 1000, "vigie-a.tar.gz")


@pytest.mark.parametrize(
    ("last", "now", "wanted"),
    [
        (GOOD, NOW, True),
        (GOOD, NOW - 1, False),
        (replace(GOOD, ended_at=NOW + 1), NOW + DAY - 1, False),
        (replace(GOOD, started_at=NOW - 40 * DAY, ended_at=NOW - 40 * DAY), NOW - 1, True),
        (replace(GOOD, problems={"backup": "no room"}), NOW - 1, True),
        (replace(GOOD, started_at=NOW - HOUR + 1, problems={"backup": "no room"}), NOW, False),
        (replace(GOOD, started_at=NOW - HOUR + 1, ended_at=None), NOW, False),
        (replace(GOOD, started_at=NOW - HOUR, ended_at=None), NOW, True),
        (replace(GOOD, started_at=NOW + 5 * HOUR), NOW, True),
        (None, NOW, False),
        (None, NOW + HOUR, True),
    ],
    ids=[
        "its hour has come", "its hour has not come", "done today", "a machine that was off for weeks",
        "failed: again", "failed: not at once", "under way", "was ended", "the clock was set back",
        "a new home", "a new home after an hour",
    ],
)  # fmt: skip
def test_it_is_due_once_a_day_and_an_hour_after_it_failed(last: Outcome | None, now: int, wanted: bool) -> None:
    assert due(DAILY, last, now, since=NOW) is wanted
    assert not due(BackupSettings(daily=False, logs_days=0), last, now, since=NOW)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("backup = 3", "must be a table"),
        ("[backup]\nhuor = 3", "unknown key 'huor'; did you mean 'hour'?"),
        ('[backup]\ndaily = "yes"', "daily must be true or false"),
        ("[backup]\nhour = 24", "hour must be a whole number, 0 to 23"),
        ("[backup]\nkeep = 0", "keep must be a whole number, 1 to"),
        ("[backup]\nlogs_days = 1.5", "logs_days must be a whole number"),
    ],
)
def test_settings_that_mean_nothing_are_told(tmp_path: Path, table: str, words: str) -> None:
    (tmp_path / "vigie.toml").write_text(table)
    with pytest.raises(ConfigError) as told:
        backup_settings(tmp_path)
    assert words in str(told.value)


def test_what_is_not_said_is_a_backup_at_three_and_logs_of_thirty_days(tmp_path: Path) -> None:
    assert backup_settings(tmp_path) == BackupSettings(daily=True, hour=3, keep=14, logs_days=30)


# --- doing it ---------------------------------------------------------------------------------------------------------


def old_log(home: Path) -> Path:
    path = home / "logs" / "backtest" / "sweep.log"
    path.parent.mkdir(parents=True)
    path.write_text("long ago\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    return path


def test_a_backup_is_taken_the_oldest_go_and_old_logs_are_packed(tmp_path: Path) -> None:
    begun(tmp_path)
    log, clock = old_log(tmp_path), FakeClock(NOW)
    for _ in range(3):
        done = run_daily(tmp_path, "paper", replace(DAILY, keep=2), clock)
        clock.at_ms += DAY
        time.sleep(0.002)  # names are instants of the machine's own clock
    assert done is not None
    assert (done.problems, done.succeeded_at) == ({}, NOW + 2 * DAY)
    assert read_outcome(tmp_path) == done
    kept = sorted(one.name for one in (tmp_path / "backups").iterdir())
    assert (len(kept), kept[-1]) == (2, done.file)
    assert not log.exists()
    assert len(list((tmp_path / "logs" / "archives").rglob("*.gz"))) == 1


def test_of_two_processes_that_find_it_due_one_does_it(tmp_path: Path) -> None:
    begun(tmp_path)
    clock = FakeClock(NOW)
    with locked(tmp_path / "state" / LOCK):
        assert run_daily(tmp_path, "paper", DAILY, clock) is None
    assert run_daily(tmp_path, "paper", DAILY, clock) is not None
    assert run_daily(tmp_path, "live-main", DAILY, clock) is None, "it has just been done"
    assert len(list((tmp_path / "backups").iterdir())) == 1


def test_what_fails_is_written_down_and_the_last_good_one_stays_known(tmp_path: Path) -> None:
    begun(tmp_path)
    write_outcome(tmp_path, GOOD)
    (tmp_path / "backups").write_text("a file where the folder should be")
    old_log(tmp_path)
    (tmp_path / "logs" / "archives").write_text("here too")
    done = run_daily(tmp_path, "paper", DAILY, FakeClock(NOW))
    assert done is not None
    assert (done.file, done.succeeded_at) == (GOOD.file, GOOD.succeeded_at)
    assert done.problems["backup"].startswith("the daily backup failed: ")
    assert done.problems["archive"].startswith("old logs cannot be packed away: ")
    document = status(tmp_path, "paper")
    assert document["backup"]["problems"] == list(done.problems.values())
    said = [row.text for row in status_rows(document) if row.text.startswith("the daily")]
    assert said == [done.problems["backup"]]
    check = backups(Patient(tmp_path, "paper"))
    assert (check.state, done.problems["archive"] in check.text) == ("look", True)


def test_what_a_killed_backup_left_is_removed_a_day_later(tmp_path: Path) -> None:
    begun(tmp_path)
    old, fresh = tmp_path / "backups/.stage-old", tmp_path / "backups/.stage-fresh"
    for one in (old, fresh):
        one.mkdir(parents=True)
        (one / "half").write_text("x")
    os.utime(old, (1_000_000_000, 1_000_000_000))
    run_daily(tmp_path, "paper", DAILY, FakeClock(NOW))
    assert (old.exists(), fresh.exists()) == (False, True)


@pytest.mark.parametrize("text", ["", "[]", '{"account": "paper"}', '{"account": "paper", "started_at": "now"}'])
def test_an_outcome_that_says_nothing_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE).write_text(text)
    assert read_outcome(tmp_path) is None


# --- beside an engine -------------------------------------------------------------------------------------------------


@contextmanager
def looking(home: Path, script: str, clock: FakeClock | None = None) -> Iterator[tuple[Daily, Troubles, FakeClock]]:
    """A process that trades, whose child runs a script instead."""
    (home / "state").mkdir(exist_ok=True)
    time_, troubles = clock or FakeClock(NOW), Troubles(CollectedAlerts())
    daily = Daily(home, "paper", DAILY, time_, program=(sys.executable, "-c", script))
    try:
        yield daily, troubles, time_
    finally:
        daily.close()


def until(holds: Callable[[], object], each: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + 60.0
    while not holds():
        assert time.monotonic() < end
        each()
        time.sleep(0.02)


MARK = "import sys, pathlib; open(pathlib.Path(sys.argv[1]) / 'calls', 'a').write(sys.argv[2] + chr(10));"


def test_a_look_starts_it_when_it_is_due_and_waits_for_nothing(tmp_path: Path) -> None:
    write_outcome(tmp_path, GOOD)
    with looking(tmp_path, f"{MARK} import time; time.sleep(60)") as (daily, troubles, clock):
        began = time.monotonic()
        for _ in range(50):
            daily.look(troubles)
        assert time.monotonic() - began < 2.0
        until((tmp_path / "calls").exists)
        clock.at_ms += HOUR // 2
        daily.look(troubles)
        assert (tmp_path / "calls").read_text() == "paper\n", "one is under way"
    assert troubles.now == {}


def test_one_that_hangs_is_ended_after_an_hour_and_told(tmp_path: Path) -> None:
    write_outcome(tmp_path, GOOD)
    with looking(tmp_path, "import time; time.sleep(600)") as (daily, troubles, clock):
        daily.look(troubles)
        clock.at_ms += HOUR
        until(lambda: "backup" in troubles.now, lambda: daily.look(troubles))
    assert "ended with -9" in troubles.now["backup"]


def test_one_that_dies_without_a_word_is_told_once_and_tried_again_in_an_hour(tmp_path: Path) -> None:
    write_outcome(tmp_path, GOOD)
    with looking(tmp_path, f"{MARK} sys.exit(7)") as (daily, troubles, clock):
        until(lambda: "backup" in troubles.now, lambda: daily.look(troubles))
        for _ in range(20):
            daily.look(troubles)
        assert (tmp_path / "calls").read_text().count("paper") == 1
        clock.at_ms += HOUR
        until(lambda: (tmp_path / "calls").read_text().count("paper") == 2, lambda: daily.look(troubles))
        write_outcome(tmp_path, Outcome("live-main", clock.now_ms() + 1, clock.now_ms() + 2))
        until(lambda: not troubles.now, lambda: daily.look(troubles))
    alerts = troubles.alerts
    assert isinstance(alerts, CollectedAlerts)
    assert [one.topic for one in alerts.told] == ["backup", f"backup{OVER}"], "another one has had it done"
    assert "ended with 7" in alerts.told[0].text


def test_what_failed_is_told_by_the_account_that_had_it_done_until_it_is_done_again(tmp_path: Path) -> None:
    failed = replace(GOOD, started_at=NOW, ended_at=NOW, problems={"backup": "the daily backup failed: no room"})
    with looking(tmp_path, "pass") as (daily, troubles, _):
        write_outcome(tmp_path, replace(failed, account="live-main"))
        daily.look(troubles)
        assert troubles.now == {}, "the other one tells it"
        write_outcome(tmp_path, failed)
        for _ in range(3):
            daily.look(troubles)
        write_outcome(tmp_path, replace(failed, problems={}))
        daily.look(troubles)
    alerts = troubles.alerts
    assert isinstance(alerts, CollectedAlerts)
    assert [(one.topic, one.text) for one in alerts.told][:1] == [("backup", "the daily backup failed: no room")]
    assert len(alerts.told) == 2


def test_where_the_disk_is_short_nothing_is_started(tmp_path: Path) -> None:
    write_outcome(tmp_path, GOOD)
    with looking(tmp_path, MARK) as (daily, troubles, _):
        troubles.say("disk-critical", "no room")
        daily.look(troubles)
        assert daily._child is None


def test_an_end_ends_it_and_the_half_of_a_backup_is_gone(tmp_path: Path) -> None:
    script = (
        "import sys, time; from tempfile import TemporaryDirectory; import vigie.app.backup.daily as d;"
        "d.step_back = lambda: None\n"
        "def slow(home, *_):\n"
        "    with TemporaryDirectory(dir=home, prefix='.stage-') as name:\n"
        "        open(home / 'there', 'w').close(); time.sleep(600)\n"
        "d.run_daily = slow; d.main()"
    )
    write_outcome(tmp_path, GOOD)
    with looking(tmp_path, script) as (daily, troubles, _):
        daily.look(troubles)
        until((tmp_path / "there").exists)
        assert list(tmp_path.glob(".stage-*"))
    assert list(tmp_path.glob(".stage-*")) == []


def test_the_child_is_ourselves_knows_no_keys_of_venues_and_steps_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(tmp_path)
    monkeypatch.setenv("VIGIE_LIVE_MAIN_API_SECRET", "hush")
    clock = SystemClock()
    long_ago = clock.now_ms() - 3 * DAY
    write_outcome(tmp_path, replace(GOOD, started_at=long_ago, ended_at=long_ago, succeeded_at=long_ago))
    daily, troubles = Daily(tmp_path, "paper", DAILY, clock), Troubles(CollectedAlerts())
    daily.look(troubles)
    child = daily._child
    assert child is not None
    nice = []
    environ = Path(f"/proc/{child.pid}/environ")

    def watch() -> None:
        stat = Path(f"/proc/{child.pid}/stat")
        if stat.exists():
            nice.append(int(stat.read_text().rsplit(")", 1)[1].split()[16]))

    if environ.exists():
        assert b"hush" not in environ.read_bytes()
    until(lambda: child.poll() is not None, watch)
    daily.look(troubles)
    daily.close()
    found = read_outcome(tmp_path)
    assert found is not None
    assert (found.problems, found.ended_at is not None, troubles.now) == ({}, True, {})
    assert (tmp_path / "backups" / found.file).is_file()
    assert json.loads((tmp_path / "state" / FILE).read_text())["account"] == "paper"
    if nice:
        assert max(nice) == 10
