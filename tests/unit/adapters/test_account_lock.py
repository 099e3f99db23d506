"""One writer per account, and everybody knows who."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.storage.account_lock import AccountLock, Holder, holder_of
from vigie.domain.errors import AccountLocked

CHECKOUT = Path(__file__).resolve().parents[3]
HOLDER = """
import sys
from pathlib import Path
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import AccountLock
with AccountLock.take(Path(sys.argv[1]), SystemClock()):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "live-a"


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_process_is_told_who_holds_the_account_since_when(folder: Path) -> None:
    with holder(folder) as process:
        clock = FakeClock()
        with pytest.raises(AccountLocked) as refused:
            AccountLock.take(folder, clock)
        who = holder_of(folder)
        assert who is not None
        assert who.pid == process.pid
        assert str(refused.value) == f"account live-a is held by {who}: one writer at a time"
        assert f"process {process.pid} on " in str(refused.value)
        assert " since 20" in str(refused.value)
        assert 0.3 < sum(clock.waits) < 1.0  # somebody may only have looked
        process.communicate("done\n")
    assert holder_of(folder) is None
    with AccountLock.take(folder, FakeClock()) as lock:
        assert lock.left_by is None


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
def test_the_lock_of_a_killed_process_is_taken_over_and_its_name_is_known(folder: Path) -> None:
    with holder(folder) as process:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert holder_of(folder) is None
    with AccountLock.take(folder, FakeClock()) as lock:
        assert lock.left_by is not None
        assert lock.left_by.pid == process.pid


def test_a_pid_that_lives_again_does_not_hold_what_its_namesake_held(folder: Path) -> None:
    folder.mkdir(parents=True)
    document = {"pid": os.getpid(), "host": "here", "since": 1, "command": "vigie"}
    (folder / "lock").write_text(json.dumps(document), "utf-8")
    with AccountLock.take(folder, FakeClock()) as lock:
        assert lock.left_by == Holder(os.getpid(), "here", 1, "vigie")


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"[1]", b"17", b'{"pid": "x"}'])
def test_a_name_that_cannot_be_read_is_no_obstacle(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "lock").write_bytes(content)
    with AccountLock.take(folder, FakeClock()) as lock:
        assert lock.left_by is None
        (folder / "lock").write_bytes(content)
        with pytest.raises(AccountLocked, match="is held by another process: one writer"):
            AccountLock.take(folder, FakeClock())


def test_two_accounts_do_not_mind_each_other(tmp_path: Path) -> None:
    with AccountLock.take(tmp_path / "a", FakeClock()), AccountLock.take(tmp_path / "b", FakeClock()):
        assert holder_of(tmp_path / "c") is None


def test_a_holder_whose_file_was_removed_or_replaced_can_find_out(folder: Path) -> None:
    with AccountLock.take(folder, FakeClock()) as lock:
        assert lock.is_held()
        lock.require()
        (folder / "lock").unlink()
        assert not lock.is_held()
        with pytest.raises(AccountLocked, match="removed or replaced"):
            lock.require()
        with AccountLock.take(folder, FakeClock()) as other:
            assert other.is_held()
            assert not lock.is_held()
    assert not lock.is_held()
    lock.release()


REPLACED = """
import fcntl, os, sys
from pathlib import Path
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import AccountLock
path, lock = Path(sys.argv[1]) / "lock", fcntl.flock
def once(*words):
    fcntl.flock = lock
    path.unlink()
    return lock(*words)
fcntl.flock = once
with AccountLock.take(path.parent, SystemClock()) as taken:
    print(taken.is_held())
"""


@pytest.mark.skipif(os.name == "nt", reason="flock is POSIX")
def test_a_file_that_is_removed_between_its_opening_and_its_locking_is_not_the_lock(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REPLACED, str(folder)], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


def test_what_dead_writers_left_half_written_is_removed(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in (".state.json.0a1b2c3d.tmp", "state.json", ".keep"):
        (folder / name).touch()
    with AccountLock.take(folder, FakeClock()):
        assert sorted(path.name for path in folder.iterdir()) == [".keep", "lock", "state.json"]
