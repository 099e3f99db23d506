"""What ``vigie status`` and ``vigie healthcheck`` say of an account whose files are known."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.accounts import (
    AT,
    BASELINE,
    BTC,
    ENTERED,
    STOP_ID,
    WISH,
    account,
    closed,
    filled,
    intent,
    learnt,
)  # fmt: skip
from tests.fakes.accounts_on_disk import HOUR, PROTECTED, begun, marked
from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage import heartbeat
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.letter_box import LetterBox
from vigie.adapters.storage.receipts import FOLDER, Receipts
from vigie.domain import events as e
from vigie.domain.holdings import Latch
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt


def now() -> int:
    return time.time_ns() // 1_000_000


def fresh_cycle(**numbers: float) -> e.CycleDone:
    return marked(now() // HOUR * HOUR - HOUR, **numbers)


def test_one_screen_tells_mode_equity_limits_position_and_stop(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, fresh_cycle()))
    said = vigie("status", "--json")
    document = said.document
    assert (said.code, document["healthy"], document["mode"], document["problems"]) == (0, True, "active", [])
    (position,) = document["positions"]
    assert (position["pair"], position["stop"], position["last_close"]) == (BTC, "95", 104.0)
    assert position["profit"] == pytest.approx(8.0)
    assert position["stop_distance"] == pytest.approx(1 - 95 / 104)
    day, total = document["limits"]
    assert (day["used"], day["limit"]) == (pytest.approx(0.02), 0.05)
    assert day["left"] == pytest.approx(0.03)
    assert (total["now"], total["used"]) == (pytest.approx(1 - 1008 / 1020), 0.04)
    assert total["left"] == pytest.approx(0.11)
    screen = vigie("status").out
    for shown in ("paper · ACTIVE · healthy", "1,008.00 USDT", "3.00% left", "11.00% left", "BTC/USDT", "8.65%"):
        assert shown in screen


def test_what_is_beyond_a_limit_is_not_said_to_be_left(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, replace(fresh_cycle(), worst=0.1501)))
    screen = vigie("status").out
    assert "15.01% down at worst, limit 15.00%: 0.01% beyond it" in screen
    assert "strategy    ema_stochrsi · standard · 1h · BTC/USDT" in screen


def test_before_the_first_close_no_equity_was_counted(vigie: Vigie, home: Path) -> None:
    begun(home, events=PROTECTED)
    assert "equity      not counted yet, cash" in vigie("status").out


def test_the_next_run_is_the_close_of_the_candle_that_is_open(vigie: Vigie, home: Path) -> None:
    cycle = fresh_cycle()
    begun(home, events=(*PROTECTED, cycle))
    due = vigie("status", "--json").document["next_run_at"]
    assert due == time.strftime("%Y-%m-%dT%H:00:00.000Z", time.gmtime((cycle.candle_at + 2 * HOUR) / 1000))


def test_a_decision_that_has_not_come_is_told(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, marked(now() - 4 * HOUR)))
    said = vigie("healthcheck")
    assert said.code == 3
    assert "has not come" in said.out


def test_a_process_that_died_without_a_word_is_unhealthy(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, fresh_cycle()), ended=None)
    said = vigie("healthcheck")
    assert (said.code, said.out.count("\n")) == (3, 1)
    assert "died without a word" in said.out


def test_a_stopped_account_is_called_so_by_status_and_healthcheck(vigie: Vigie, home: Path) -> None:
    begun(home, events=())
    vigie("stop")
    assert vigie("status").out.startswith("paper · STOPPED · healthy\n")
    assert vigie("healthcheck").out.startswith("healthy: paper STOPPED, no process")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, "no process has ever run this account"),
        (
            {"kind": "away", "problems": ["no answer from the venue"]},
            "no process has traded this account yet: the last start found no venue: no answer from the venue",
        ),
        (
            {"kind": "end", "reason": "SIGINT, while it waited for the venue: no answer"},
            "no process has traded this account yet: the last start ended before it began: "
            "SIGINT, while it waited for the venue: no answer",
        ),
    ],
)
def test_a_start_that_found_no_venue_is_not_called_none(
    vigie: Vigie, home: Path, facts: dict[str, object], told: str
) -> None:
    folder = home / "state" / "paper"
    (folder / "journal").mkdir(parents=True)
    if facts:
        Receipts(folder / FOLDER).write(now() - 4 * 60_000, facts)
    assert vigie("status", "--json").document["problems"] == [told]


def test_a_position_without_a_stop_at_the_venue_is_told_with_its_pair(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, learnt(Learnt.CANCELED, STOP_ID), fresh_cycle()))
    said = vigie("status", "--json")
    assert said.code == 3
    assert said.document["problems"] == [f"{BTC} is held without a stop at the venue"]
    assert said.document["positions"][0]["stop"] is None
    assert "NONE" in vigie("status").out


def test_an_order_of_unknown_fate_is_told(vigie: Vigie, home: Path) -> None:
    events = (*PROTECTED[:-3], learnt(Learnt.NO_ANSWER, STOP_ID), e.StopMarked(BTC, STOP_ID), fresh_cycle())
    begun(home, events=events)
    document = vigie("status", "--json").document
    assert [one["unknown"] for one in document["orders"]] == [True]
    assert document["problems"] == [f"nobody knows whether order {STOP_ID} exists"]
    assert "stop 2: unknown" in vigie("status").out


def test_a_running_engine_is_healthy_while_it_beats_and_not_when_it_falls_silent(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()), ended=None, beat=now())
    with AccountLock.take(folder, SystemClock()):
        assert vigie("status").code == 0
        heartbeat.beat(folder, now() - 200_000, {"tick": "guard"})
        said = vigie("status", "--json")
        assert said.code == 3
        assert "no heartbeat for" in said.document["problems"][0]
        (folder / "heartbeat.json").unlink()
        assert "has no heartbeat" in vigie("status", "--json").document["problems"][0]


def test_an_engine_that_goes_by_a_simulated_exchanges_time_is_no_dead_one(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, marked(AT)), ended=None)
    then = AT + HOUR + 60_000
    receipts = Receipts(folder / "receipts")
    receipts.write(now() - 1000, {"kind": "away", "problems": ["nobody answers"]})
    with AccountLock.take(folder, FakeClock(then)):
        heartbeat.beat(folder, then, {"tick": "guard"}, now())
        assert "the last start found no venue" in vigie("healthcheck").out
        receipts.write(then, {"kind": "guard"})
        assert vigie("status", "--json").document["problems"] == []
        heartbeat.beat(folder, then, {"tick": "guard"}, now() - 200_000)
        said = vigie("healthcheck")
        assert (said.code, "no heartbeat for 200 s" in said.out) == (3, True), "one that hangs is found all the same"
        heartbeat.beat(folder, then + 2 * HOUR, {"tick": "guard"}, now())
        assert "has not come" in vigie("healthcheck").out, "and so is a decision that is late by its own time"


def test_what_lies_between_two_ticks_of_a_running_engine_is_no_trouble(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()), ended=None, beat=now())
    from vigie.adapters.storage.journal import JsonlJournal

    with JsonlJournal(folder / "journal", "paper", SystemClock()) as journal:
        journal.append([learnt(Learnt.CANCELED, STOP_ID)])
    with AccountLock.take(folder, SystemClock()):
        assert vigie("status").code == 0
    # The same lines, and nobody there who would place the stop again.
    assert vigie("status").code == 3


def test_halts_stand_with_their_reasons_and_the_code_that_lifts_them(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()))
    Halts(folder, FakeClock()).latch("drawdown", Latch("halted", "16 % below the peak", AT))
    (home / "state" / ".halt_trading").write_text("tired")
    document = vigie("status", "--json").document
    assert document["mode"] == "halted"
    assert [one["name"] for one in document["halts"]] == ["kill switch", "drawdown"]
    screen = vigie("status").out
    assert "16 % below the peak" in screen
    assert "tired" in screen
    assert f"vigie resume --account paper --confirm {document['resume_code']}" in screen


def test_a_pause_is_shown_and_is_healthy(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()))
    Halts(folder, FakeClock()).latch("pause", Latch("reduce-only", "news", AT))
    said = vigie("status", "--json")
    assert (said.code, said.document["mode"]) == (0, "reduce-only")


def test_a_halt_of_the_books_counts_where_its_file_was_removed(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, fresh_cycle(), e.Halted("drawdown", "halted", "too deep")))
    document = vigie("status", "--json").document
    assert (document["mode"], document["problems"]) == ("halted", ["halted by drawdown: too deep"])


def test_what_waits_for_the_engine_is_shown(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()))
    LetterBox(folder / "requests", SystemClock()).ask("liquidate", {"reason": "enough"})
    (folder / "requests" / "broken.json").write_text("{")
    assert "liquidate reason=enough" in vigie("status").out
    assert (folder / "requests" / "broken.json").exists(), "a reader puts nothing aside"


def test_the_journal_behind_the_snapshot_counts(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, fresh_cycle()), snapshot=False)
    assert len(vigie("status", "--json").document["positions"]) == 1


def test_a_snapshot_that_knows_more_than_the_journal_is_unhealthy(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()))
    (file,) = (folder / "journal").glob("*.jsonl")
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-2]))
    assert "lines are lost" in vigie("status", "--json").document["problems"][0]


def test_damaged_files_are_told_and_never_taken_for_a_fresh_account(vigie: Vigie, home: Path) -> None:
    folder = begun(home, events=(*PROTECTED, fresh_cycle()))
    (folder / "state.json").write_text("{}")
    said = vigie("status", "--json")
    assert said.code == 3
    assert "state.json" in said.document["problems"][0]
    assert len(said.document["positions"]) == 1, "the journal still tells what is held"
    (file,) = (folder / "journal").glob("*.jsonl")
    content = file.read_bytes()
    file.write_bytes(content[:-20] + b"?" + content[-19:])
    said = vigie("status", "--json")
    assert said.code == 3
    assert any("does not match" in one or "does not end" in one for one in said.document["problems"])


def test_the_account_used_last_is_meant_and_another_one_can_be_named(vigie: Vigie, home: Path) -> None:
    old, new = begun(home, "paper"), begun(home, "live-1")
    for path, at in ((old, 1_000_000_000), (new, 2_000_000_000)):
        for file in (path / "heartbeat.json", path / "state.json", path / "journal"):
            os.utime(file, (at, at))
    assert vigie("status", "--json").document["account"] == "live-1"
    vigie("halt", "--account", "paper")
    assert vigie("status", "--json").document["account"] == "live-1", "a word of a person is no use of it"
    assert vigie("status", "--account", "paper", "--json").document["account"] == "paper"
    said = vigie("status", "--account", "papper")
    assert (said.code, said.err) == (
        78,
        "error: there is no account 'papper'; did you mean 'paper'? There are: live-1, paper\n",
    )


def test_a_home_without_accounts_gets_a_sentence_and_healthcheck_still_says_three(vigie: Vigie, home: Path) -> None:
    said = vigie("status")
    assert said.code == 78
    assert "vigie paper --replay begins one" in said.err
    said = vigie("healthcheck", "--json")
    assert (said.code, said.document["healthy"]) == (3, False)


def test_the_replay_that_ran_to_its_end_is_healthy_whatever_the_year(vigie: Vigie, home: Path) -> None:
    begun(home, "replay-1", mode="replay", ended="the candles ended")
    document = vigie("status", "--json").document
    assert document["healthy"], document["problems"]
    assert document["next_run_at"] is None
    assert document["positions"][0]["age_hours"] == pytest.approx(1.0), "by the replay's own time"


def test_numbers_of_the_fake_account_are_those_of_its_fold() -> None:
    assert account(PROTECTED).holdings[BTC].stop_id == STOP_ID


# --- times without a stop, costs, fees elsewhere ------------------------------------------------------------------


def drifting(count: int, price: str = "100.4") -> list[e.Event]:
    """Entries and exits that were decided at 100 and went otherwise, each without a fee."""
    events: list[e.Event] = []
    for number in range(count):
        for leg, filled_at in ((Leg.ENTRY, price), (Leg.EXIT, "100")):
            own = f"{leg.value[1]}{number:031d}"
            planned_ = e.IntentPlanned(replace(intent(own, leg, "1"), reference=Decimal(100), due_at=AT))
            events += [
                *([WISH] if leg is Leg.ENTRY else []),
                planned_,
                learnt(Learnt.SENT, own),
                filled(own, trade_id=own, price=filled_at, quantity="1", at=AT + 5000),
                learnt(Learnt.FILLED, own),
            ]
        events.append(replace(closed(), quantity=Decimal(1)))
    return events


def test_coverage_is_shown_with_the_position_and_of_all_time(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, fresh_cycle()))
    document = vigie("status", "--json").document
    assert document["coverage"] == {"gaps": 1, "seconds": 3600.0, "longest_seconds": 3600.0, "too_long": 1}
    (position,) = document["positions"]
    assert (position["bare_seconds"], position["coverage"]) == (None, document["coverage"])
    screen = vigie("status").out
    assert "no stop for 3,600.0 s in 1 gaps" in screen
    assert "1 over a minute" in screen
    assert max(len(one) for one in screen.splitlines()) <= 80


def test_a_time_without_a_stop_that_lasts_is_shown_in_red_words(vigie: Vigie, home: Path) -> None:
    begun(home, events=(*PROTECTED, learnt(Learnt.CANCELED, STOP_ID), fresh_cycle()))
    said = vigie("status", "--json")
    assert said.document["positions"][0]["bare_seconds"] > 3600
    assert f"no stop     {BTC} for" in vigie("status").out


def test_costs_are_shown_beside_what_was_assumed_with_their_bounds(vigie: Vigie, home: Path) -> None:
    begun(home, events=[BASELINE, *drifting(20), fresh_cycle()])
    by_name = {one["name"]: one for one in vigie("status", "--json").document["drift"]}
    assert set(by_name) == {"slippage", "fee", "delay"}
    slippage = by_name["slippage"]
    assert (slippage["orders"], slippage["judged_from"]) == (40, 30)
    assert slippage["mean"] == pytest.approx(0.002)
    assert slippage["lower_95"] < 0.002 < slippage["upper_95"]
    assert (slippage["assumed"], slippage["limit"]) == (0.0005, 0.0015)
    assert (by_name["fee"]["mean"], by_name["delay"]["mean"]) == (0.0, 5.0)
    assert "slippage    0.200% (" in vigie("status").out


def test_below_the_least_number_of_orders_nothing_is_beyond(vigie: Vigie, home: Path) -> None:
    begun(home, events=[BASELINE, *drifting(3, price="120"), fresh_cycle()])
    assert not any(one["beyond"] for one in vigie("status", "--json").document["drift"])


def test_fees_in_a_third_asset_are_told_beside_the_money(vigie: Vigie, home: Path) -> None:
    bought = [BASELINE, WISH, *ENTERED[2:4], filled(fee="0.004", asset="BNB", fee_value="2.4"), learnt(Learnt.FILLED)]
    begun(home, events=[*bought, fresh_cycle()])
    document = vigie("status", "--json").document
    assert (document["fees_elsewhere"], document["fees_elsewhere_value"]) == ({"BNB": "0.004"}, "2.4")
    assert document["cash"] == "800"
    assert "0.004 BNB" in vigie("status").out
