"""The journal on disk: its lines, its months, its chain."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.accounts import BASELINE, ENTERED, WISH, cycle
from tests.fakes.clock import FakeClock
from vigie.adapters.storage import journal_files as files
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_lines import NOTHING, spell, spell_genesis, understand
from vigie.adapters.storage.sealed import seal
from vigie.domain.errors import ConfigError, InvariantBroken
from vigie.domain.events import AlertRaised

MONTH_MS = 31 * 86_400_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "paper" / "journal"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def said() -> list[str]:
    return []


Open = Callable[[], JsonlJournal]


@pytest.fixture
def opened(folder: Path, clock: FakeClock, said: list[str]) -> Open:
    return lambda: JsonlJournal(folder, "paper", clock, said.append)


def written(opened: Open, clock: FakeClock, months: int = 3) -> None:
    """Each month two alerts; the account's beginning in the first."""
    with opened() as journal:
        journal.append([BASELINE])
        for number in range(months):
            journal.append([AlertRaised("first", f"month {number}")])
            journal.append([AlertRaised("second", f"month {number}")])
            clock.at_ms += MONTH_MS
        journal.sync()


def raw_lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


# --- lines --------------------------------------------------------------------------------------------------------


def test_nothing_is_on_disk_before_the_first_event(opened: Open, folder: Path) -> None:
    with opened() as journal:
        assert (journal.last_seq, journal.begun, list(journal.read())) == (0, False, [])
        assert journal.append([]) == ()
    assert not folder.exists()


def test_the_first_line_names_the_account_and_the_next_ones_follow_it(opened: Open, folder: Path) -> None:
    with opened() as journal:
        entries = journal.append([BASELINE, WISH])
    assert [(entry.seq, entry.event) for entry in entries] == [(1, BASELINE), (2, WISH)]
    genesis, first, second = (json.loads(raw) for raw in raw_lines(folder / "2025-06.jsonl"))
    assert genesis["seq"] == 0
    assert (genesis["kind"], genesis["account"], genesis["schema"], genesis["prev"]) == ("genesis", "paper", 1, NOTHING)
    assert list(first) == ["seq", "at", "kind", "v", "prev", "capital", "quote", "left_alone", "hash"]
    assert (first["seq"], first["at"], first["kind"], first["v"]) == (1, "2025-06-15T15:06:40.000Z", "baseline", 1)
    assert (first["prev"], second["prev"]) == (genesis["hash"], first["hash"])


