"""Fixtures of the whole suite."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("vigie", deadline=None)
settings.load_profile("vigie")


MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes; a run leaves some hundred megabytes behind it at most."""
if "PYTEST_DEBUG_TEMPROOT" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    # Homes lie in memory where there is room for them: thousands of fsyncs and renames take half of the time on a disk,
    # and what tests look at is their order. `--basetemp FOLDER` puts them on a disk; what hangs on one brings its own.
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many a test waits for a process, a clock or a disk."""
    return (os.cpu_count() or 1) + 1


CHECKOUT = Path(__file__).resolve().parents[1]


def _candle_folder() -> Path:
    told = os.environ.get("VIGIE_TEST_CANDLES")
    return Path(told) if told else CHECKOUT.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the recorded candles where their folder is missing."""
    if _candle_folder().is_dir():
        return
    skip = pytest.mark.skip(reason="no folder of recorded candles beside the checkout")
    for item in items:
        if item.get_closest_marker("real_candles"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def candle_folder() -> Path:
    """The folder of recorded candles; the test is skipped where it is missing."""
    folder = _candle_folder()
    if not folder.is_dir():
        pytest.skip("no folder of recorded candles beside the checkout")
    return folder
