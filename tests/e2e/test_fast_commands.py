"""What steers an account and looks at it is there at once, whatever the length of its journal, without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.accounts import AT, BTC
from tests.fakes.accounts_on_disk import PROTECTED, begun, marked
from tests.fakes.clock import FakeClock
from vigie.adapters.storage.halts import Halts
from vigie.domain import events as e
from vigie.domain.holdings import Latch

LINES = 100_000
SECONDS = 0.3
TRIES = 15
HEAVY = {
    "numpy", "pandas", "numba", "scipy", "ta", "ccxt", "pyarrow", "plotly", "dask", "optuna", "sqlite_utils", "rich",
    "sqlite3", "asyncio", "ssl", "http", "requests", "aiohttp", "urllib3", "apscheduler",
}  # fmt: skip
LOOKING = (
    "status",
    "status --json",
    "healthcheck",
    "journal",
    "journal --json --kind fill",
    "journal --pair BTC/USDT",
    "journal trades",
    "journal show 7",
)
STEERING = (
    "halt --reason storm",
    "halt --account paper --liquidate --cancel-entries",
    "pause",
    "resume --confirm {code}",
    "close BTC/USDT",
    "stop",
    "start",
)
PAUSE = "pause"
"""The latch that stands before each command, so that there is something to resume."""

ALONE = """
import sys
def watch(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        raise RuntimeError(f"the network: {event} {args}")
sys.addaudithook(watch)
from cli.main import run
code = run(sys.argv[1:])
sys.stderr.write("\\n" + " ".join({name.partition(".")[0] for name in sys.modules}))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def long_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An account with 100,000 lines behind it, the run's own at their beginning."""
    home = tmp_path_factory.mktemp("long")
    dull = e.Decided(BTC, AT, "none", "no cross", "a" * 16, {"close": 104.0, "ema_fast": 1.5, "ema_slow": 1.25})
    begun(home, events=(*PROTECTED, *[dull] * LINES, marked()))
    return home


def code_of(home: Path) -> str:
    """Halts the account, and tells what would lift that."""
    from vigie.app.status.standing import look

    Halts(home / "state" / "paper", FakeClock(AT)).latch(PAUSE, Latch("reduce-only", "news", AT))
    return look(home, "paper").code


def called(home: Path, words: str, script: str) -> subprocess.CompletedProcess[str]:
    # Where nobody may keep what was compiled, each start compiles everything anew: not what is measured here.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        [sys.executable, "-c", script, *words.split()],
        capture_output=True,
        text=True,
        env=kept | {"VIGIE_HOME": str(home)},
        check=False,
    )


@pytest.mark.parametrize("words", [*LOOKING, *STEERING])
def test_it_imports_nothing_heavy_and_asks_no_network(tmp_path: Path, words: str) -> None:
    begun(tmp_path)
    words = words.format(code=code_of(tmp_path))
    done = called(tmp_path, words, ALONE)
    assert done.returncode in (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    loaded = set(done.stderr.rpartition("\n")[2].split())
    assert "vigie" in loaded, "the list is that of the whole run"
    assert not loaded & HEAVY


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Windows does not count the time of children")
@pytest.mark.parametrize("words", [*LOOKING, *STEERING])
def test_with_a_hundred_thousand_lines_it_takes_less_than_three_tenths_of_a_second(
    long_home: Path, tmp_path: Path, words: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(long_home, home)
    taken = [float("inf")]
    while min(taken) >= SECONDS and len(taken) <= TRIES:
        text = words.format(code=code_of(home))
        before = os.times()
        done = called(home, text, "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))")
        after = os.times()
        assert done.returncode in (0, 3), done.stderr
        # Seconds of work, not of waiting, and one quick time will do: a machine that is busy otherwise is no defect.
        taken.append(sum(after[2:4]) - sum(before[2:4]))
    assert min(taken) < SECONDS
