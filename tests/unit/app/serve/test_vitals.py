"""`/health` in one of three words, and its numbers: what they are made of, and when there are none."""

from __future__ import annotations

from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.accounts import BTC
from tests.fakes.accounts_on_disk import HOUR, PROTECTED, begun, marked
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage import heartbeat
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.read_model import READ_MODEL, ReadModel
from vigie.app.serve.settings import HealthSettings, health_settings
from vigie.app.serve.vitals import CLOSED, CRITICAL, OK, Signs, record_of, status_code, verdict, vitals
from vigie.domain.errors import ConfigError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


ALIVE = {"equity": 1234.5, "equity_age_ms": 1000, "venue_more": [], "venue_fewer": [], "mode": "active"}


def test_all_combinations_of_conditions_are_one_of_three_words() -> None:
    words = set()
    for halted, broken, silent, apart, closed in product((False, True), repeat=5):
        signs = Signs(
            ["halted"] * halted, ["broken"] * broken, "silent" * silent, "mismatch" * apart, "weekend" * closed
        )
        word, reason = verdict(signs)
        wrong = next((text for text, on in zip(("halted", "broken", "silent", "mismatch"),
                                               (halted, broken, silent, apart), strict=True) if on), None)  # fmt: skip
        assert (word, reason) == (
            (CRITICAL, wrong) if wrong is not None else (CLOSED, "weekend") if closed else (OK, None)
        )
        assert status_code({"status": word}) == (503 if word == CRITICAL else 200)
        words.add(word)
    assert words == {OK, CLOSED, CRITICAL}


@given(st.lists(st.integers(-1_000, 1_000)))
def test_a_record_is_what_a_person_would_count(cents: list[int]) -> None:
    profits = [one / 100 for one in cents]
    record = record_of(profits)
    won, lost = [one for one in profits if one > 0], [one for one in profits if one < 0]
    assert record.trades == len(profits)
    assert record.win_rate == (len(won) / len(profits) if profits else None)
    assert record.profit_factor == (pytest.approx(sum(won) / -sum(lost)) if lost else None)
    assert (record.why_no_rate is None) == (record.win_rate is not None)
    assert (record.why_no_factor is None) == (record.profit_factor is not None)


def alive(home: Path, age_s: float = 1.0, **facts: object) -> Path:
    """An account whose engine told something some seconds ago; its lock is held by the test."""
    now = SystemClock().now_ms()
    folder = begun(home, events=(*PROTECTED, marked(now // HOUR * HOUR - HOUR)), ended=None)
    with (
        JsonlJournal(folder / "journal", "paper", SystemClock()) as journal,
        closing(ReadModel(folder / READ_MODEL, journal)) as model,
    ):
        model.update()
    heartbeat.beat(folder, now - round(age_s * 1000), {**ALIVE, **facts})
    return folder


def seen(home: Path, folder: Path, **words: float) -> dict[str, object]:
    with AccountLock.take(folder, SystemClock()):
        return vitals(home, "paper", HealthSettings(**words))  # type: ignore[arg-type]


def test_a_living_account_is_ok_with_its_equity_and_positions(home: Path) -> None:
    document = seen(home, alive(home))
    assert (document["status"], document["reason"], document["reasons"]) == ("ok", None, [])
    assert (document["equity"], document["active_positions"], document["journal_positions"]) == (1234.5, 1, 1)
    assert (document["win_rate"], document["win_rate_reason"]) == (None, "no closed trade yet")
    assert document["unprotected"] == []


@pytest.mark.parametrize(("age", "told"), [(110.0, True), (121.0, False)])
def test_an_equity_older_than_two_minutes_is_never_shown_as_live(home: Path, age: float, told: bool) -> None:
    document = seen(home, alive(home, age_s=age))
    assert (document["equity"] is not None) == told
    assert (document["equity_reason"] is None) == told


def test_a_loop_that_is_silent_is_a_critical_error(home: Path) -> None:
    folder = alive(home, age_s=5.0)
    assert seen(home, folder)["status"] == "ok"
    document = seen(home, folder, silence_seconds=4.0)
    assert document["status"] == "critical_error"
    assert "stale loop" in str(document["reason"])


def test_coins_that_only_the_venue_holds_are_a_mismatch(home: Path) -> None:
    document = seen(home, alive(home, venue_more=["ETH/USDT"]))
    assert document["status"] == "critical_error"
    assert document["reason"] == "mismatch: the venue holds ETH/USDT, the journal does not"
    assert (document["active_positions"], document["journal_positions"]) == (2, 1)
    other = home / "other"
    gone = seen(other, alive(other, venue_fewer=[BTC]))
    assert (gone["active_positions"], gone["journal_positions"]) == (0, 1)


def test_a_halt_comes_first_and_a_database_that_cannot_be_read_is_told(home: Path) -> None:
    folder = alive(home)
    (folder / "vigie.db").write_bytes(b"not a database at all")
    assert "database" in str(seen(home, folder)["reason"])
    (home / "state" / ".halt_trading").write_text("a storm")
    assert str(seen(home, folder)["reason"]).startswith("halted: ")


def test_an_account_that_never_began_is_an_answer_too(home: Path) -> None:
    document = vitals(home, "paper", HealthSettings())
    assert (document["status"], document["reason"]) == (
        "critical_error",
        "no process has ever run this account",
    )


def test_an_open_address_needs_a_token_and_every_problem_is_told_at_once(home: Path) -> None:
    (home / "vigie.toml").write_text('[health]\nhealth_prot = 1\nwindow = 0\nbind = "0.0.0.0"\nmetrics_port = 70000\n')
    with pytest.raises(ConfigError) as caught:
        health_settings(home, {})
    problems = "\n".join(caught.value.problems)
    for words in ("did you mean 'health_port'", "window: must be", "metrics_port: must be", "VIGIE_HEALTH_TOKEN"):
        assert words in problems
    (home / "vigie.toml").write_text('[health]\nbind = "0.0.0.0"\n')
    found = health_settings(home, {"VIGIE_HEALTH_TOKEN": "t" * 16})
    assert found.token == "t" * 16
    assert "t" * 16 not in repr(found)
