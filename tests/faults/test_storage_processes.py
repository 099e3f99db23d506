"""Writers that are killed, disks that are full, and flushes that fail."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage import journal_files as files
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.state_file import StateFile

CHECKOUT = Path(__file__).resolve().parents[2]
HEAD = """
import errno, os, resource, signal, sys
from pathlib import Path
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.controls import FileControls
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.state_file import StateFile
from vigie.domain.events import AlertRaised
from vigie.domain.holdings import Latch
from vigie.domain.portfolio import Portfolio
folder = Path(sys.argv[1])
journal = JsonlJournal(folder / "journal", "paper", SystemClock())
store = StateFile(folder / "state.json", "paper")
def event(number): return AlertRaised("n", f"{number} " + "x" * 300)
"""
ENDLESS = """
while True:
    (entry,) = journal.append([event(journal.last_seq)])
    journal.sync()
    store.save(Portfolio(seq=entry.seq))
    print(entry.seq, flush=True)
"""
DIES_IN_MID_WRITE = """
journal.append([event(0)]); journal.sync()
whole = os.write
def some(descriptor, content):
    whole(descriptor, bytes(content)[: int(sys.argv[2])])
    os.kill(os.getpid(), signal.SIGKILL)
os.write = some
journal.append([event(1), event(2)])
"""
FULL = """
def limit(size): resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
path, = (folder / "journal").glob("*.jsonl") if journal.begun else (None,)
journal.append([event(0)]); journal.sync(); store.save(Portfolio(seq=1))
(path,) = (folder / "journal").glob("*.jsonl")
before = path.read_bytes()
controls = FileControls.of(folder.parent, folder.name, SystemClock())
controls.latch("drawdown", Latch("halted", "15 %", 1))
limit(len(before) + 100)
for _ in range(3):
    try: journal.append([event(1)])
    except OSError as error: assert error.errno == errno.EFBIG, error
    else: sys.exit("written")
    assert path.read_bytes() == before and journal.last_seq == 1
limit(50)
for work in (lambda: store.save(Portfolio(seq=2)), lambda: controls.latch("more", Latch("halted", "", 1))):
    try: work()
    except OSError as error: assert error.errno == errno.EFBIG, error
    else: sys.exit("written")
assert store.load().portfolio == Portfolio(seq=1)
assert list(controls.latches()) == ["drawdown"]
limit(resource.RLIM_INFINITY)
journal.append([event(1)]); journal.sync(); store.save(Portfolio(seq=2))
print(journal.last_seq, store.load().portfolio.seq)
"""
CANNOT_TAKE_BACK = """
journal.append([event(0)]); journal.sync()
write, cut = os.write, os.ftruncate
def half(descriptor, content):
    write(descriptor, bytes(content)[:50]); raise OSError(errno.EIO, "half")
def refused(*_): raise OSError(errno.EIO, "not cut")
os.write, os.ftruncate = half, refused
for _ in range(2):
    try: journal.append([event(1)])
    except OSError: pass
    else: sys.exit("written")
os.write, os.ftruncate = write, cut
journal.append([event(1)]); journal.sync()
print(journal.last_seq)
"""
FLUSH_FAILS = """
journal.append([event(0)]); journal.sync()
flush = os.fsync
def failing(_): raise OSError(errno.EIO, "lost")
journal.append([event(1)])
os.fsync = failing
for _ in range(2):
    try: journal.sync()
    except OSError as error: assert error.errno == errno.EIO
    else: sys.exit("believed")
    os.fsync = flush
with JsonlJournal(folder / "journal", "paper", SystemClock()) as again:
    again.append([event(2)]); again.sync()
    print(again.last_seq)
"""
UNSYNCED = """
calls = []
flush = os.fsync
os.fsync = lambda descriptor: (calls.append(os.readlink(f"/proc/self/fd/{descriptor}")), flush(descriptor))[1]
journal.append([event(0)])
calls.clear()
journal.append([event(1)]); journal.append([event(2)]); journal.sync(); journal.sync()
print([Path(one).suffix for one in calls])
calls.clear()
JsonlJournal(folder / "journal", "paper", SystemClock()).close()
print([Path(one).name[4:] for one in calls])
"""
posix = pytest.mark.skipif(os.name == "nt", reason="SIGKILL and rlimits are POSIX")


def child(script: str, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", HEAD + script, *map(str, words)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def says(script: str, *words: object) -> str:
    process = child(script, *words)
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out.strip()


@posix
def test_a_writer_killed_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    last = 0
    for life in range(5):
        writer = child(ENDLESS, tmp_path)
        assert writer.stdout is not None
        for _ in range(3 + 17 * life):
            writer.stdout.readline()
        writer.kill()
        rest, _ = writer.communicate()
        acknowledged = [int(word) for word in rest.split() if word.isdigit()]
        with JsonlJournal(tmp_path / "journal", "paper", SystemClock()) as journal:
            assert journal.last_seq >= max([*acknowledged, last + 3 + 17 * life])
            last = journal.last_seq
            assert sum(1 for _ in journal.read()) == last
        loaded = StateFile(tmp_path / "state.json", "paper").load()
        assert loaded.source == "state"
        assert loaded.portfolio is not None
        assert last - 1 <= loaded.portfolio.seq <= last


@posix
@pytest.mark.parametrize("written", [0, 1, 200, 600, 1_000_000])
def test_a_writer_killed_between_two_bytes_leaves_a_beginning_of_what_it_appended(tmp_path: Path, written: int) -> None:
    killed = child(DIES_IN_MID_WRITE, tmp_path, written)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    said: list[str] = []
    with JsonlJournal(tmp_path / "journal", "paper", FakeClock(), said.append) as journal:
        assert journal.last_seq == {0: 1, 1: 1, 200: 1, 600: 2, 1_000_000: 3}[written]
    assert len(said) == (0 if written in (0, 1_000_000) else 1)
    assert files.verify(tmp_path / "journal").bad is None


@posix
def test_on_a_full_disk_nothing_of_a_line_remains_and_the_old_files_stay(tmp_path: Path) -> None:
    assert says(FULL, tmp_path / "paper") == "2 2"
    assert files.verify(tmp_path / "paper" / "journal").bad is None
    left = {path.name for path in (tmp_path / "paper").iterdir()}
    assert left == {"journal", "state.json", "state.json.bak", "halts.json", "halts.lock"}


@posix
def test_what_could_not_be_taken_back_at_once_is_taken_back_before_the_next_line(tmp_path: Path) -> None:
    assert says(CANNOT_TAKE_BACK, tmp_path) == "2"
    assert files.verify(tmp_path / "journal").lines == 3


@posix
def test_a_flush_that_failed_is_not_believed_later(tmp_path: Path) -> None:
    assert says(FLUSH_FAILS, tmp_path) == "3"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_lines_are_flushed_together_once_and_what_an_opener_has_seen_is_flushed_too(tmp_path: Path) -> None:
    first, second = says(UNSYNCED, tmp_path).splitlines()
    assert first == "['.jsonl']"
    assert second.startswith("['-")
    assert second.endswith("nal']")
