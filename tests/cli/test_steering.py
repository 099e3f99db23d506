"""halt, pause, resume, close, stop and start where no engine runs, and what they leave where one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.accounts import AT, BTC
from tests.fakes.accounts_on_disk import begun, lines_of
from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.journal_files import verify
from vigie.adapters.storage.letter_box import LetterBox
from vigie.domain.holdings import Latch

SWITCH = "state/.halt_trading"


def code(vigie: Vigie, account: str = "paper") -> str:
    return str(vigie("status", "--account", account, "--json").document["resume_code"])


def waiting(folder: Path) -> list[str]:
    return [one.kind for one in LetterBox(folder / "requests", SystemClock()).waiting()]


def ways(err: str) -> list[list[str]]:
    """The commands that are offered to lift halts, without the program's name."""
    offers = [line.removeprefix("to lift it: vigie ") for line in err.splitlines() if line.startswith("to lift it: ")]
    return [one.split() for one in offers]


def latches(folder: Path) -> dict[str, Latch]:
    return Halts(folder, FakeClock()).latches()


def test_a_halt_without_any_account_still_throws_the_kill_switch(vigie: Vigie, home: Path) -> None:
    said = vigie("halt", "--reason", "storm")
    assert said.code == 0
    assert "storm (by " in (home / SWITCH).read_text()


