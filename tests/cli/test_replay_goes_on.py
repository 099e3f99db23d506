"""A replay's account is gone on with by the same strategy, pairs and candles alone, from where it stands."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest
import typer

from cli.main import app
from cli.requests import same_words
from tests.fakes.command_line import Vigie
from vigie.app.settings import AccountSettings
from vigie.app.trading.last_run import told_of_change
from vigie.app.trading.setups import plan_of

NAME = "replay-1"
BEGUN = "--timerange 20200120-20200203 --param cooldown_bars=30"
"""How the finished account was made."""


def replay(vigie: Vigie, candles: Path, words: str) -> tuple[int, str]:
    said = vigie("paper", "--replay", "--account", NAME, "--data", candles, *words.split())
    return said.code, said.err


def content(home: Path) -> dict[str, bytes]:
    folder = home / "state" / NAME
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--timerange 20200204-20200205 --strategy donchian", "this is donchian · 1h · BTC/USDT ETH/USDT"),
        ("--timerange 20200204-20200205 --pairs BTC/USDT", "this is ema_stochrsi · 1h · BTC/USDT;"),
        ("--timerange 20200110-20200112", "has gone on to 2020-02-03 23:00 UTC, this range ends at 2020-01-12 23:00"),
        ("--timerange 20200210-20200212", "this range begins 144 candles later, at 2020-02-10 00:00"),
    ],
)
@pytest.mark.usefixtures("replayed_account")
def test_on_anything_else_it_is_refused_before_a_byte_is_written(
    vigie: Vigie, home: Path, candles: Path, words: str, why: str
) -> None:
    before = content(home)
    code, err = replay(vigie, candles, words)
    assert code == 78
    assert why in err.replace("\n", " ")
    assert "another --account" in err.replace("\n", " ")
    assert content(home) == before


@pytest.mark.usefixtures("replayed_account")
def test_other_candles_of_the_same_pairs_are_refused(vigie: Vigie, candles: Path, tmp_path: Path) -> None:
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    for ours, theirs in (("BTC", "ETH"), ("ETH", "BTC")):
        text = (candles / f"test_{ours}-USDT_1h.csv").read_text()
        (swapped / f"test_{theirs}-USDT_1h.csv").write_text(text)
    code, err = replay(vigie, swapped, "--timerange 20200204-20200205")
    assert code == 78
    assert "replay-1 began on other candles: that of BTC/USDT at 2020-02-03 23:00 UTC differs" in err


@pytest.mark.usefixtures("replayed_account")
def test_it_says_from_where_it_goes_on_and_which_numbers_are_new(vigie: Vigie, candles: Path) -> None:
    code, err = replay(vigie, candles, "--timerange 20200120-20200204 --param cooldown_bars=29")
    assert code == 0
    assert "goes on after 2020-02-03 23:00 UTC: 24 candles left, to 2020-02-04 23:00 UTC" in err
    assert "other numbers than in the last run: cooldown_bars=29 (was 30)" in err


@pytest.mark.usefixtures("replayed_account")
def test_the_same_words_again_are_no_mistake(vigie: Vigie, candles: Path) -> None:
    code, err = replay(vigie, candles, BEGUN)
    assert code == 0
    assert "other numbers" not in err
    assert "goes on after 2020-02-03 23:00 UTC: 0 candles left" in err


def test_one_that_ends_with_something_wrong_does_not_end_well(
    vigie: Vigie, replayed_account: Path, candles: Path
) -> None:
    # Where the snapshot before the last is kept lies a folder that cannot be replaced.
    kept = replayed_account / "state.json.bak"
    kept.unlink()
    (kept / "full").mkdir(parents=True)
    code, err = replay(vigie, candles, "--timerange 20200120-20200204")
    assert code == 1
    assert "the last tick went wrong: " in err


def paper_context(*words: str) -> click.Context:
    group = typer.main.get_command(app)
    paper = group.get_command(click.Context(group), "paper")  # type: ignore[attr-defined]
    context: click.Context = paper.make_context("paper", list(words))
    return context


def test_the_words_to_go_on_with_are_those_that_were_typed_and_the_account(tmp_path: Path) -> None:
    typed = (
        f"--replay --pairs BTC/USDT --timerange 20200120-20200204 --data '{tmp_path}/two words' --param fast=12 "
        "--param slow=50 --capital 500 --fee-bps 7.5"
    )
    words = same_words(paper_context(*shlex.split(typed)), account="replay-9")  # type: ignore[arg-type]
    assert shlex.split(words)[:4] == ["vigie", "paper", "--replay", "--account"]
    assert sorted(shlex.split(words)) == sorted(["vigie", "paper", "--account", "replay-9", *shlex.split(typed)])


def test_an_account_that_was_of_another_strategy_is_said_to_be(replayed_account: Path, home: Path) -> None:
    del replayed_account
    settings = AccountSettings(NAME, strategy="donchian")
    assert told_of_change(home, settings, plan_of(settings, home)) == [
        "the last run was of ema_stochrsi · 1h · BTC/USDT ETH/USDT; this one is of donchian · 1h · BTC/USDT"
    ]
    assert told_of_change(home, AccountSettings("paper"), plan_of(settings, home)) == []
