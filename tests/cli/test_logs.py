"""``vigie logs``, and what runs and commands leave in their logs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cli.hearing import listened_to
from cli.output import note
from tests.fakes.command_line import Vigie
from vigie.adapters.logs.reading import last_entries
from vigie.app.logs.writing import logged
from vigie.domain.errors import ConfigError, VenueUnavailable

SECRET = "canary-5ecret"


def written(home: Path, name: str = "paper", kind: str = "paper") -> Path:
    path = home / "logs" / kind / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"2026-01-01 00:00:0{n}.000 {level:<8} line {n}" for n, level in enumerate(("INFO", "WARNING", "ERROR"))]
    path.write_text("\n".join(lines) + "\n    more\n")
    return path


def test_the_end_of_a_log_is_shown_as_it_stands_and_as_one_document(vigie: Vigie, home: Path) -> None:
    path = written(home)
    assert vigie("logs", "--account", "paper", "-n", 2).out == (
        "2026-01-01 00:00:01.000 WARNING  line 1\n2026-01-01 00:00:02.000 ERROR    line 2\n    more\n"
    )
    document = vigie("logs", "--level", "error", "--json").document
    assert document == {
        "schema": "vigie.logs/1",
        "file": str(path),
        "entries": [{"time": "2026-01-01T00:00:02.000Z", "level": "ERROR", "message": "line 2\nmore"}],
    }


def test_paper_and_live_have_a_folder_each_and_both_are_looked_at(vigie: Vigie, home: Path) -> None:
    real = written(home, "live-main", kind="live")
    former = written(home, "paper", kind="live")
    assert vigie("logs", "--account", "paper", "--json").document["file"] == str(former), "of an earlier vigie"
    paper = written(home, "paper")
    for words, file in (
        (("--account", "paper"), paper),
        (("--account", "live-main"), real),
        (("--account", "paper", "--kind", "live"), former),
        (("--kind", "paper"), paper),
    ):
        assert vigie("logs", *words, "--json").document["file"] == str(file)
    assert vigie("logs", "--account", "live-main", "--kind", "paper").code == 78


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--account", "papr"), "there is no log of papr; there are: paper"),
        (("--kind", "lve"), "did you mean 'live'?"),
        (("--kind", "api"), "there is no log; what runs writes one"),
        (("--level", "WARN"), "DEBUG, INFO, WARNING"),
        (("archive", "--older-than", "soon"), "write days, for instance 30d"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_sentence(
    vigie: Vigie, home: Path, words: tuple[str, ...], sentence: str
) -> None:
    written(home)
    said = vigie("logs", *words)
    assert (said.code, sentence in said.err) == (78, True), said.err


def test_an_archive_is_made_once_and_leaves_what_is_written_to(vigie: Vigie, home: Path) -> None:
    old = [written(home), written(home, "sweep", "backtest"), written(home, "busy")]
    with logged(home, "paper", "busy"):
        while "process" not in old[-1].read_text():  # a thread writes
            time.sleep(0.01)
        for path in old:
            os.utime(path, (0, 0))
        first, second = (vigie("logs", "archive", "--json").document for _ in range(2))
    assert [Path(one).parts[:2] for one in first["archived"]] == [("archives", "paper"), ("archives", "backtest")]
    assert first["in_use"] == ["paper/busy.log"]
    assert second["archived"] == []


def test_settings_that_mean_nothing_are_told_by_config_check(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text('[logs]\nfromat = "json"\nlevel = "LOUD"\nformat = "jsno"\n')
    problems = "\n".join(vigie("config", "check", "--json").document["problems"])
    for words in ("unknown key 'fromat'; did you mean 'format'?", "there is no 'LOUD'", "did you mean 'json'?"):
        assert words in problems
    assert vigie("backtest", "--quiet").code == 78


def test_an_error_leaves_its_traceback_in_the_file_masked_and_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIGIE_BINANCE_API_SECRET", SECRET)
    said: list[str] = []

    def run() -> None:
        with logged(home, "paper", "paper", report=said.append) as ears:
            ears.report(f"URGENT: the key {SECRET} is refused")
            raise VenueUnavailable(f"signature of {SECRET} is wrong")

    with pytest.raises(VenueUnavailable):
        run()
    entries = last_entries(home / "logs/paper/paper.log", 10)
    assert [one.fields["level"] for one in entries] == ["INFO", "CRITICAL", "ERROR"]
    assert "VenueUnavailable" in entries[-1].fields["exception"]
    assert SECRET not in (home / "logs/paper/paper.log").read_text()
    assert said == [f"URGENT: the key {SECRET} is refused"], "what is said goes on as it is"
    assert "Traceback" not in capfd.readouterr().err


def test_a_second_process_of_a_name_writes_a_file_of_its_own(home: Path) -> None:
    with logged(home, "paper", "paper") as first, logged(home, "paper", "paper") as second:
        first.note("one")
        second.note("two")
    names = sorted(one.name for one in (home / "logs/paper").glob("*.log"))
    assert names == [f"paper-{os.getpid()}.log", "paper.log"]


def test_a_replay_is_logged_tick_by_tick_at_its_own_time(vigie: Vigie, home: Path, candles: Path) -> None:
    words = ("--account", "replay-1", "--timerange", "20200201-20200202", "--data", candles, "--quiet", "--json")
    assert vigie("paper", "--replay", *words).code == 0
    entries = last_entries(home / "logs/paper/replay-1.log", 1000)
    ticks = [one for one in entries if one.fields["message"].startswith("decided ")]
    assert len(ticks) == 48
    assert {one.fields["time"][:8] for one in entries} == {"2020-02-"}
    assert [one.fields["time"] for one in ticks] == sorted(one.fields["time"] for one in ticks)


def test_a_command_of_research_leaves_what_it_said_and_a_defect_its_traceback(home: Path) -> None:
    def works() -> int:
        note("made something")
        return 7

    def breaks() -> None:
        raise ZeroDivisionError("of ours")

    def mistyped() -> None:
        raise ConfigError("no such thing")

    with pytest.raises(ConfigError):
        listened_to("backtest", "backtest", mistyped)()
    assert not (home / "logs").exists(), "nothing happened"
    assert listened_to("backtest", "backtest", works)() == 7
    with pytest.raises(ZeroDivisionError):
        listened_to("backtest", "backtest", breaks)()
    entries = last_entries(home / "logs/backtest/backtest.log", 10)
    assert "made something" in [one.fields["message"] for one in entries]
    assert (entries[-1].fields["level"], "ZeroDivisionError" in entries[-1].fields["exception"]) == ("CRITICAL", True)
    note("said when nobody listens")
    assert len(last_entries(home / "logs/backtest/backtest.log", 99)) == len(entries)
