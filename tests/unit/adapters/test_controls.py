"""What steers a running account: kill switch, latches, stopped marker, requests, heartbeat."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.storage import heartbeat, kill_switch
from vigie.adapters.storage.controls import FileControls
from vigie.adapters.storage.halts import Halts
from vigie.domain.holdings import Latch
from vigie.ports.controls import Request

CHECKOUT = Path(__file__).resolve().parents[3]
HALTED = Latch("halted", "15 % below the peak", 5)
PAUSED = Latch("reduce-only", "a person", 6, 7)
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX files")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def controls(tmp_path: Path, said: list[str]) -> FileControls:
    (tmp_path / "state" / "paper").mkdir(parents=True)
    return FileControls.of(tmp_path / "state", "paper", FakeClock(), said.append)


# --- kill switch --------------------------------------------------------------------------------------------------


def test_without_the_file_nothing_is_halted(controls: FileControls) -> None:
    assert controls.kill_switch() is None


def text(words: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(words)


@posix
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (text(b""), "is there"),
        (text(b"\n"), "is there"),
        (text(b"going\non holiday \x07"), "is there: going on holiday"),
        (text(b"\xff\xfe"), "is there: \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
        (text(b"key=hunter2"), "is there: key=***"),
        (text(b"no " * 4000), "is there: " + ("no " * 70)[:199] + "…"),
        (lambda path: path.mkdir(), "is there, as a folder"),
        (lambda path: path.symlink_to("nowhere"), "is there, and cannot be read (No such file or directory)"),
        (lambda path: path.symlink_to(path), "is there, and cannot be read (Too many levels of symbolic links)"),
        (lambda path: os.mkfifo(path), "is there, and is no ordinary file"),
    ],
)
def test_whatever_lies_there_halts_and_its_words_are_shown(
    controls: FileControls, make: Callable[[Path], object], words: str
) -> None:
    path = kill_switch.path_of(controls.state)
    make(path)
    assert controls.kill_switch() == f"{path} {words}"


@posix
def test_what_cannot_be_looked_at_halts(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder", "utf-8")
    assert "cannot be looked at (Not a directory)" in str(kill_switch.reason_to_halt(tmp_path / "state"))


NOT_ROOT = """
import os, sys
from pathlib import Path
from vigie.adapters.storage.kill_switch import reason_to_halt
os.setgroups([]); os.setuid(65534)
print(reason_to_halt(Path(sys.argv[1])))
"""


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize(("folder_mode", "words"), [(0o600, "cannot be looked at"), (0o755, "and cannot be read")])
def test_permission_denied_is_halted(folder_mode: int, words: str) -> None:
    import tempfile

    # Not below pytest's own folder, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory() as below:
        Path(below).chmod(0o755)
        state = Path(below) / "state"
        state.mkdir()
        kill_switch.halt(state, "secret reason")
        (state / kill_switch.NAME).chmod(0o600)
        state.chmod(folder_mode)
        done = subprocess.run(
            [sys.executable, "-c", NOT_ROOT, str(state)], capture_output=True, text=True, check=True, cwd=CHECKOUT
        )
        assert words in done.stdout
        assert "Permission denied" in done.stdout


def test_people_halt_and_lift(controls: FileControls) -> None:
    kill_switch.halt(controls.state, "I am \udce9 tired")
    assert str(controls.kill_switch()).endswith(r"is there: I am \udce9 tired")
    kill_switch.lift(controls.state)
    kill_switch.lift(controls.state)
    assert controls.kill_switch() is None


# --- latches ------------------------------------------------------------------------------------------------------


def test_latches_survive_and_are_lifted_by_name(controls: FileControls) -> None:
    assert controls.latches() == {}
    controls.latch("drawdown", HALTED)
    controls.latch("pause", PAUSED)
    assert Halts(controls.folder, FakeClock()).latches() == {"drawdown": HALTED, "pause": PAUSED}
    controls.lift("drawdown")
    controls.lift("never set")
    assert controls.latches() == {"pause": PAUSED}


def test_latches_set_by_two_at_once_are_all_kept(controls: FileControls) -> None:
    def latch(name: str) -> None:
        for number in range(20):
            controls.latch(f"{name}{number}", PAUSED)

    threads = [threading.Thread(target=latch, args=[name]) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(controls.latches()) == 40


def flips(path: Path) -> list[bytes]:
    raw = path.read_bytes()
    return [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(len(raw))]


def test_a_file_of_latches_that_was_touched_anywhere_is_a_halt(controls: FileControls) -> None:
    controls.latch("drawdown", HALTED)
    path = controls.halts.path
    contents = [*flips(path), b"", b"{}", b"null", path.read_bytes()[:-9], b'{"latches":{}}']
    for content in contents:
        path.write_bytes(content)
        assert list(controls.latches()) == ["unreadable"]
        assert controls.latches()["unreadable"].mode == "halted"


def test_a_latch_of_no_mode_is_a_halt(controls: FileControls) -> None:
    controls.latch("odd", Latch("asleep", "", 1))
    assert "cannot be understood" in controls.latches()["unreadable"].reason


def test_a_folder_in_place_of_the_file_is_a_halt(controls: FileControls) -> None:
    controls.halts.path.mkdir()
    assert list(controls.latches()) == ["unreadable"]
    with pytest.raises(OSError, match=r"halts\.json"):
        controls.latch("more", PAUSED)


def test_a_latch_set_over_a_damaged_file_keeps_the_halt_and_the_evidence(controls: FileControls) -> None:
    controls.halts.path.write_bytes(b"once it said drawdown")
    controls.latch("pause", PAUSED)
    assert set(controls.latches()) == {"unreadable", "pause"}
    (aside,) = controls.folder.glob("halts.json.aside-*")
    assert aside.read_bytes() == b"once it said drawdown"
    controls.lift("unreadable")
    assert controls.latches() == {"pause": PAUSED}


def test_a_person_lifts_what_cannot_be_read(controls: FileControls) -> None:
    controls.halts.path.write_bytes(b"?")
    controls.lift("drawdown")
    assert list(controls.latches()) == ["unreadable"]
    controls.lift("unreadable")
    assert controls.latches() == {}


# --- stopped ------------------------------------------------------------------------------------------------------


def test_a_deliberate_stop_is_remembered_until_it_is_taken_back(controls: FileControls) -> None:
    assert controls.halts.stopped() is None
    controls.halts.stop("maintenance")
    assert controls.halts.stopped() == "stopped 2025-06-15 15:06 UTC: maintenance"
    controls.halts.start()
    controls.halts.start()
    assert controls.halts.stopped() is None


@posix
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.touch(), "stopped"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: path.symlink_to("nowhere"), "dangling"),
    ],
)
def test_whatever_the_marker_is_it_says_stopped(
    controls: FileControls, make: Callable[[Path], object], words: str
) -> None:
    make(controls.halts.marker)
    assert words in str(controls.halts.stopped())


# --- requests -----------------------------------------------------------------------------------------------------


def test_requests_wait_in_the_order_in_which_they_were_made(controls: FileControls) -> None:
    clock = FakeClock()
    asked = []
    for kind in ("halt", "close", "resume", "pause"):
        asked.append(FileControls.of(controls.state, "paper", clock).box.ask(kind, {"pair": "BTC/USDT"}))
        clock.at_ms += 1
    assert controls.requests() == tuple(asked)
    assert asked[0] == Request(asked[0].request_id, "halt", FakeClock().now_ms(), {"pair": "BTC/USDT"})
    controls.done(asked[0])
    controls.done(asked[0])
    assert controls.requests() == tuple(asked[1:])


def test_requests_of_one_instant_are_as_many_and_keep_their_order(controls: FileControls) -> None:
    asked = [controls.box.ask("halt", {}).request_id for _ in range(50)]
    assert [one.request_id for one in controls.requests()] == asked
    assert len(controls.requests()) == 50


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 5000, b"x" * 70_000, b'{"request_id":"other"'])
def test_a_letter_that_is_none_is_put_aside_once_and_hides_no_other(
    controls: FileControls, said: list[str], content: bytes
) -> None:
    good = controls.box.ask("halt", {})
    (controls.box.folder / "0.json").write_bytes(content)
    assert controls.requests() == (good,)
    assert controls.requests() == (good,)
    assert len(said) == 1
    assert (controls.box.folder / "0.json.bad").read_bytes() == content


def test_a_copy_of_a_request_under_another_name_is_none(controls: FileControls, said: list[str]) -> None:
    good = controls.box.ask("liquidate", {})
    path = controls.box.folder / f"{good.request_id}.json"
    (controls.box.folder / "again.json").write_bytes(path.read_bytes())
    assert controls.requests() == (good,)
    assert "it calls itself" in said[0]


def test_a_letter_that_is_being_written_is_not_opened(controls: FileControls) -> None:
    controls.box.ask("halt", {})
    (controls.box.folder / ".x.json.abcd.tmp").write_bytes(b"{")
    (controls.box.folder / ".hidden.json").write_bytes(b"{")
    assert len(controls.requests()) == 1


@posix
def test_a_box_that_cannot_be_read_is_reported_and_empty(controls: FileControls, said: list[str]) -> None:
    (controls.box.folder).mkdir()
    folder = controls.box.folder / "loop.json"
    folder.symlink_to(folder)
    assert controls.requests() == ()
    assert "it is no request" in said[0]


# --- heartbeat ----------------------------------------------------------------------------------------------------


def test_a_heartbeat_tells_who_when_and_what(controls: FileControls) -> None:
    controls.beat({"cycle": 7, "where": Path("x")})
    assert heartbeat.read(controls.folder) == heartbeat.Heartbeat(
        os.getpid(), FakeClock().now_ms(), {"cycle": 7, "where": "x"}, FakeClock().now_ms()
    )
    controls.beat({})
    assert sorted(path.name for path in controls.folder.iterdir()) == ["heartbeat.json"]


def test_a_heartbeat_under_a_simulated_clock_carries_the_machines_time_too(controls: FileControls) -> None:
    replace(controls, machine=FakeClock(7)).beat({})
    found = heartbeat.read(controls.folder)
    assert found is not None
    assert (found.at, found.written_at) == (FakeClock().now_ms(), 7)


@pytest.mark.parametrize(
    "content", [None, b"", b"{}", b"[]", b"\x00" * 40, b'{"pid":1,"at":"x","facts":{}}', b'{"pid":1,"at":1,"facts":1}']
)
def test_a_heartbeat_that_cannot_be_read_is_none(controls: FileControls, content: bytes | None) -> None:
    if content is not None:
        (controls.folder / "heartbeat.json").write_bytes(content)
    assert heartbeat.read(controls.folder) is None


def test_a_heartbeat_that_cannot_be_written_is_reported_and_no_more(controls: FileControls, said: list[str]) -> None:
    (controls.folder / "heartbeat.json").mkdir()
    controls.beat({})
    assert "the heartbeat cannot be written" in said[0]
