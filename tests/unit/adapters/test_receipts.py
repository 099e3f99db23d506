"""Receipts: one line a run, bounded, and never in anybody's way."""

from __future__ import annotations

from pathlib import Path

from vigie.adapters.storage.receipts import Receipts, backwards, last

DAY = 86_400_000
NOON = 1_750_000_000_000


def test_what_was_written_is_read_the_last_one_first(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path / "receipts")
    for number in range(5):
        receipts.write(NOON + number * DAY // 2, {"kind": "guard" if number % 2 else "decision", "n": number})
    assert [one["n"] for one in backwards(tmp_path / "receipts")] == [4, 3, 2, 1, 0]
    assert [one["n"] for one in last(tmp_path / "receipts", 2, ("decision",))] == [2, 4]
    assert len(list((tmp_path / "receipts").iterdir())) == 3


def test_a_line_that_a_dying_writer_left_half_is_skipped(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path)
    receipts.write(NOON, {"n": 1})
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes() + b'{"at":17500000000')
    assert [one["n"] for one in backwards(tmp_path)] == [1]


def test_files_older_than_they_are_kept_go_and_nothing_else_does(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    receipts = Receipts(tmp_path, keep_days=3)
    for day in range(10):
        receipts.write(NOON + day * DAY, {"n": day})
    assert sorted(one["n"] for one in backwards(tmp_path)) == [7, 8, 9]
    assert (tmp_path / "notes.txt").exists()


def test_a_day_has_a_size_that_it_does_not_outgrow(tmp_path: Path) -> None:
    receipts = Receipts(tmp_path, most_bytes=500)
    for number in range(100):
        receipts.write(NOON, {"n": number})
    (path,) = tmp_path.iterdir()
    assert 400 < path.stat().st_size <= 500


def test_what_cannot_be_written_is_told_once_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "receipts").write_text("a file where the folder should be")
    said: list[str] = []
    receipts = Receipts(tmp_path / "receipts", said.append)
    receipts.write(NOON, {"n": 1})
    receipts.write(NOON, {"n": 2})
    assert len(said) == 1
    assert "receipts cannot be written" in said[0]
    assert last(tmp_path / "receipts") == []
