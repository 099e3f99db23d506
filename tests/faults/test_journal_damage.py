"""Bytes of the journal and of the snapshot cut and flipped: nothing but the truth is ever read, or nothing."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.faults.corruption_cases import ACCOUNT, EVENTS, LAST, remember
from vigie.adapters.storage import journal_files as files
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.state_file import StateFile
from vigie.domain.errors import InvariantBroken
from vigie.domain.events import AlertRaised, Event


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    remember(tmp_path / ACCOUNT)
    return tmp_path / ACCOUNT


def events_of(folder: Path, said: list[str]) -> list[Event]:
    with JsonlJournal(folder / "journal", ACCOUNT, FakeClock(), said.append) as journal:
        return [entry.event for entry in journal.read()]


def test_a_last_line_cut_at_any_byte_is_put_aside_and_the_next_one_takes_its_place(folder: Path) -> None:
    path = files.segments(folder / "journal")[-1]
    raw = path.read_bytes()
    start = raw[:-1].rfind(b"\n") + 1
    for size in range(start, len(raw)):
        path.write_bytes(raw[:size])
        said: list[str] = []
        whole = size == len(raw) - 1  # nothing but the line feed is missing
        with JsonlJournal(folder / "journal", ACCOUNT, FakeClock(), said.append) as journal:
            assert journal.last_seq == (LAST if whole else LAST - 1)
            assert len(said) == (0 if size == start else 1)
            journal.append([AlertRaised("after", "the cut")])
        assert files.verify(folder / "journal").bad is None
        torn = list((folder / "journal").glob("*.torn-*"))
        assert [one.read_bytes() for one in torn] == ([] if whole or size == start else [raw[start:size]])
        for one in torn:
            one.unlink()


def test_a_bit_flipped_anywhere_in_the_journal_is_noticed_and_nothing_false_is_read(folder: Path) -> None:
    dice = random.Random(7)
    months = files.segments(folder / "journal")
    noticed = 0
    for _ in range(400):
        path = dice.choice(months)
        raw = path.read_bytes()
        at = dice.randrange(len(raw))
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << dice.randrange(8)]) + raw[at + 1 :])
        verified, said = files.verify(folder / "journal").bad, list[str]()
        try:
            # The one bit that can be put back: the last line feed of all.
            assert events_of(folder, said) == list(EVENTS)
            assert len(said) == 1
            assert (path, at) == (months[-1], len(raw) - 1)
        except InvariantBroken:
            noticed += 1
            assert verified is not None
            assert ".jsonl: l" in verified
        path.write_bytes(raw)
    assert noticed > 390
    assert events_of(folder, []) == list(EVENTS)


def test_a_line_feed_that_was_flipped_at_the_very_end_is_put_back(folder: Path) -> None:
    path = files.segments(folder / "journal")[-1]
    raw = path.read_bytes()
    for bit in range(8):
        path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1 << bit]))
        said: list[str] = []
        assert events_of(folder, said) == list(EVENTS)
        assert "lost its line feed" in said[0]
        assert path.read_bytes() == raw


def test_zeros_behind_the_last_line_are_put_aside(folder: Path) -> None:
    path = files.segments(folder / "journal")[-1]
    raw = path.read_bytes()
    path.write_bytes(raw + b"\x00" * 5000)  # what a power loss leaves of a file that had grown
    said: list[str] = []
    assert events_of(folder, said) == list(EVENTS)
    assert "5000 bytes were moved" in said[0]
    assert path.read_bytes() == raw


@pytest.mark.parametrize("name", ["state.json", "state.json.bak"])
def test_a_bit_flipped_anywhere_in_a_snapshot_is_noticed(folder: Path, name: str) -> None:
    dice = random.Random(11)
    store = StateFile(folder / "state.json", ACCOUNT)
    path, sound = folder / name, store.load().portfolio
    shutil.copy(store.backup, folder / "kept")
    raw = path.read_bytes()
    for _ in range(300):
        at = dice.randrange(len(raw))
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << dice.randrange(8)]) + raw[at + 1 :])
        loaded = store.load()
        if name == "state.json":
            assert loaded.source == "backup"
            assert len(loaded.problems) == 1
        else:
            assert (loaded.source, loaded.portfolio) == ("state", sound)


def test_both_snapshots_cut_at_any_byte_are_told_and_never_half_believed(folder: Path) -> None:
    store = StateFile(folder / "state.json", ACCOUNT)
    raws = {path: path.read_bytes() for path in (store.path, store.backup)}
    for size in range(0, min(map(len, raws.values())) - 1, 7):
        for path, raw in raws.items():
            path.write_bytes(raw[:size])
        loaded = store.load()
        assert (loaded.portfolio, loaded.source, len(loaded.problems)) == (None, "nothing", 2)