def test_a_hash_is_that_of_the_line_without_it(opened: Open, folder: Path) -> None:
    with opened() as journal:
        journal.append(ENTERED)
    for raw in raw_lines(folder / "2025-06.jsonl"):
        line = raw.decode("ascii").removesuffix("\n")
        without, _, digest = line[:-2].rpartition(',"hash":"')
        assert hashlib.sha256(f"{without}}}".encode()).hexdigest() == digest


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="no sha256sum here")
def test_the_words_of_the_docstring_check_a_line_without_vigie(opened: Open, folder: Path) -> None:
    with opened() as journal:
        journal.append(ENTERED)
    script = """sed -n 7p "$1" | sed 's/,"hash":"[0-9a-f]*"}$/}/' | tr -d '\\n' | sha256sum"""
    done = subprocess.run(
        ["sh", "-c", script, "sh", str(folder / "2025-06.jsonl")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == json.loads(raw_lines(folder / "2025-06.jsonl")[6])["hash"]


@pytest.mark.parametrize(
    "text", ["arrêt à 12 €", "\u2028 and \x00 and \n", "\udce9 of a broken terminal", '"},{"hash":"']
)
def test_every_text_can_be_written_and_read_back(opened: Open, text: str) -> None:
    with opened() as journal:
        journal.append([AlertRaised("x", text), AlertRaised("y", "after")])
        assert [entry.event for entry in journal.read()] == [AlertRaised("x", text), AlertRaised("y", "after")]


def test_what_was_written_is_read_back_by_the_next_process(opened: Open) -> None:
    with opened() as journal:
        entries = journal.append(ENTERED)
    with opened() as again:
        assert (again.last_seq, again.begun) == (len(ENTERED), True)
        assert tuple(again.read()) == entries
        assert tuple(again.read(4)) == entries[4:]
        assert tuple(again.read(len(ENTERED))) == ()
        (more,) = again.append([cycle()])
        assert tuple(again.read(len(ENTERED))) == (more,)


# --- months -------------------------------------------------------------------------------------------------------


def test_each_month_has_its_file_and_the_chain_runs_through_all(opened: Open, clock: FakeClock, folder: Path) -> None:
    written(opened, clock)
    assert [path.name for path in files.segments(folder)] == ["2025-06.jsonl", "2025-07.jsonl", "2025-08.jsonl"]
    verified = files.verify(folder)
    assert (verified.lines, verified.last_seq, verified.bad) == (8, 7, None)
    with opened() as journal:
        assert [entry.seq for entry in journal.read()] == [1, 2, 3, 4, 5, 6, 7]
        for after in range(8):
            assert [entry.seq for entry in journal.read(after)] == list(range(after + 1, 8))


def test_months_never_go_back_though_the_clock_does(opened: Open, clock: FakeClock, folder: Path) -> None:
    written(opened, clock, months=2)
    clock.at_ms -= 3 * MONTH_MS
    with opened() as journal:
        journal.append([WISH])
    assert len(files.segments(folder)) == 2
    assert files.verify(folder).bad is None


def test_a_later_month_that_was_only_made_is_taken_away(
    opened: Open, clock: FakeClock, folder: Path, said: list[str]
) -> None:
    written(opened, clock, months=1)
    (folder / "2025-07.jsonl").touch()
    assert files.verify(folder).bad is None
    with opened() as journal:
        assert journal.last_seq == 3
    assert not (folder / "2025-07.jsonl").exists()
    assert len(said) == 1


def test_the_first_line_of_a_month_that_has_lost_its_line_feed_is_kept(
    opened: Open, clock: FakeClock, folder: Path, said: list[str]
) -> None:
    written(opened, clock, months=1)
    with opened() as journal:
        journal.append([WISH])
    path = folder / "2025-07.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    with opened() as journal:
        assert journal.last_seq == 4
    assert "lost its line feed" in said[0]
    assert files.verify(folder).last_seq == 4


def test_files_that_are_none_of_ours_are_left_alone(opened: Open, clock: FakeClock, folder: Path) -> None:
    written(opened, clock, months=1)
    for name in ("2025-06.jsonl.torn-1", "notes.jsonl", "2025-06.jsonl~"):
        (folder / name).write_text("x", "utf-8")
    assert files.verify(folder).bad is None


# --- damage -------------------------------------------------------------------------------------------------------


def edited(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b"month 1", b"month 9"), *lines[1:]]


def rehashed(lines: list[bytes]) -> list[bytes]:
    """Somebody who knows how hashes are made edits a line."""
    seq, line = json.loads(lines[0])["seq"], json.loads(lines[0])
    fields = {"topic": "first", "text": "forged", "urgent": False}
    raw, _ = spell(seq, 1_754_000_000_000, "alert", 1, line["prev"], fields)
    return [raw, *lines[1:]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (edited, r"2025-07.jsonl: line 1: its content does not match its hash"),
        (rehashed, r"2025-07.jsonl: line 2: it does not follow line seq 4"),
        (lambda lines: lines[::-1], r"2025-07.jsonl: line 1: it has seq 5 where 4 is due"),
        (lambda lines: lines[1:], r"2025-07.jsonl: line 1: it has seq 5 where 4 is due: lines before it are missing"),
        (lambda lines: lines[:1], r"2025-08.jsonl: line 1: it has seq 6 where 5 is due: lines before it are missing"),
        (lambda lines: [*lines, lines[1]], r"2025-07.jsonl: line 3: it has seq 5 where 6 is due: it stands in the wr"),
        (lambda _: [], r"2025-07.jsonl: line 1: the file is empty"),
        (lambda lines: [lines[0], b"\n", lines[1]], r"2025-07.jsonl: line 2: it does not end with its hash"),
        (lambda lines: [lines[0], lines[1][:-1]], r"2025-07.jsonl: line 2: it has lost its end"),
    ],
)
def test_damage_in_the_middle_is_named_by_file_and_line(
    opened: Open, clock: FakeClock, folder: Path, change: Callable[[list[bytes]], list[bytes]], words: str
) -> None:
    written(opened, clock)
    path = folder / "2025-07.jsonl"
    path.write_bytes(b"".join(change(raw_lines(path))))
    bad = files.verify(folder).bad
    assert bad is not None
    assert re.search(words, bad)
    # The two ends may be sound: then it is the reading that finds it.
    with pytest.raises(InvariantBroken, match=r"2025-0[78].jsonl: line"), opened() as journal:
        list(journal.read())


