"""The read model of a running account is where the journal is after every tick, and hinders nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.command_line import candles
from vigie.adapters.storage.journal_files import verify
from vigie.adapters.storage.read_model import READ_MODEL, reading
from vigie.app.settings import AccountSettings
from vigie.app.trading.replay import ReplayRequest, ReplayResult, run_replay, understood
from vigie.app.wiring import Replay

__all__ = ["candles"]

FROM = 1_579_478_400_000  # 2020-01-20
DAY = 86_400_000
Watch = Callable[[Replay], None]


def replay(
    home: Path, candles: Path, *, days: int = 3, watch: Watch = lambda _: None, said: list[str] | None = None
) -> ReplayResult:
    request = ReplayRequest(home, AccountSettings("replay-1"), candles, start_ms=FROM, end_ms=FROM + days * DAY)
    return run_replay(understood(request), report=lambda _: None if said is None else said.append(_), watch=watch)


def seen(home: Path) -> int:
    with reading(home / "state" / "replay-1" / READ_MODEL) as connection:
        return int(connection.execute("select last_seq from progress").fetchone()[0])


def test_after_every_tick_it_is_where_the_journal_is(tmp_path: Path, candles: Path) -> None:
    behind: list[int] = []
    done = replay(tmp_path, candles, watch=lambda one: behind.append(one.journal.last_seq - seen(tmp_path)))
    assert behind == [0] * 72
    assert seen(tmp_path) == done.last_seq, "the end of the run too"
    with reading(tmp_path / "state" / "replay-1" / READ_MODEL) as connection:
        (cycles,) = connection.execute("select count(*) from cycles").fetchone()
    assert cycles == 72


def test_lines_that_another_process_wrote_meanwhile_are_caught_up_with(tmp_path: Path, candles: Path) -> None:
    replay(tmp_path, candles, days=1)
    folder = tmp_path / "state" / "replay-1"
    shutil.copy(folder / READ_MODEL, tmp_path / "old.db")
    replay(tmp_path, candles, days=2)
    shutil.copy(tmp_path / "old.db", folder / READ_MODEL)
    done = replay(tmp_path, candles, days=3)
    assert seen(tmp_path) == done.last_seq


@pytest.mark.parametrize("thing", [pytest.param("a folder", marks=pytest.mark.long), "nonsense"])
def test_whatever_is_wrong_with_it_the_same_is_traded_and_it_is_told_once(
    tmp_path: Path, candles: Path, thing: str
) -> None:
    whole, hindered = tmp_path / "whole", tmp_path / "hindered"
    for home in (whole, hindered):
        replay(home, candles, days=1)
    replay(whole, candles)
    path = hindered / "state" / "replay-1" / READ_MODEL
    path.unlink()
    path.mkdir() if thing == "a folder" else path.write_text("nonsense " * 1000)
    said: list[str] = []
    done = replay(hindered, candles, said=said)
    assert done.problems == ()
    assert len([one for one in said if READ_MODEL in one]) == 1
    assert verify(hindered / "state" / "replay-1" / "journal").last_hash == (
        verify(whole / "state" / "replay-1" / "journal").last_hash
    ), "line by line the same"
    if thing == "nonsense":
        assert seen(hindered) == done.last_seq
