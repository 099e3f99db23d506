"""The read model: told from the journal, in one go or bit by bit, and never the only copy."""

from __future__ import annotations

import math
import os
import sqlite3
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.accounts import AT, BASELINE, BTC, ENTERED, ENTRY_ID, account, closed, cycle, filled, learnt, planned
from tests.fakes.clock import FakeClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.read_model import ReadModel, reading
from vigie.domain import events as e
from vigie.domain.errors import DataError, InvariantBroken
from vigie.domain.order_status import Learnt

DAY_MS = 86_400_000
TODAY = AT // DAY_MS
STORY: tuple[e.Event, ...] = (
    *ENTERED,
    filled(),  # told twice
    filled(trade_id="t2", quantity="0.00000001", price="3"),
    e.Decided(
        BTC, AT, "refuse", "cross", "a" * 16, {}, {}, {"drawdown": "refuse", "positions": "pass", "heat": "refuse"}
    ),
    cycle(),
    e.FlowSeen(Decimal("12.50"), "a person"),
    closed(),
    e.Halted("pause", "reduce-only", "lunch"),
    e.Halted("pause", "reduce-only", "coffee", AT + 5),
    e.Resumed("pause", "back"),
    e.Halted("drawdown", "halted", "15 %"),
    e.AlertRaised("disk", "is full"),
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JsonlJournal]:
    with JsonlJournal(tmp_path / "journal", "paper", FakeClock()) as journal:
        yield journal


@pytest.fixture
def model(tmp_path: Path, journal: JsonlJournal, said: list[str]) -> Iterator[ReadModel]:
    model = ReadModel(tmp_path / "vigie.db", journal, said.append)
    yield model
    model.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vigie.db"