def test_a_month_that_is_missing_shows(opened: Open, clock: FakeClock, folder: Path) -> None:
    written(opened, clock)
    (folder / "2025-07.jsonl").unlink()
    verified = files.verify(folder)
    assert verified.bad is not None
    assert "2025-08.jsonl: line 1: it has seq 6 where 4 is due: lines before it are missing" in verified.bad
    assert (verified.lines, verified.last_seq) == (4, 3)


def test_a_first_month_that_is_missing_shows_at_the_next_opening(opened: Open, clock: FakeClock, folder: Path) -> None:
    written(opened, clock)
    (folder / "2025-06.jsonl").unlink()
    with pytest.raises(InvariantBroken, match=r"2025-07.jsonl: line 1: it has seq 4 where 0 is due"):
        opened()


def test_a_journal_of_nothing_but_an_empty_file_has_lost_its_beginning(opened: Open, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "2025-06.jsonl").touch()
    with pytest.raises(InvariantBroken, match="line 1"):
        opened()
    assert files.verify(folder).bad is not None


def test_the_journal_of_another_account_is_refused(opened: Open, folder: Path, clock: FakeClock) -> None:
    with opened() as journal:
        journal.append([BASELINE])
    with pytest.raises(InvariantBroken, match="it is the journal of account paper, not of live-a"):
        JsonlJournal(folder, "live-a", clock)


def test_a_journal_of_a_later_vigie_is_left_to_it(opened: Open, folder: Path) -> None:
    folder.mkdir(parents=True)
    raw, _ = spell(0, 1, "genesis", 1, NOTHING, {"account": "paper", "schema": 2})
    (folder / "2025-06.jsonl").write_bytes(raw)
    with pytest.raises(ConfigError, match="has schema 2, this vigie knows 1"):
        opened()


def test_an_event_of_a_later_vigie_is_refused_and_the_chain_holds_all_the_same(opened: Open, folder: Path) -> None:
    folder.mkdir(parents=True)
    genesis, digest = spell_genesis("paper", 1)
    line, _ = spell(1, 2, "telepathy", 1, digest, {})
    (folder / "2025-06.jsonl").write_bytes(genesis + line)
    assert files.verify(folder).bad is None
    with opened() as journal, pytest.raises(InvariantBroken, match="seq 1: unknown kind 'telepathy'"):
        list(journal.read())


def test_a_line_whose_kind_has_a_later_version_is_left_to_the_later_vigie(opened: Open, folder: Path) -> None:
    folder.mkdir(parents=True)
    genesis, digest = spell_genesis("paper", 1)
    line, _ = spell(1, 2, "fill", 2, digest, {})
    (folder / "2025-06.jsonl").write_bytes(genesis + line)
    words = "seq 1: 'fill' has version 2, this vigie knows 1: use the later vigie"
    with opened() as journal, pytest.raises(ConfigError, match=words):
        list(journal.read())


# --- reading from the end -----------------------------------------------------------------------------------------


def test_the_tail_is_the_last_lines_across_months_oldest_first(opened: Open, clock: FakeClock, folder: Path) -> None:
    written(opened, clock)
    for count in range(10):
        assert [line.seq for line in files.tail(folder, count)] == list(range(8))[max(0, 8 - count) :]
    assert [line.seq for line in files.tail(folder, 9, ["baseline", "genesis"])] == [0, 1]
    assert files.tail(folder, 5, ["fill"]) == []


def test_a_kind_is_not_taken_from_a_text(opened: Open, folder: Path) -> None:
    with opened() as journal:
        journal.append([AlertRaised("x", '"kind":"fill"')])
    assert files.tail(folder, 5, ["fill"]) == []