@pytest.mark.parametrize("words", [["halt"], ["halt", "--account", "live-main"], ["resume", "--confirm", "ABCDEF"]])
def test_in_a_folder_that_is_no_home_nothing_is_halted_nothing_written_and_it_says_so(
    vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.delenv("VIGIE_HOME")
    monkeypatch.chdir(home)
    said = vigie(*words)
    assert (said.code, said.out) == (78, "")
    assert f"nothing was halted or lifted: {home} is no home of vigie" in said.err
    assert "VIGIE_HOME" in said.err
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("mark", ["vigie.toml", ".env", "strategies", "state", ""])
def test_a_home_without_accounts_is_halted_and_says_that_nothing_trades_there(
    vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    if mark:  # else VIGIE_HOME names it
        monkeypatch.delenv("VIGIE_HOME")
        monkeypatch.chdir(home)
        (home / mark).mkdir() if "." not in mark else (home / mark).touch()
    said = vigie("halt", "--reason", "storm")
    assert said.code == 0
    assert f"nothing that trades was halted: no account has begun in {home};" in said.out
    assert (home / SWITCH).is_file()


def test_a_halt_without_a_process_is_thrown_journalled_and_latched(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    assert vigie("halt", "--reason", "storm").code == 0
    assert (home / SWITCH).is_file()
    assert latches(folder)["kill-switch"].mode == "halted"
    (line,) = lines_of(folder, "halt")
    assert (line["name"], str(line["reason"])[:5]) == ("kill-switch", "storm")
    assert verify(folder / "journal", "paper").bad is None
    # By hand is not by code: the latch stays.
    (home / SWITCH).unlink()
    assert vigie("status", "--json").document["mode"] == "halted"


def test_a_second_halt_replaces_nothing(vigie: Vigie, home: Path) -> None:
    begun(home)
    vigie("halt", "--reason", "first")
    said = vigie("halt", "--reason", "second")
    assert said.code == 0
    assert "was halted already" in said.out
    assert "first" in (home / SWITCH).read_text()
    assert len(lines_of(home / "state" / "paper", "halt")) == 1


@pytest.mark.parametrize("thing", ["folder", "file"])
def test_what_a_person_put_there_is_left_and_halts(vigie: Vigie, home: Path, thing: str) -> None:
    begun(home)
    path = home / SWITCH
    path.mkdir() if thing == "folder" else path.write_text("mine")
    assert vigie("halt").code == 0
    assert path.is_dir() if thing == "folder" else path.read_text() == "mine"
    said = vigie("resume", "--confirm", code(vigie))
    assert said.code == (1 if thing == "folder" else 0)
    assert path.exists() == (thing == "folder")
    if thing == "folder":
        assert "remove it by hand" in said.err


def test_the_switch_is_thrown_even_where_the_journal_is_damaged(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    (file,) = (folder / "journal").glob("*.jsonl")
    file.write_bytes(b"nonsense\n")
    said = vigie("halt")
    assert said.code == 0
    assert (home / SWITCH).is_file()
    assert "halted by the kill switch; its own files:" in said.out


def test_one_account_can_be_halted_by_itself(vigie: Vigie, home: Path) -> None:
    one, other = begun(home, "live-1"), begun(home, "paper")
    assert vigie("halt", "--account", "live-1", "--reason", "odd fills").code == 0
    assert not (home / SWITCH).exists()
    assert (list(latches(one)), list(latches(other))) == (["person"], [])
    assert [line["kind_asked"] for line in lines_of(one, "request")] == ["halt"]


def test_a_running_engine_is_asked_by_letter_and_the_latch_stands_at_once(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    lines = len(lines_of(folder, "halt"))
    with AccountLock.take(folder, SystemClock()):
        said = vigie("halt", "--account", "paper", "--liquidate", "--cancel-entries")
        assert said.code == 0
        assert waiting(folder) == ["halt", "cancel-entries", "liquidate"]
        assert latches(folder)["person"].mode == "halted"
        assert vigie("pause").code == 0
        assert waiting(folder)[-1] == "pause"
    assert len(lines_of(folder, "halt")) == lines, "the one who holds the account writes its journal"


def test_a_liquidation_without_an_engine_says_pending_and_waits(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    said = vigie("halt", "--liquidate", "--json")
    outcome = said.document["accounts"][1]["outcome"]
    assert "liquidate pending: no engine runs; it is done at the next start" in outcome
    assert waiting(folder) == ["liquidate"]


def test_a_resume_needs_the_code_of_what_halts_now(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    vigie("halt", "--liquidate")
    old = code(vigie)
    assert f"vigie resume --account paper --confirm {old}" in vigie("halt").err
    said = vigie("resume", "--confirm", "000000")
    assert said.code == 78
    assert "not the code" in said.err
    assert old not in said.err, "the code is read where the halts are read"
    Halts(folder, FakeClock()).latch("drawdown", Latch("halted", "too deep", AT))
    assert vigie("resume", "--confirm", old).code == 78, "something was latched since he looked"
    assert (home / SWITCH).exists()
    said = vigie("resume", "--confirm", code(vigie).lower(), "--reason", "looked at it")
    assert said.code == 0
    assert not (home / SWITCH).exists()
    assert latches(folder) == {}
    assert waiting(folder) == [], "nobody resumes and sells everything at the next start"
    assert {line["name"] for line in lines_of(folder, "resume")} == {"kill-switch", "drawdown"}
    document = vigie("status", "--json").document
    assert (document["mode"], document["resume_code"]) == ("active", None)
    assert vigie("resume", "--confirm", old).out == "paper: nothing is halted\n"


def test_the_code_outlives_the_engine_that_takes_the_kill_switch_for_its_own_latch(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    (home / SWITCH).write_text("by hand")
    shown = code(vigie)
    Halts(folder, FakeClock()).latch("kill-switch", Latch("halted", "as the engine spells it", AT))
    assert code(vigie) == shown


def test_a_resume_while_an_engine_runs_names_the_latches_that_were_looked_at(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    vigie("pause", "--reason", "news")
    since = latches(folder)["pause"].since
    with AccountLock.take(folder, SystemClock()):
        assert vigie("resume", "--confirm", code(vigie)).code == 0
    (letter,) = LetterBox(folder / "requests", SystemClock()).waiting()
    assert (letter.kind, letter.arguments["latches"]) == ("resume", f"pause@{since}")
    assert list(latches(folder)) == ["pause"], "the engine lifts it"


@pytest.mark.parametrize(
    ("account", "words"),
    [("live-main", "vigie live --account live-main"), ("paper", "vigie paper --account paper")],
)
def test_a_start_says_that_it_starts_nothing_and_what_does(vigie: Vigie, home: Path, account: str, words: str) -> None:
    folder = begun(home, account)
    vigie("stop")
    said = vigie("start").out
    assert "may be started again; nothing runs yet" in said
    assert f"{words} (kept by PM2: pm2 start vigie-{account}; by systemd: systemctl start vigie-{account})" in said
    vigie("stop")
    with AccountLock.take(folder, SystemClock()):
        assert "may be started again, once process " in vigie("start").out


def test_a_resume_shows_who_stays_halted_with_a_command_that_works(vigie: Vigie, home: Path) -> None:
    names = ["live-1", "live-2", "paper"]
    for name in names:
        begun(home, name)
    said = vigie("halt")
    offered = ways(said.err)
    assert len({one[-1] for one in offered}) == 3, "a code is of one account"
    assert "shows the codes of the rest anew" in said.err
    said = vigie(*offered[2])
    assert "the halt of all accounts is lifted" in said.out
    assert "live-1: stays halted by its own latch (kill-switch)\n" in said.out
    assert vigie("status", "--account", "live-1", "--json").document["mode"] == "halted"
    assert vigie(*offered[0]).code == 78, "what holds live-1 is not what was looked at"
    (first, second) = ways(said.err)
    assert [one[2] for one in (first, second)] == ["live-1", "live-2"]
    said = vigie(*first)
    assert (said.code, ways(said.err)) == (0, [second]), "nothing of live-2 has changed"
    assert vigie(*second).code == 0
    assert {vigie("status", "--account", name, "--json").document["mode"] for name in names} == {"active"}


def test_a_resume_says_nothing_of_accounts_that_are_held_for_reasons_of_their_own(vigie: Vigie, home: Path) -> None:
    begun(home, "live-1")
    begun(home, "paper")
    vigie("pause", "--account", "live-1")
    vigie("pause", "--account", "paper")
    said = vigie("resume", "--account", "paper", "--confirm", code(vigie))
    assert (said.out, said.err) == ("paper: lifted: pause\n", "")


def test_a_damaged_file_of_latches_can_be_looked_at_and_lifted(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    (folder / "halts.json").write_text("[]")
    document = vigie("status", "--json").document
    assert [one["name"] for one in document["halts"]] == ["unreadable"]
    assert vigie("resume", "--confirm", document["resume_code"]).code == 0
    assert latches(folder) == {}


def test_where_there_are_several_accounts_none_is_guessed(vigie: Vigie, home: Path) -> None:
    begun(home, "live-1")
    begun(home, "paper")
    for words in (["pause"], ["close", BTC], ["stop"], ["start"], ["resume", "--confirm", "x"]):
        said = vigie(*words)
        assert said.code == 78, words
        assert "say which with --account: live-1, paper" in said.err


def test_a_close_is_a_letter_and_only_for_what_is_held(vigie: Vigie, home: Path) -> None:
    folder = begun(home)
    said = vigie("close", "ETH/USDT")
    assert (said.code, said.err) == (78, f"error: paper does not hold ETH/USDT; it holds {BTC}\n")
    assert vigie("close", "nonsense").code == 78
    assert "pending: no engine runs" in vigie("close", "btc/usdt").out
    (letter,) = LetterBox(folder / "requests", SystemClock()).waiting()
    assert letter.arguments["pair"] == BTC


def test_a_stopped_account_refuses_every_start_with_78_until_it_is_started(
    vigie: Vigie, home: Path, candles: Path
) -> None:
    words = ["paper", "--replay", "--account", "replay-1", "--data", candles, "--timerange", "20200110-20200110"]
    begun(home, "replay-1", mode="replay")
    assert vigie("stop", "--reason", "moving house").code == 0
    said = vigie(*words)
    assert said.code == 78
    assert "moving house" in said.err
    assert "vigie start --account replay-1" in said.err
    assert vigie("status").out.startswith("replay-1 · STOPPED · ")
    assert vigie("start").out.splitlines() == [
        "replay-1: may be started again; nothing runs yet",
        "replay-1: to start it: vigie paper --replay --account replay-1, with the other words that it had",
    ]
    assert vigie("start").out == "replay-1: was not stopped\n"
    assert vigie("status", "--json").document["stopped"] is None
