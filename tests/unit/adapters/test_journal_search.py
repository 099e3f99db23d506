"""Finding lines by their words finds what reading all of them finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import walk
from vigie.adapters.storage.journal_search import backwards_with, last_of, lines_with
from vigie.domain.errors import InvariantBroken
from vigie.domain.events import AlertRaised, OverrideUsed

MONTH = 31 * 86_400_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three months: alerts numbered from 2, one override in the first of them."""
    clock = FakeClock()
    with JsonlJournal(tmp_path, "paper", clock) as journal:
        journal.append([OverrideUsed("a gate", 'he said "kind":"alert", and meant it')])
        for _ in range(3):
            journal.append([AlertRaised("topic", f"text {at}") for at in range(5)])
            clock.at_ms += MONTH
    return tmp_path


def test_the_last_of_a_kind_is_found_over_all_files(folder: Path) -> None:
    assert len(list(folder.iterdir())) == 3
    assert (found := last_of(folder, "alert")) is not None
    assert found.seq == 16
    assert (found := last_of(folder, "override")) is not None
    assert found.seq == 1
    assert last_of(folder, "trade") is None
    assert last_of(folder / "none", "alert") is None


def test_only_lines_before_a_number_count_where_one_is_given(folder: Path) -> None:
    assert (found := last_of(folder, "alert", before_seq=8)) is not None
    assert found.seq == 7
    assert last_of(folder, "override", before_seq=1) is None


def test_lines_with_a_word_come_in_order_and_once(folder: Path) -> None:
    alerts = [line for line in walk(folder) if line.kind == "alert"]
    assert list(lines_with(folder, '"kind":"alert",')) == alerts
    assert [line.seq for line in lines_with(folder, "text 3")] == [5, 10, 15]
    assert list(lines_with(folder, "nowhere")) == []


def test_lines_with_any_of_some_words_come_backwards_in_order_and_once(folder: Path) -> None:
    either = [line for line in walk(folder) if line.kind in ("alert", "override")]
    assert list(backwards_with(folder, ['"kind":"alert",', '"kind":"override",', '"topic":"topic"'])) == either[::-1]
    assert list(backwards_with(folder, [])) == []


def test_a_last_line_without_its_end_is_being_written_and_is_left_out(folder: Path) -> None:
    file = max(folder.iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    assert (found := last_of(folder, "alert")) is not None
    assert found.seq == 15
    assert [line.seq for line in lines_with(folder, '"kind":"alert",')][-1] == 15


def test_a_damaged_line_is_an_error_with_its_place(folder: Path) -> None:
    file = max(folder.iterdir())
    file.write_bytes(file.read_bytes().replace(b"text 4", b"text 5"))
    with pytest.raises(InvariantBroken, match=r"the line at byte \d+"):
        last_of(folder, "alert")


def test_an_empty_file_holds_no_line(folder: Path) -> None:
    max(folder.iterdir()).write_bytes(b"")
    assert (found := last_of(folder, "alert")) is not None
    assert found.seq == 11
