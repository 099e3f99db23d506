from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vigie.adapters.storage.locks import locked

HOLDER = """
import sys
from pathlib import Path
from vigie.adapters.storage.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.lock"


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_kept_out_until_the_holder_is_done(path: Path) -> None:
    with holder(path) as process:
        with pytest.raises(BlockingIOError), locked(path, wait=False):
            pytest.fail("held by two at once")
        process.communicate("done\n")
    with locked(path, wait=False):
        pass


def test_the_lock_of_a_killed_process_is_free(path: Path) -> None:
    with holder(path) as process:
        process.kill()
        process.communicate()
    with locked(path, wait=False):
        pass


def test_a_process_that_waits_goes_on_when_the_holder_is_done(path: Path) -> None:
    with holder(path) as process:
        threading.Timer(0.2, process.communicate, ["done\n"]).start()
        with locked(path):
            assert process.poll() is not None or process.wait(5) == 0


def test_two_threads_of_one_process_are_kept_apart(path: Path) -> None:
    found: list[str] = []

    def intrude() -> None:
        try:
            with locked(path, wait=False):
                found.append("in")
        except BlockingIOError:
            found.append("kept out")

    with locked(path):
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()
    assert found == ["kept out"]


def test_an_error_inside_lets_go(path: Path) -> None:
    with pytest.raises(KeyError), locked(path):
        raise KeyError
    with locked(path, wait=False):
        pass
