"""Snapshot, backup and journal damaged in every combination: what the stores report, and that they never invent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.faults.corruption_cases import ACCOUNT, CASES, DAMAGES, EVENTS, LAST, STALE_SEQ, Case, remember, spoil
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.state_file import StateFile
from vigie.domain.errors import InvariantBroken
from vigie.domain.portfolio import Portfolio, folded
from vigie.ports.journal import Entry


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / ACCOUNT
    remember(folder)
    return folder


@pytest.fixture(scope="module")
def truth(whole: Path) -> list[Entry]:
    with JsonlJournal(whole / "journal", ACCOUNT, FakeClock()) as journal:
        entries = list(journal.read())
    assert [entry.event for entry in entries] == list(EVENTS)
    return entries


def account_at(truth: list[Entry], seq: int) -> Portfolio:
    return folded((entry.seq, entry.at, entry.event) for entry in truth[:seq])


def test_the_cases_are_all_combinations() -> None:
    assert len(set(CASES)) == len(DAMAGES) ** 3 == 343


@pytest.mark.parametrize("journal", DAMAGES)
def test_every_combination_is_reported_as_what_it_is(
    tmp_path: Path, whole: Path, truth: list[Entry], journal: str
) -> None:
    for number, case in enumerate(one for one in CASES if one.journal == journal):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        spoil(folder, case)
        check_snapshot(folder, case, truth)
        check_journal(folder, case, truth)


def check_snapshot(folder: Path, case: Case, truth: list[Entry]) -> None:
    loaded = StateFile(folder / "state.json", ACCOUNT).load()
    expected = None if case.snapshot_seq is None else account_at(truth, case.snapshot_seq)
    assert (str(case), loaded.source, loaded.portfolio) == (str(case), case.source, expected)
    unused = {"state": 0, "backup": 1, "nothing": 2}[case.source]
    gone = case.state == case.backup == "deleted"
    assert len(loaded.problems) == (0 if gone else unused), case


def check_journal(folder: Path, case: Case, truth: list[Entry]) -> None:
    said: list[str] = []
    if case.broken:
        with (
            pytest.raises(InvariantBroken, match=r"\.jsonl: (last )?line"),
            JsonlJournal(folder / "journal", ACCOUNT, FakeClock(), said.append) as journal,
        ):
            list(journal.read())
        return
    with JsonlJournal(folder / "journal", ACCOUNT, FakeClock(), said.append) as journal:
        assert (str(case), journal.last_seq) == (str(case), case.journal_seq)
        assert [(one.seq, one.event) for one in journal.read()] == [
            (one.seq, one.event) for one in truth[: case.journal_seq]
        ]
        assert journal.begun is (case.journal != "deleted")
    assert len(said) == (1 if case.journal == "truncated" else 0), case


def test_lines_that_were_taken_away_show_as_a_snapshot_that_is_ahead() -> None:
    assert Case("ok", "ok", "stale").ahead
    assert Case("ok", "ok", "truncated").ahead
    assert Case("deleted", "ok", "deleted").ahead
    assert not Case("stale", "ok", "stale").ahead
    assert not Case("ok", "ok", "ok").ahead
    assert STALE_SEQ < LAST
