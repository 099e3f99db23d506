"""Backups: taken while an engine writes, checked to the last line, and a restored account is halted."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import threading
import time
from pathlib import Path

import pytest

from tests.fakes.accounts import AT
from tests.fakes.accounts_on_disk import HOUR, PROTECTED, begun, marked
from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from tests.fakes.live_markets import NAME, LiveHouse, exchange, sample
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage import kill_switch
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import verify
from vigie.app.backup.create import BackupRequest, create, verified
from vigie.app.backup.restore import RestoreRequest, restore
from vigie.app.control.reconciling import ReconcileRequest, reconcile
from vigie.app.status.standing import look
from vigie.app.wiring import Place
from vigie.domain import events as e
from vigie.domain.errors import AccountLocked, CheckFailed, ConfigError, DataError
from vigie.domain.holdings import Latch
from vigie.domain.order import Leg

LATCH = Latch("halted", "too much is lost", AT)


def lived(home: Path, events: int = 0) -> Path:
    more = [marked(AT + number * HOUR) for number in range(events)]
    folder = begun(home, events=(*PROTECTED, marked(), *more))
    Halts(folder, SystemClock()).latch("drawdown", LATCH)
    return folder


def made(home: Path, **words: object) -> Path:
    return Path(create(BackupRequest(home, **words))["file"])  # type: ignore[arg-type]


def names(file: Path) -> set[str]:
    with tarfile.open(file) as tar:
        return set(tar.getnames())


# --- what is in it ------------------------------------------------------------------------------------------------


def test_it_holds_what_cannot_be_had_again_and_no_keys(home: Path) -> None:
    folder = lived(home)
    (home / "vigie.toml").write_text("[accounts.paper]\n")
    (home / ".env").touch(0o600)
    (home / ".env").write_text("VIGIE_BINANCE_API_KEY=hunter2\n")
    (home / "strategies").mkdir()
    (home / "strategies" / "mine.py").write_text("X = 1\n")
    (home / "state" / "trials.jsonl").write_text("{}\n")
    (home / "state" / "certificates").mkdir()
    (home / "state" / "certificates" / "one.json").write_text("{}")
    (home / "state" / "candles").mkdir()
    (home / "state" / "candles" / "big.parquet").write_text("x")
    (folder / "reserve").write_bytes(b"noise")
    file = made(home)
    assert names(file) == {
        "manifest.json", "home/vigie.toml", "home/strategies/mine.py", "state/trials.jsonl",
        "state/certificates/one.json", "state/paper/journal/2025-06.jsonl", "state/paper/state.json",
        "state/paper/halts.json",
    }  # fmt: skip
    assert b"hunter2" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert "home/.env" in names(made(home, with_env=True))


def test_a_line_that_is_being_written_is_left_out(home: Path) -> None:
    folder = lived(home)
    (segment,) = (folder / "journal").iterdir()
    with segment.open("ab") as file:
        file.write(b'{"seq":99,"at')
    whole = verify(folder / "journal").last_seq
    said = verified(made(home))
    assert said["ok"]
    assert said["accounts"][0]["last_seq"] == whole


def test_a_snapshot_that_knows_more_than_the_journal_stays_out(home: Path) -> None:
    folder = lived(home, events=3)
    (segment,) = (folder / "journal").iterdir()
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-2]))
    assert "state/paper/state.json" not in names(made(home))


def test_a_broken_chain_is_kept_and_told_and_costs_no_older_backup(vigie: Vigie, home: Path) -> None:
    folder = lived(home)
    good = made(home, keep=1)
    (segment,) = (folder / "journal").iterdir()
    segment.write_bytes(segment.read_bytes().replace(b'"account":"paper","mode"', b'"account":"other","mode"'))
    said = vigie("backup", "create", "--keep-last", "1")
    assert said.code == 3
    assert "line 2" in said.out
    assert "URGENT: the backup holds a journal that is damaged" in said.err
    assert good.exists()
    assert len(list((home / "backups").iterdir())) == 2


def test_only_so_many_are_kept_and_those_of_one_account_are_another_kind(home: Path) -> None:
    lived(home)
    strange = home / "backups" / "vigie-mine.tar.gz"
    strange.parent.mkdir()
    strange.write_text("not ours")
    single = made(home, account="paper")
    files = [made(home, keep=3) for _ in range(5)]
    assert [one.exists() for one in files] == [False, False, True, True, True]
    assert single.exists()
    assert strange.exists()


def test_a_backup_that_cannot_be_written_is_told(vigie: Vigie, home: Path) -> None:
    lived(home)
    (home / "backups").write_text("a file where the folder should be")
    said = vigie("backup", "create")
    assert said.code == 1
    assert "URGENT: the backup failed" in said.err


def test_without_an_account_there_is_nothing_to_keep(vigie: Vigie, home: Path) -> None:
    assert vigie("backup", "create").code == 78
    lived(home)
    assert vigie("backup", "create", "--account", "papr").code == 78


# --- what it is worth ---------------------------------------------------------------------------------------------


def test_verify_says_what_an_archive_holds(vigie: Vigie, home: Path) -> None:
    lived(home)
    file = made(home)
    said = vigie("backup", "verify", str(file))
    assert said.code == 0
    assert "whole" in said.out
    assert "journal up to line" in said.out


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_one_byte_that_changed_is_found(home: Path, at: float) -> None:
    lived(home)
    file = made(home)
    raw = bytearray(file.read_bytes())
    raw[round(len(raw) * at)] ^= 0x55
    file.write_bytes(raw)
    with pytest.raises(DataError):
        verified(file)


@pytest.mark.parametrize("name", ["../outside", "/outside", "state/paper/halts.json"])
def test_names_that_lead_elsewhere_or_come_twice_are_refused(home: Path, tmp_path: Path, name: str) -> None:
    lived(home)
    file, forged = made(home), tmp_path / "forged.tar.gz"
    with tarfile.open(file) as old, tarfile.open(forged, "w:gz") as new:
        for member in old:
            new.addfile(member, old.extractfile(member))
        new.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(DataError, match="may not be in it"):
        verified(forged)
    assert not (tmp_path.parent / "outside").exists()


def test_a_link_is_refused(home: Path, tmp_path: Path) -> None:
    forged = tmp_path / "forged.tar.gz"
    with tarfile.open(forged, "w:gz") as new:
        link = tarfile.TarInfo("state/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        new.addfile(link)
    with pytest.raises(DataError, match="may not be in it"):
        verified(forged)


def test_what_is_no_archive_is_said_in_one_sentence(vigie: Vigie, home: Path) -> None:
    (home / "a.tar.gz").write_text("hello")
    assert vigie("backup", "verify", str(home / "a.tar.gz")).code == 65
    assert vigie("backup", "verify", str(home / "b.tar.gz")).code == 65


# --- and back -----------------------------------------------------------------------------------------------------


def test_a_restored_account_is_the_same_and_halted(vigie: Vigie, home: Path) -> None:
    folder = lived(home)
    before = look(home, "paper")
    file = made(home)
    shutil.rmtree(folder)
    began = time.monotonic()
    said = vigie("backup", "restore", str(file))
    assert said.code == 0, said.err
    assert time.monotonic() - began < 60
    after = look(home, "paper")
    assert after.portfolio == before.portfolio
    assert after.last_seq == before.last_seq
    assert after.latches["drawdown"] == LATCH
    assert after.latches["restored"].mode == "halted"
    assert "vigie reconcile" in said.out


def test_latches_and_the_kill_switch_of_both_sides_are_kept(home: Path) -> None:
    folder = lived(home)
    kill_switch.halt_first(home / "state", "fire")
    file = made(home)
    kill_switch.lift(home / "state")
    halts = Halts(folder, SystemClock())
    halts.lift("drawdown")
    halts.latch("person", Latch("halted", "mine", AT))
    halts.stop("holidays")
    restore(RestoreRequest(home, file))
    assert set(halts.latches()) == {"drawdown", "person", "restored"}
    assert "holidays" in str(halts.stopped())
    assert "fire" in str(kill_switch.reason_to_halt(home / "state"))


def test_a_kill_switch_that_is_a_folder_comes_back_as_a_halt(home: Path) -> None:
    lived(home)
    (home / "state" / ".halt_trading").mkdir()
    file = made(home)
    (home / "state" / ".halt_trading").rmdir()
    restore(RestoreRequest(home, file))
    assert kill_switch.reason_to_halt(home / "state") is not None


def test_latches_that_cannot_be_read_come_back_as_a_halt(home: Path) -> None:
    folder = lived(home)
    (folder / "halts.json").write_text("{}")
    file = made(home)
    shutil.rmtree(folder)
    restore(RestoreRequest(home, file))
    assert set(Halts(folder, SystemClock()).latches()) == {"unreadable", "restored"}


def test_over_a_running_engine_nothing_is_done(vigie: Vigie, home: Path) -> None:
    folder = lived(home)
    file = made(home)
    with AccountLock.take(folder, SystemClock()):
        before = sorted(path.name for path in folder.iterdir())
        with pytest.raises(AccountLocked):
            restore(RestoreRequest(home, file))
        assert sorted(path.name for path in folder.iterdir()) == before
        assert "restored" not in Halts(folder, SystemClock()).latches()


@pytest.mark.parametrize("how", ["a later line", "another history", "a heartbeat that knows more", "damage"])
def test_over_an_account_that_knows_more_nothing_is_done(home: Path, how: str) -> None:
    folder = lived(home)
    file = made(home)
    (segment,) = (folder / "journal").iterdir()
    if how == "a later line":
        with JsonlJournal(folder / "journal", "paper", FakeClock(AT + 2 * HOUR)) as journal:
            journal.append([e.AlertRaised("disk", "is nearly full")])
            journal.sync()
    elif how == "another history":
        shutil.rmtree(folder)
        begun(home, events=PROTECTED, at=AT + 7 * HOUR)
    elif how == "a heartbeat that knows more":
        (folder / "heartbeat.json").write_text(json.dumps({"pid": 1, "at": AT, "facts": {"seq": 10_000}}))
    else:
        segment.write_bytes(segment.read_bytes().replace(b'"account":"paper","mode"', b'"account":"other","mode"'))
    before = verify(folder / "journal")
    with pytest.raises(CheckFailed, match="away first if the archive"):
        restore(RestoreRequest(home, file))
    assert verify(folder / "journal") == before


def test_an_older_account_is_moved_aside_and_nothing_of_the_home_is_overwritten(home: Path) -> None:
    folder = lived(home)
    (home / "vigie.toml").write_text("[accounts.paper]\n# old\n")
    file = made(home)
    (home / "vigie.toml").write_text("[accounts.paper]\n# new\n")
    said = restore(RestoreRequest(home, file))
    assert "new" in (home / "vigie.toml").read_text()
    assert said["left"] == ["vigie.toml"]
    aside = Path(said["accounts"][0]["aside"])
    assert verify(aside / "journal").last_seq == verify(folder / "journal").last_seq
    with pytest.raises(ConfigError, match="no account 'live-main'"):
        restore(RestoreRequest(home, file, "live-main"))


@pytest.mark.long
def test_taken_while_a_live_engine_writes_it_comes_back_trades_nothing_and_agrees_with_the_exchange(
    home: Path, tmp_path: Path
) -> None:
    series = sample(4)
    with exchange(series) as ex:
        house = LiveHouse.built(home, ex, series)
        archives: list[dict[str, object]] = []
        over = threading.Event()

        def keep() -> None:
            while not over.is_set():
                archives.append(create(BackupRequest(home, keep=1000)))

        keeper = threading.Thread(target=keep)
        try:
            house.run(36, each=lambda number: keeper.start() if number == 2 else None)
        finally:
            over.set()
            keeper.join()
        assert len(archives) > 3
        lines = [one["accounts"][0]["last_seq"] for one in archives]  # type: ignore[index]
        assert len(set(lines)) > 2, "the engine wrote meanwhile"
        assert all(verified(Path(str(one["file"])))["ok"] for one in archives)

        last = create(BackupRequest(home, with_env=True))
        shutil.rmtree(home / "state" / NAME)
        began = time.monotonic()
        restore(RestoreRequest(home, Path(last["file"])))
        assert time.monotonic() - began < 60
        bought = len(planned(house, Leg.ENTRY))
        house.run(24)
        assert len(planned(house, Leg.ENTRY)) == bought, "halted"
        assert [one for one in house.problems if "reconcile" in one] == []
        found = reconcile(ReconcileRequest(home, NAME, understood=NAME, place=Place(ex.url)), clock=ex.clock)
        assert found.rows == ()


def planned(house: LiveHouse, leg: Leg) -> list[object]:
    return [one for one in house.lines() if isinstance(one.event, e.IntentPlanned) and one.event.intent.leg is leg]
