"""``vigie capital``: money that comes and goes is no profit and no loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.accounts_on_disk import begun, lines_of
from tests.fakes.command_line import Vigie
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.letter_box import LetterBox


def test_money_is_added_and_taken_and_the_limits_move_with_it(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    before = vigie("capital", "--json").document
    assert vigie("capital", "--add", "500", "--reason", "savings").code == 0
    assert vigie("capital", "--take", "200.5").code == 0
    after = vigie("capital", "--json").document
    assert float(after["capital"]) - float(before["capital"]) == pytest.approx(299.5)
    assert float(after["free"]) - float(before["free"]) == pytest.approx(299.5)
    assert [line["value"] for line in lines_of(folder, "flow")] == ["500", "-200.5"]
    assert "savings (by " in str(lines_of(folder, "flow")[0]["reason"])
    assert vigie("journal", "verify").code == 0
    assert "500 USDT added" in vigie("journal", "--kind", "request").out


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--take", "100000"), 78, "cannot be taken"),
        (("--add", "0"), 78, "not an amount above zero"),
        (("--add", "nan"), 78, "not an amount above zero"),
        (("--add", "1", "--take", "1"), 78, "give one of them"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    vigie: Vigie, home: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    folder = begun(home)
    said = vigie("capital", *words)
    assert (said.code, sentence in said.err) == (code, True), said.err
    assert lines_of(folder, "flow") == []


def test_money_for_a_halted_account_says_nothing_of_lifting_the_halt(vigie: Vigie, home: Path) -> None:
    begun(home)
    vigie("halt", "--account", "paper")
    assert vigie("capital", "--add", "1").err == ""


def test_a_running_engine_is_asked(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    with AccountLock.take(folder, SystemClock()):
        assert "obeys within one guard period" in vigie("capital", "--add", "1").out
    (letter,) = LetterBox(folder / "requests", SystemClock()).waiting()
    assert (letter.kind, letter.arguments["value"]) == ("flow", "1")
    assert lines_of(folder, "flow") == []