def test_lines_longer_than_a_block_are_read_backwards_as_well(opened: Open, folder: Path) -> None:
    with opened() as journal:
        journal.append([AlertRaised("long", "x" * size) for size in (10, 200_000, 65_000, 3, 70_000)])
    assert [line.seq for line in files.backwards(folder)] == [5, 4, 3, 2, 1, 0]
    assert [len(line.fields["text"]) for line in files.tail(folder, 5)] == [10, 200_000, 65_000, 3, 70_000]


def test_a_line_that_is_being_written_is_left_out_by_readers(opened: Open, folder: Path) -> None:
    with opened() as journal:
        journal.append([BASELINE, WISH])
    path = folder / "2025-06.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    assert [line.seq for line in files.tail(folder, 9)] == [0, 1]
    assert files.verify(folder) == files.Verified(2, 1, files.tail(folder, 1)[0].hash, ("2025-06.jsonl",), None)


def test_followers_read_only_what_is_newer(opened: Open, clock: FakeClock, folder: Path) -> None:
    written(opened, clock)
    assert [line.seq for line in files.newer(folder, 4)] == [5, 6, 7]
    assert files.newer(folder, 7) == []


def test_a_line_is_found_by_its_number(opened: Open, clock: FakeClock, folder: Path) -> None:
    written(opened, clock)
    for seq in range(8):
        found = files.find(folder, seq)
        assert found is not None
        assert found.seq == seq
    assert files.find(folder, 8) is None
    assert files.find(folder, -1) is None
    assert files.find(folder / "nowhere", 0) is None


def test_damage_at_the_end_is_told_with_its_place(opened: Open, folder: Path) -> None:
    with opened() as journal:
        journal.append([BASELINE, WISH])
    path = folder / "2025-06.jsonl"
    lines = raw_lines(path)
    path.write_bytes(lines[0] + lines[1] + lines[2].replace(b"cross", b"crass"))
    start = len(lines[0]) + len(lines[1])
    with pytest.raises(InvariantBroken, match=rf"2025-06.jsonl: the line at byte {start}: its content"):
        files.tail(folder, 1)
    with pytest.raises(InvariantBroken, match=r"2025-06.jsonl: line 3: its content"):
        JsonlJournal(folder, "paper", FakeClock())


def test_reading_the_tail_imports_neither_numpy_nor_pandas_nor_the_events() -> None:
    script = (
        "import sys; import vigie.adapters.storage.journal_files, vigie.adapters.storage.kill_switch;"
        "print([m for m in ('numpy', 'pandas', 'sqlite_utils', 'vigie.domain.events') if m in sys.modules]);"
        "import vigie.adapters.storage.journal, vigie.adapters.storage.state_file, vigie.adapters.storage.controls;"
        "import vigie.adapters.storage.account_lock, vigie.adapters.storage.read_model;"
        "print([m for m in ('numpy', 'pandas', 'sqlite_utils') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"at": None}, "it lacks 'at'"),
        ({"seq": "1"}, "'1' is not of type int"),
        ({"seq": True}, "True is not of type int"),
        ({"v": 1.0}, "1.0 is not of type int"),
        ({"at": "yesterday"}, "yesterday"),
        ({"at": "2026-01-31T12:00:00"}, "does not say its offset"),
    ],
)
def test_a_line_with_a_sound_hash_and_strange_members_is_none(members: dict[str, object], words: str) -> None:
    document = {"seq": 1, "at": "2026-01-31T12:00:00.000Z", "kind": "halt", "v": 1, "prev": NOTHING, **members}
    raw, _ = seal({name: value for name, value in document.items() if value is not None}, "hash")
    with pytest.raises(ValueError, match=words):
        understand(raw)


@pytest.mark.parametrize(("kind", "fields"), [("halt", {}), ("genesis", {}), ("genesis", {"account": 1, "schema": 1})])
def test_a_first_line_that_is_no_genesis_line_begins_no_journal(
    opened: Open, folder: Path, kind: str, fields: dict[str, object]
) -> None:
    folder.mkdir(parents=True)
    raw, _ = spell(0, 1, kind, 1, NOTHING, fields)
    (folder / "2025-06.jsonl").write_bytes(raw)
    with pytest.raises(InvariantBroken, match="line 1: the journal does not begin with its genesis line"):
        opened()
