"""What somebody meets who has never seen vigie: each message says what is meant and what to type next."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.accounts_on_disk import begun
from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from tests.fakes.trials import an_event, key
from vigie.adapters.storage.trials import JsonlTrialLedger
from vigie.domain.trial import TrialKind
from vigie.reporting.journal import summary
from vigie.reporting.status import others_row


def test_strategies_of_this_home_are_told_from_those_that_are_built_in(vigie: Vigie, home: Path) -> None:
    assert vigie("strategy", "new", "my_idea").code == 0
    listed = vigie("strategy", "list", "--json").document["strategies"]
    whose = {one["name"]: one["origin"] for one in listed}
    assert (whose["my_idea"], whose["ema_cross"]) == ("home", "built-in")
    lines = [line.split() for line in vigie("strategy", "list").out.splitlines()]
    shown = {words[0]: words[1] for words in lines if len(words) > 1}
    assert (shown["my_idea"], shown["ema_cross"]) == ("strategies/", "built-in")


def test_a_halt_before_the_first_account_says_how_it_is_lifted_and_that_lifts_it(vigie: Vigie, home: Path) -> None:
    said = vigie("halt", "--reason", "storm")
    (way,) = [line for line in said.err.splitlines() if line.startswith("to lift it: vigie ")]
    wrong = vigie("resume", "--confirm", "ABCDEF")
    assert wrong.code == 78
    assert "vigie halt shows it once more" in wrong.err
    assert (home / "state/.halt_trading").exists()
    again = vigie("halt")
    assert way in again.err
    lifted = vigie(*way.removeprefix("to lift it: vigie ").split())
    assert lifted.code == 0
    assert "the halt of all accounts is lifted" in lifted.out
    assert not (home / "state/.halt_trading").exists()
    assert vigie("resume", "--confirm", "ABCDEF").out == "nothing is halted\n"


def test_a_halt_with_accounts_shows_the_codes_of_those(vigie: Vigie, home: Path) -> None:
    begun(home)
    said = vigie("halt", "--json").document
    assert [(one["account"], bool(one["resume_code"])) for one in said["accounts"]] == [(None, False), ("paper", True)]


def test_a_resume_without_its_code_says_where_it_stands(vigie: Vigie) -> None:
    said = vigie("resume")
    assert said.code == 2
    assert "missing: option --confirm (The code that vigie status shows" in said.err
    assert "for instance: vigie resume --account paper --confirm 3FA9C2" in said.err


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (["journal", "explain"], "missing: arguments PAIR and TIME"),
        (["journal", "explain", "BTC/USDT"], "missing: argument TIME"),
        (["compare", "a.json"], "missing: argument B"),
        (["data", "download"], "missing: argument PAIR..."),
    ],
)
def test_all_that_is_missing_is_named_at_once_with_an_example(vigie: Vigie, words: list[str], missing: str) -> None:
    said = vigie(*words)
    assert said.code == 2
    assert f"error: {missing}\n" in said.err
    assert "for instance: vigie " in said.err


def test_a_new_home_says_what_trades_and_what_needs_a_network(
    vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    said = vigie("init")
    assert "  vigie paper\n" in said.err
    assert any(line.startswith("  vigie paper --replay") for line in said.err.splitlines())
    assert "it trades ema_stochrsi until [accounts.paper] of vigie.toml says otherwise" in said.err
    assert "vigie paper alone needs a network" in said.err


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        ("nope", "there is no account 'nope' yet: vigie paper --replay begins one"),
        ("replay-x", "there is no account 'replay-x' yet: vigie paper --replay --account replay-x begins it"),
        ("paper-x", "there is no account 'paper-x' yet: vigie paper --account paper-x begins it"),
    ],
)
def test_the_first_account_is_begun_by_the_words_that_are_told(vigie: Vigie, account: str, sentence: str) -> None:
    assert sentence in vigie("status", "--account", account).err


def test_an_account_that_is_not_there_is_answered_with_those_that_are(vigie: Vigie, home: Path) -> None:
    begun(home)
    begun(home, "paper-two")
    assert "there is no account 'nope'; known: paper, paper-two" in vigie("status", "--account", "nope").err
    assert "did you mean 'paper'? There are: paper, paper-two" in vigie("status", "--account", "papr").err


def test_one_of_several_accounts_says_that_there_are_others_unless_it_was_named(vigie: Vigie, home: Path) -> None:
    begun(home)
    begun(home, "paper-two")
    for words in (["status"], ["journal"], ["journal", "trades"]):
        document = vigie(*words, "--json").document
        other = {"paper": "paper-two", "paper-two": "paper"}[document["account"]]
        assert document["other_accounts"] == [other]
        said = vigie(*words)
        assert f"others: {other} (--account NAME)" in said.out + said.err, words
        named = vigie(*words, "--account", "paper")
        assert "others:" not in named.out + named.err, words


def test_many_others_are_counted() -> None:
    assert str(others_row(["a", "b", "c"])) == "others: a, b, c (--account NAME)"
    assert str(others_row(["a", "b", "c", "d", "e"])) == "others: a, b, c and 2 more (--account NAME)"


def test_an_only_account_says_nothing_of_others(vigie: Vigie, home: Path) -> None:
    begun(home)
    for words in (["status"], ["journal"]):
        said = vigie(*words)
        assert "others:" not in said.out + said.err
    assert vigie("status", "--json").document["other_accounts"] == []


def test_kinds_of_trials_are_explained_and_none_of_ones_own_too(vigie: Vigie, home: Path) -> None:
    ledger = JsonlTrialLedger.of(home, FakeClock())
    ledger.record(an_event(key("one"), kind=TrialKind.SWEEP))
    first = vigie("trials").out
    assert "sweep: points of vigie sweep" in first
    assert "fold" not in first
    assert "counted before" not in first
    ledger.record(an_event(key("one"), kind=TrialKind.FOLD))
    said = vigie("trials").out
    assert "fold: points of vigie walk-forward" in said
    assert "0: the same numbers on the same candles were counted before, as another kind" in said


def test_a_walk_forward_may_end_inside_a_candle(vigie: Vigie, candles: Path) -> None:
    words = ("--strategy", "ema_cross", "--data", candles, "--grid", "fast=10,20", "--folds", "2")
    inside = vigie("walk-forward", *words, "--timerange", "1577836800-1583020801", "--json")
    assert inside.code in (0, 3), inside.err
    whole = vigie("walk-forward", *words, "--timerange", "1577836800-1583024400", "--json")
    assert inside.document["folds"] == whole.document["folds"]


def test_why_a_position_is_to_be_sold_is_said_in_words_a_new_reason_by_its_number() -> None:
    line = {"kind": "leave", "pair": "BTC/USDT"}
    assert summary({**line, "code": 4}) == "BTC/USDT is to be sold (signal)"
    assert summary({**line, "code": 6}) == "BTC/USDT is to be sold (partial 1)"
    assert summary({**line, "code": 99}) == "BTC/USDT is to be sold (reason 99)"


def test_an_account_that_no_replay_may_have_is_answered_with_one_that_it_may(vigie: Vigie) -> None:
    said = vigie("paper", "--replay", "--account", "foo")
    assert said.code == 78
    assert said.err.endswith(": replay-foo\n")
