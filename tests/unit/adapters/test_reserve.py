"""The last room on the disk belongs to the lines of what protects."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.fakes.accounts import BASELINE, ENTERED
from tests.fakes.clock import FakeClock
from tests.fakes.engine_ports import MemoryJournal
from vigie.adapters.storage.reserve import Reserve, ReservedJournal
from vigie.domain.events import AlertRaised, Event, IntentPlanned
from vigie.domain.order import Leg
from vigie.ports.journal import Entry

ENTRY = next(one for one in ENTERED if isinstance(one, IntentPlanned) and one.intent.leg is Leg.ENTRY)
STOP = IntentPlanned(replace(ENTRY.intent, leg=Leg.STOP))
NOTE = AlertRaised("disk", "is full")


@dataclass
class FullDisk(MemoryJournal):
    """Takes no line as long as somebody else keeps the room, or at all."""

    reserve: Reserve | None = None
    other: int = 0
    tried: list[Sequence[Event]] = field(default_factory=list)

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        self.tried.append(events)
        if self.other or (self.reserve is not None and not self.reserve.spent):
            raise OSError(self.other or errno.ENOSPC, "No space left on device")
        return super().append(events)


def made(folder: Path, **words: int) -> Reserve:
    reserve = Reserve(folder, size=4096, **words)
    assert reserve.make()
    assert reserve.path.stat().st_size == 4096
    return reserve


@pytest.mark.parametrize("event", [STOP, NOTE, BASELINE])
def test_a_line_that_does_not_fit_is_written_with_the_room_of_the_reserve(tmp_path: Path, event: Event) -> None:
    reserve = made(tmp_path)
    full = FullDisk(FakeClock(), reserve=reserve)
    journal = ReservedJournal(full, reserve)
    (entry,) = journal.append([event])
    assert entry.event == event
    assert reserve.spent
    assert journal.last_seq == 1


def test_a_purchase_never_has_the_reserve(tmp_path: Path) -> None:
    reserve = made(tmp_path)
    full = FullDisk(FakeClock(), reserve=reserve)
    with pytest.raises(OSError, match="No space left"):
        ReservedJournal(full, reserve).append([ENTRY])
    assert not reserve.spent


def test_while_the_reserve_is_spent_nothing_is_bought_and_everything_else_is_written(tmp_path: Path) -> None:
    reserve = made(tmp_path)
    journal = ReservedJournal(MemoryJournal(FakeClock()), reserve)
    journal.append([ENTRY])
    assert reserve.release()
    with pytest.raises(OSError, match="kept for orders that protect") as caught:
        journal.append([ENTRY])
    assert caught.value.errno == errno.ENOSPC
    journal.append([STOP])
    assert reserve.make()
    journal.append([ENTRY])
    assert journal.last_seq == 3


def test_where_little_is_free_nothing_is_bought_before_the_disk_is_full(tmp_path: Path) -> None:
    reserve = made(tmp_path, critical=1 << 60)
    journal = ReservedJournal(MemoryJournal(FakeClock()), reserve)
    with pytest.raises(OSError, match="nothing new is bought"):
        journal.append([ENTRY])
    journal.append([STOP])
    assert not reserve.spent


def test_another_trouble_of_the_disk_costs_no_reserve(tmp_path: Path) -> None:
    reserve = made(tmp_path)
    journal = ReservedJournal(FullDisk(FakeClock(), other=errno.EIO), reserve)
    with pytest.raises(OSError, match="No space"):
        journal.append([STOP])
    assert not reserve.spent


def test_what_does_not_fit_even_so_is_an_error_and_not_tried_for_ever(tmp_path: Path) -> None:
    reserve = made(tmp_path)
    full = FullDisk(FakeClock(), other=errno.ENOSPC)
    journal = ReservedJournal(full, reserve)
    for tries in (2, 3):
        with pytest.raises(OSError, match="No space"):
            journal.append([STOP])
        assert len(full.tried) == tries


def test_it_is_not_made_where_there_is_no_plenty(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, size=1 << 60)
    assert not reserve.make()
    assert reserve.spent
    assert reserve.against_buying() is not None
    assert not reserve.release()
