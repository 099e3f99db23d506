"""What is written for Windows alone, run through its seams: nobody here has a Windows.

Ctrl-Break: `test_signals`. The class of priority: `tests/unit/app/trading/test_reoptimise`. No sockets with names:
`test_systemd`. All others: here; docs/windows.md lists them.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest

from vigie.adapters.env_file import open_to_others
from vigie.adapters.eyes.server import by_signals
from vigie.adapters.storage import archive, kill_switch, locks
from vigie.adapters.storage.atomic import sync_folder
from vigie.app.home.create import create
from vigie.app.program import own_program
from vigie.app.watch.checkup.machine import permissions
from vigie.app.watch.checkup.patient import Patient
from vigie.research.compile import _users_cache

BINARY = 1 << 40
"""No flag of this system."""


class Msvcrt(ModuleType):
    """Locks bytes of files as Windows does: LK_NBLCK fails at once, LK_LOCK gives up after a while."""

    LK_UNLCK, LK_LOCK, LK_NBLCK = 0, 1, 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.held: set[tuple[int, int]] = set()
        self.gave_up = 0

    def locking(self, descriptor: int, mode: int, count: int) -> None:
        assert count == 1
        byte = (os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR))
        if mode == self.LK_UNLCK:
            self.held.remove(byte)
        elif byte not in self.held:
            self.held.add(byte)
        elif mode == self.LK_LOCK:
            self.gave_up += 1
            if self.gave_up == 3:
                self.held.clear()
            raise OSError(errno.EDEADLK, "gave up")
        else:
            raise OSError(errno.EACCES, "held")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, Msvcrt]:
    """The module of locks as Windows imports it."""
    system = Msvcrt()
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", system)
    assert locks.__file__ is not None
    spec = importlib.util.spec_from_file_location("locks_of_windows", locks.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, system


def test_a_lock_of_windows_keeps_others_out_and_lets_them_in_afterwards(
    there: tuple[ModuleType, Msvcrt], tmp_path: Path
) -> None:
    module, system = there
    path = tmp_path / "lock"
    path.write_text("pid 7")
    with module.locked(path, wait=False):
        ((_, offset),) = system.held
        assert offset > 1 << 20, "far behind what others want to read"
        with pytest.raises(BlockingIOError, match="locked by another process"), module.locked(path, wait=False):
            raise AssertionError("two have it")
        assert path.read_text() == "pid 7"
    assert system.held == set()
    with module.locked(path, wait=False):
        pass


def test_who_waits_for_a_lock_of_windows_waits_on_when_the_system_gives_up(
    there: tuple[ModuleType, Msvcrt], tmp_path: Path
) -> None:
    module, system = there
    first = module.hold(tmp_path / "lock")
    with module.locked(tmp_path / "lock"):
        assert system.gave_up == 3
    first.close()


def test_folders_are_not_synced_where_they_cannot_be_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(FileNotFoundError):
        sync_folder(missing)
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        sync_folder(missing)


def test_files_have_no_modes_that_tell_who_may_read_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.touch(0o644)
    path.chmod(0o644)
    assert "others may read it" in open_to_others(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        answer = open_to_others(path)
    assert answer == ""


def test_compiled_code_and_the_program_have_the_names_of_windows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "vigie.exe").touch()
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python.exe"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert _users_cache() == tmp_path / "Local" / "vigie" / "compiled"
    assert own_program() == tmp_path / "vigie.exe"


def test_the_doctor_looks_at_no_modes_of_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    patient = Patient(tmp_path, "paper")
    patient.folder.mkdir(parents=True)
    patient.folder.chmod(0o777)
    assert "everybody may write there" in permissions(patient).text
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        answer = permissions(patient)
    assert answer.state == "ok"


def test_ctrl_break_ends_the_process_of_health() -> None:
    ended: list[str] = []
    # The number of a signal that this system has stands for Ctrl-Break's.
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}
    try:
        by_signals(lambda: ended.append("ended"), {"SIGINT": 2, "SIGTERM": 15, "SIGBREAK": signal.SIGUSR1})
        signal.raise_signal(signal.SIGUSR1)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert ended == ["ended"]


def test_a_kill_switch_is_read_where_no_read_can_be_told_not_to_wait(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "O_NONBLOCK")
    (tmp_path / kill_switch.NAME).write_text("the roof is on fire", encoding="utf-8")
    assert "the roof is on fire" in str(kill_switch.reason_to_halt(tmp_path))


def test_files_are_opened_as_binary_where_that_has_to_be_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    opened = os.open

    def recorded(path: Path, flags: int, mode: int = 0o777, **rest: object) -> int:
        seen[Path(path).name] = flags
        return opened(path, flags & ~BINARY, mode)

    monkeypatch.setattr(os, "O_BINARY", BINARY, raising=False)
    monkeypatch.setattr(os, "open", recorded)
    create(tmp_path / "home")
    (tmp_path / "stage").mkdir()
    archive.pack(tmp_path / "stage", tmp_path / "a.tar.gz", {})
    monkeypatch.undo()
    for name in (".env", "vigie.toml", ".a.tar.gz.tmp"):
        assert seen[name] & BINARY, name
