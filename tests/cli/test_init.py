"""`vigie init`: a home that works at once, and nothing that was there is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie

ALL = ["state/", "logs/", "strategies/", "vigie.toml", ".env", "strategies/my_strategy.py", "ecosystem.config.js"]


def test_what_it_writes_passes_the_check_and_its_strategy_is_found(vigie: Vigie, home: Path) -> None:
    said = vigie("init", "--json")
    assert said.code == 0, said.err
    document = said.document
    assert (document["home"], document["written"]) == (str(home), ALL)
    assert (document["left_alone"], document["problems"]) == ([], [])
    checked = vigie("config", "check", "--json").document
    assert checked["ok"]
    assert [one["account"] for one in checked["checked"]] == [None, "paper"]
    assert "my_strategy" in {one["name"] for one in vigie("strategy", "list", "--json").document["strategies"]}


@pytest.mark.skipif(os.name == "nt", reason="no such modes")
def test_nobody_else_can_read_the_secrets_whatever_the_umask(vigie: Vigie, home: Path) -> None:
    before = os.umask(0)
    try:
        assert vigie("init").code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / ".env").stat().st_mode) == 0o600


def test_what_is_there_already_is_left_as_it_is_and_named(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text("[accounts.paper]\ncapital = 5\n", encoding="utf-8")
    (home / ".env").symlink_to(home / "nowhere")
    (home / "logs").mkdir()
    said = vigie("init")
    assert said.code == 0
    assert "left     vigie.toml was there already" in said.out
    assert (home / "vigie.toml").read_text(encoding="utf-8") == "[accounts.paper]\ncapital = 5\n"
    assert not (home / "nowhere").exists()
    again = vigie("init", "--json").document
    assert (again["written"], again["left_alone"]) == ([], ALL)


def test_what_is_wrong_with_what_was_there_is_told(vigie: Vigie, home: Path) -> None:
    (home / "vigie.toml").write_text("[accounts.paper]\ncapitol = 5\n", encoding="utf-8")
    said = vigie("init")
    assert said.code == 0
    assert "did you mean 'capital'?" in said.out


def test_another_folder_is_made_and_the_way_there_is_told(vigie: Vigie, home: Path) -> None:
    folder = home / "new one" / "deep"
    said = vigie("init", folder)
    assert said.code == 0
    assert (folder / "vigie.toml").is_file()
    assert f"next:\n  cd '{folder}'\n  vigie config check\n  vigie " in said.err
    assert not (home / "vigie.toml").exists()


def test_every_command_that_comes_next_exists(vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    words = vigie("init", "--json").document["next"]
    assert words[0] == "vigie config check"
    for one in words:
        assert vigie(*one.split()[1:], "--help").code == 0, one


def test_a_file_in_the_place_of_the_folder_is_refused_in_a_sentence(vigie: Vigie, home: Path) -> None:
    (home / "taken").touch()
    said = vigie("init", home / "taken")
    assert (said.code, said.out) == (78, "")
    assert "taken" in said.err
    assert "cannot be written" in said.err


def test_a_home_is_named_without_detours(vigie: Vigie, home: Path) -> None:
    assert vigie("init", home / ".." / "tour", "--json").document["home"] == str((home.parent / "tour").resolve())