def rows(path: Path, query: str) -> list[dict[str, Any]]:
    with reading(path) as connection:
        return [dict(row) for row in connection.execute(query)]


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_orders_are_told_as_far_as_they_are_known(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    journal.append(STORY)
    model.update()
    (order,) = rows(path, "select * from orders")
    assert (order["client_id"], order["status"], order["leg"], order["quantity"]) == (ENTRY_ID, "filled", "entry", "2")
    assert (order["executed"], order["executed_value"]) == ("2.00000001", "200.00000003")
    assert (order["seq"], order["planned_at"], order["limit_price"]) == (3, FakeClock().now_ms(), None)


def test_a_fill_told_twice_is_one_row(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    journal.append(STORY)
    model.update()
    assert [row["trade_id"] for row in rows(path, "select * from fills")] == ["t1", "t2"]


def test_sums_are_those_of_the_account_to_the_last_digit(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    parts = [
        filled(trade_id="a", quantity="1.1234567890123", price="12345.123456789012345"),
        filled(trade_id="b", quantity="0.1", price="0.0000000000000000001"),
    ]
    model.update(journal.append([*ENTERED[:4], *parts]))
    (order,) = rows(path, "select executed_value from orders")
    assert order["executed_value"] == str(account([*ENTERED[:4], *parts]).orders[ENTRY_ID].executed_value)
    assert len(order["executed_value"]) > 30


def test_everything_else_has_its_row(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    journal.append(STORY)
    model.update()
    (decision,) = rows(path, "select * from decisions")
    assert (decision["action"], decision["refused_by"]) == ("refuse", "drawdown,heat")
    assert [row["equity"] for row in rows(path, "select * from equity_curve")] == [1000.0]
    assert [row["value"] for row in rows(path, "select * from flows")] == ["12.50"]
    assert [row["profit"] for row in rows(path, "select * from trades")] == ["10"]
    halts = rows(path, "select name, reason, lifted_at is null as open from halts")
    assert halts == [
        {"name": "pause", "reason": "lunch", "open": 0},
        {"name": "pause", "reason": "coffee", "open": 0},
        {"name": "drawdown", "reason": "15 %", "open": 1},
    ]


def test_bit_by_bit_from_the_journal_and_rebuilt_it_is_the_same(
    model: ReadModel, journal: JsonlJournal, path: Path
) -> None:
    for event in STORY:
        model.update(journal.append([event]))
    model.close()
    one_by_one = content(path)
    model.rebuild()
    assert content(path) == one_by_one
    path.unlink()
    model.update()
    model.close()
    assert content(path) == one_by_one
    assert any("INSERT INTO" in line and "orders" in line for line in one_by_one)


def test_what_was_missed_is_caught_up(model: ReadModel, journal: JsonlJournal, path: Path, said: list[str]) -> None:
    model.update(journal.append(STORY[:4]))
    journal.append(STORY[4:6])
    model.update(journal.append(STORY[6:]))
    model.update(journal.append([cycle()]))
    model.update(list(journal.read())[:3])  # old news
    assert rows(path, "select last_seq from progress") == [{"last_seq": len(STORY) + 1}]
    assert len(rows(path, "select * from cycles")) == 2
    assert said == []


def damaged(path: Path, how: str) -> None:
    raw = path.read_bytes()
    if how == "deleted":
        path.unlink()
    elif how == "foreign":
        path.unlink()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("create table other (x)")
            connection.commit()
    elif how == "ahead":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("update progress set last_seq = 99")
            connection.commit()
    elif how == "no table":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("drop table progress")
            connection.commit()
    else:
        contents = {"empty": b"", "truncated": raw[: len(raw) // 2], "rubbish": b"x" * len(raw)}
        path.write_bytes(contents[how])


@pytest.mark.parametrize("how", ["deleted", "empty", "truncated", "rubbish", "foreign", "ahead", "no table"])
def test_whatever_is_wrong_with_the_file_it_is_built_anew(
    model: ReadModel, journal: JsonlJournal, path: Path, said: list[str], how: str
) -> None:
    model.update(journal.append(STORY))
    model.close()
    sound = content(path)
    damaged(path, how)
    model.update()
    model.close()
    assert content(path) == sound
    assert len(said) == (0 if how == "deleted" else 1)


def test_a_file_that_is_removed_under_the_writer_is_built_anew(
    model: ReadModel, journal: JsonlJournal, path: Path
) -> None:
    model.update(journal.append(STORY[:5]))
    for part in path.parent.glob("vigie.db*"):
        part.unlink()
    model.update(journal.append(STORY[5:]))
    assert len(rows(path, "select * from orders")) == 1


def test_a_file_that_cannot_be_written_stops_nobody(
    model: ReadModel, journal: JsonlJournal, path: Path, said: list[str]
) -> None:
    path.mkdir()
    model.update(journal.append(STORY))
    assert "cannot be written" in said[0]
    path.rmdir()
    model.update()
    assert len(rows(path, "select * from orders")) == 1


def test_a_journal_that_is_damaged_is_not_told_on(model: ReadModel, journal: JsonlJournal, tmp_path: Path) -> None:
    journal.append(STORY)
    (file,) = (tmp_path / "journal").iterdir()
    file.write_bytes(file.read_bytes().replace(b"lunch", b"lynch"))
    with pytest.raises(InvariantBroken, match="line"):
        model.update()


def test_readers_read_while_the_writer_writes(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    model.update(journal.append(STORY[:5]))
    with reading(path) as connection:
        assert connection.execute("select count(*) from cycles").fetchone()[0] == 0
        model.update(journal.append([cycle()]))
        assert connection.execute("select count(*) from cycles").fetchone()[0] == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("delete from cycles")


def test_a_reader_without_a_file_is_told_how_to_make_one(path: Path) -> None:
    with pytest.raises(DataError, match="vigie journal rebuild"), reading(path):
        pytest.fail("opened")
    assert not path.exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX")
def test_an_order_that_nobody_planned_has_no_row(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    model.update(journal.append([BASELINE, learnt(Learnt.SENT), planned("b" * 32)]))
    assert len(rows(path, "select * from orders")) == 1


# --- ratios -------------------------------------------------------------------------------------------------------


def closed_trades(journal: JsonlJournal, model: ReadModel, profits: Sequence[float]) -> None:
    model.update(journal.append([BASELINE, *(closed(str(profit)) for profit in profits)]))


def test_win_rate_and_profit_factor_roll_over_fifty_trades_and_over_all(
    model: ReadModel, journal: JsonlJournal, path: Path
) -> None:
    profits = [10.0 if number % 3 else -7.5 for number in range(120)]
    profits[60] = 0.0
    closed_trades(journal, model, profits)
    for view, window in (("rolling_50", 50), ("rolling_all", 120)):
        found = rows(path, f"select * from {view} order by seq")
        assert len(found) == 120
        for at, row in enumerate(found):
            these = profits[max(0, at + 1 - window) : at + 1]
            gains, losses = sum(p for p in these if p > 0), -sum(p for p in these if p < 0)
            assert row["trades"] == len(these)
            assert row["win_rate"] == pytest.approx(sum(p > 0 for p in these) / len(these))
            assert row["profit_factor"] == (pytest.approx(gains / losses) if losses else None)


def test_without_a_loss_there_is_no_profit_factor(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    closed_trades(journal, model, [1.0, 2.0])
    assert [row["profit_factor"] for row in rows(path, "select * from rolling_all")] == [None, None]


def curve(
    journal: JsonlJournal, model: ReadModel, equities: Sequence[float], skipped: frozenset[int] = frozenset()
) -> None:
    days = [day for day in range(len(equities)) if day not in skipped]
    model.update(journal.append([BASELINE, *(cycle(equities[day], TODAY + day) for day in days)]))


def wobbling(count: int) -> list[float]:
    equity = [1000.0]
    for day in range(count):
        equity.append(equity[-1] * (1.004 if day % 3 else 0.995))
    return equity


def test_the_sharpe_ratio_and_its_standard_error_are_those_of_the_formula(
    model: ReadModel, journal: JsonlJournal, path: Path
) -> None:
    equity = wobbling(40)
    curve(journal, model, equity)
    returns = [later / earlier - 1 for earlier, later in pairwise(equity)]
    daily = statistics.mean(returns) / statistics.stdev(returns)
    (row,) = rows(path, "select * from sharpe")
    assert row["n"] == 40
    assert row["sharpe"] == pytest.approx(daily * math.sqrt(365))
    assert row["standard_error"] == pytest.approx(math.sqrt((1 + daily**2 / 2) / 40) * math.sqrt(365))


@pytest.mark.parametrize(("count", "known"), [(0, False), (29, False), (30, True)])
def test_before_thirty_returns_there_is_no_sharpe_ratio(
    model: ReadModel, journal: JsonlJournal, path: Path, count: int, known: bool
) -> None:
    curve(journal, model, wobbling(count))
    (row,) = rows(path, "select * from sharpe")
    assert (row["n"], row["sharpe"] is not None, row["standard_error"] is not None) == (count, known, known)


def test_returns_that_do_not_vary_have_no_sharpe_ratio(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    curve(journal, model, [1000.0] * 50)
    assert rows(path, "select sharpe, standard_error from sharpe") == [{"sharpe": None, "standard_error": None}]


def test_days_without_a_cycle_count_as_days_without_a_return(
    model: ReadModel, journal: JsonlJournal, path: Path
) -> None:
    equity = wobbling(40)
    equity[11] = equity[10]  # as if the value had stood still on the day that is missing
    curve(journal, model, equity, skipped=frozenset({11}))
    returns = [later / earlier - 1 for earlier, later in pairwise(equity)]
    (row,) = rows(path, "select * from sharpe")
    assert row["n"] == 40
    assert row["sharpe"] == pytest.approx(statistics.mean(returns) / statistics.stdev(returns) * math.sqrt(365))


def test_what_flows_in_is_no_return(model: ReadModel, journal: JsonlJournal, path: Path) -> None:
    later = replace(cycle(1000.0, TODAY + 1), candle_at=AT + 1)
    model.update(
        journal.append([
            BASELINE,
            cycle(500.0, TODAY),
            cycle(1000.0, TODAY),
            e.FlowSeen(Decimal(500), "a person"),
            later,
            cycle(1510.0, TODAY + 1),
        ])
    )  # fmt: skip
    (row,) = rows(path, "select * from daily_returns")
    assert row["daily_return"] == pytest.approx(0.01)
    assert (row["days"], row["flow"]) == (1, 500.0)
