"""Lessons of the first system about what is remembered over a restart, and about the files it is remembered in."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.accounts import AT, BTC, ENTERED, EXIT_ID, account, closed, cycle, filled, learnt, planned
from tests.fakes.clock import FakeClock
from vigie.adapters.storage import heartbeat
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.controls import FileControls
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.sealed import seal
from vigie.adapters.storage.state_file import StateFile
from vigie.domain import events as e
from vigie.domain.errors import AccountLocked, InvariantBroken
from vigie.domain.holdings import Latch
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt, OrderStatus
from vigie.domain.portfolio import Portfolio, folded


@pytest.fixture
def store(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "paper" / "state.json", "paper")


@pytest.fixture
def controls(tmp_path: Path) -> FileControls:
    (tmp_path / "paper").mkdir(exist_ok=True)
    return FileControls.of(tmp_path, "paper", FakeClock())


def restarted(store: StateFile, before: Portfolio) -> Portfolio:
    store.save(before)
    after = StateFile(store.path, store.account).load().portfolio
    assert after is not None
    return after


def rules(partials: int) -> e.RulesMoved:
    return e.RulesMoved(BTC, AT, 100.0, 2.0, 95.0, 0.0, False, False, 101.0, 0.0, partials)


def test_lesson_37_and_41_partials_taken_survive_a_restart_and_end_with_their_position(store: StateFile) -> None:
    held = restarted(store, account([*ENTERED, rules(1)])).holdings[BTC]
    assert held.rules is not None
    assert held.rules.partials_taken == 1
    sold = [planned(EXIT_ID, Leg.EXIT), learnt(Learnt.SENT, EXIT_ID), filled(EXIT_ID), closed()]
    again = [ENTERED[1], planned("b" * 32), filled("b" * 32)]
    assert account([*ENTERED, rules(1), *sold, *again]).holdings[BTC].rules is None


def test_lesson_50_the_entry_price_is_the_average_of_the_fills() -> None:
    parts = [*ENTERED[:4], filled(price="90", quantity="0.5"), filled(trade_id="t2", price="98", quantity="1.5")]
    assert account(parts).holdings[BTC].average_price == Decimal(96)


def test_lesson_54_a_cooldown_counts_from_the_candle_of_the_stop_out_and_survives(store: StateFile) -> None:
    sold = [planned(EXIT_ID, Leg.STOP), filled(EXIT_ID, at=AT + 60_000), closed(stopped_at=AT + 60_000)]
    later = folded((seq, AT + 10**9, event) for seq, event in enumerate([*ENTERED, *sold], 1))
    assert restarted(store, later).stopped_at == {BTC: AT + 60_000}


def test_lesson_59_and_62_peak_day_and_capital_survive_a_restart(store: StateFile) -> None:
    before = account([*ENTERED, cycle(equity=253.0, peak=10_000.0)])
    after = restarted(store, before)
    assert after.cycle == before.cycle
    assert after.capital == 1000


def test_lesson_61_a_withdrawal_is_no_drawdown() -> None:
    drawn = account([ENTERED[0], cycle(1000.0, peak=1000.0), e.FlowSeen(Decimal(-500), "a person")]).cycle
    assert drawn is not None
    assert drawn.equity == drawn.peak == 500.0


def test_lesson_65_a_block_survives_a_restart_in_two_places(store: StateFile, controls: FileControls) -> None:
    after = restarted(store, account([ENTERED[0], e.Halted("drawdown", "halted", "15 %")]))
    assert after.latches == {"drawdown": Latch("halted", "15 %", AT)}
    controls.latch("drawdown", Latch("halted", "15 %", AT))
    assert FileControls.of(controls.state, "paper", FakeClock()).latches() == after.latches


def test_lesson_91_a_deliberate_stop_and_a_halt_are_final_until_a_person_says_otherwise(controls: FileControls) -> None:
    controls.halts.stop("holiday")
    (controls.state / ".halt_trading").touch()
    later = FileControls.of(controls.state, "paper", FakeClock(at_ms=10**13))
    assert later.halts.stopped() is not None
    assert later.kill_switch() is not None


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"pid": 1}'])
def test_lesson_92_a_heartbeat_that_is_missing_or_unreadable_is_no_heartbeat(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "heartbeat.json").write_bytes(content)
    assert heartbeat.read(tmp_path) is None


def test_lesson_95_a_lock_file_with_a_pid_that_lives_does_not_lock(tmp_path: Path) -> None:
    document = {"pid": os.getpid(), "host": "h", "since": 1, "command": "vigie"}
    (tmp_path / "lock").write_text(json.dumps(document), "utf-8")
    with AccountLock.take(tmp_path, FakeClock()):
        pass


def test_lesson_96_an_old_answer_does_not_settle_a_new_intent() -> None:
    once = [*ENTERED[:4], learnt(Learnt.CANCELED), e.WishDone(BTC, "entered")]
    again = account([*once, ENTERED[1], planned("b" * 32), learnt(Learnt.SENT, "b" * 32)])
    assert [one.intent.client_id for one in again.unsettled()] == ["b" * 32]
    late = again.apply(learnt(Learnt.CANCELED), again.seq + 1, AT)
    assert late.orders["b" * 32].status is OrderStatus.SENT


def test_lesson_96_events_are_numbered_and_none_may_be_missing() -> None:
    with pytest.raises(InvariantBroken, match="event 9 cannot follow event 7"):
        account(ENTERED).apply(learnt(Learnt.CANCELED), 9, AT)


def test_lesson_97_a_snapshot_that_cannot_be_saved_is_an_error_and_a_forged_one_is_not_an_empty_one(
    store: StateFile,
) -> None:
    store.save(account(ENTERED))
    store.path.write_bytes(store.path.read_bytes().replace(b'"cash":"800"', b'"cash":"900"'))
    loaded = store.load()
    assert (loaded.portfolio, loaded.source) == (None, "nothing")
    assert "its content does not match its sha256" in loaded.problems[0]
    (store.path.parent / "file").touch()
    with pytest.raises(OSError, match="file"):
        StateFile(store.path.parent / "file" / "state.json", "paper").save(Portfolio())


def test_lesson_98_an_old_snapshot_is_migrated_by_name_or_not_read_at_all(store: StateFile) -> None:
    store.path.parent.mkdir()
    raw, _ = seal({"schema": 0, "account": "paper", "portfolio": {"positions": {"BTC": {"positions": {}}}}}, "sha256")
    store.path.write_bytes(raw)
    assert "it has schema 0, and nothing leads from there to 2" in store.load().problems[0]


def test_lesson_99_nobody_writes_an_account_without_its_lock(tmp_path: Path) -> None:
    with AccountLock.take(tmp_path, FakeClock()), pytest.raises(AccountLocked):
        AccountLock.take(tmp_path, FakeClock())


def test_lesson_100_a_trade_is_booked_from_its_fills_before_the_position_is_forgotten() -> None:
    sale = [planned(EXIT_ID, Leg.EXIT), filled(EXIT_ID, price="110", fee="0.5")]
    held = account([*ENTERED, *sale]).holdings[BTC]
    assert held.received - held.spent == Decimal("19.5")
    assert account([*ENTERED, *sale, closed("19.5")]).holdings == {}


def test_lesson_101_secrets_in_the_words_of_others_are_masked(controls: FileControls) -> None:
    (controls.state / ".halt_trading").write_text("api_secret=swordfish", "utf-8")
    assert "swordfish" not in str(controls.kill_switch())


def test_lesson_102_small_prices_are_not_rounded_away(tmp_path: Path) -> None:
    with JsonlJournal(tmp_path / "journal", "paper", FakeClock()) as journal:
        journal.append([filled(price="0.00000001234", quantity="1")])
        (entry,) = journal.read()
    assert isinstance(entry.event, e.FillSeen)
    assert str(entry.event.fill.price) == "1.234E-8"
    assert entry.event.fill.price == Decimal("0.00000001234")
