from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.trials import an_event, key
from vigie.adapters.storage.trial_lines import spell
from vigie.adapters.storage.trials import POINTS_A_LINE, JsonlTrialLedger
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.trial import Market, TrialKind

BTC = Market("binance", "BTC/USDT", "1h")
ETH = Market("binance", "ETH/USDT", "1h")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "trials.jsonl"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def ledger(path: Path, said: list[str]) -> JsonlTrialLedger:
    return JsonlTrialLedger(path, FakeClock(), said.append)


def documents(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_nothing_was_tried_before_the_first_event(ledger: JsonlTrialLedger, path: Path) -> None:
    assert ledger.count("ema_cross", [BTC]) == 0
    assert ledger.breakdown() == ()
    assert not path.exists()


def test_a_line_says_what_was_tried_on_what_by_which_code_and_when(ledger: JsonlTrialLedger, path: Path) -> None:
    ledger.record(an_event(key(1), pairs=("ETH/USDT", "BTC/USDT")))
    assert documents(path) == [
        {
            "seq": 1,
            "at": "2025-06-15T15:06:40.000Z",
            "kind": "backtest",
            "strategy": "ema_cross",
            "strategy_hash": "a" * 64,
            "timeframe": "1h",
            "pairs": {"BTC/USDT": "binance", "ETH/USDT": "binance"},
            "data_hashes": {"BTC/USDT": "c" * 64, "ETH/USDT": "c" * 64},
            "count": 1,
            "points": [key(1)[:16]],
            "code_hash": "b" * 64,
        }
    ]


def test_the_same_point_counts_once_however_often_it_is_tried(ledger: JsonlTrialLedger) -> None:
    for kind in (TrialKind.BACKTEST, TrialKind.BACKTEST, TrialKind.SWEEP):
        ledger.record(an_event(key(1), key(2), kind=kind))
    ledger.record(an_event(key(3)))
    assert ledger.count("ema_cross", [BTC]) == 3
    assert [(row.kind, row.trials, row.events) for row in ledger.breakdown()] == [
        (TrialKind.BACKTEST, 3, 3),
        (TrialKind.SWEEP, 0, 1),
    ]


@pytest.mark.parametrize(
    ("strategy", "markets", "counted"),
    [
        ("ema_cross", [BTC], 2),
        ("ema_cross", [ETH], 1),
        ("ema_cross", [BTC, ETH], 2),
        ("ema_cross", [], 0),
        ("ema_cross", [Market("kraken", "BTC/USDT", "1h")], 0),
        ("ema_cross", [Market("binance", "BTC/USDT", "4h")], 1),
        ("ema_cross", [BTC, Market("binance", "BTC/USDT", "4h")], 3),
        ("donchian", [BTC], 1),
        ("ema", [BTC], 0),
    ],
)
def test_a_trial_counts_for_every_run_that_shares_a_market(
    ledger: JsonlTrialLedger, strategy: str, markets: list[Market], counted: int
) -> None:
    ledger.record(an_event(key(1), pairs=("BTC/USDT", "ETH/USDT")))
    ledger.record(an_event(key(2)))
    ledger.record(an_event(key(3), timeframe="4h"))
    ledger.record(an_event(key(4), strategy="donchian"))
    assert ledger.count(strategy, markets) == counted


def test_a_large_sweep_takes_several_lines_and_counts_as_one(ledger: JsonlTrialLedger, path: Path) -> None:
    points = [key(number) for number in range(2 * POINTS_A_LINE + 1)]
    ledger.record(an_event(*points, kind=TrialKind.SWEEP))
    ledger.record(an_event(points[0]))
    assert [line["count"] for line in documents(path)] == [POINTS_A_LINE, POINTS_A_LINE, 1, 1]
    assert [line["seq"] for line in documents(path)] == [1, 2, 3, 4]
    assert ledger.count("ema_cross", [BTC]) == len(points)


def test_the_breakdown_tells_strategies_markets_and_kinds_apart_and_since_when(path: Path) -> None:
    clock = FakeClock()
    ledger = JsonlTrialLedger(path, clock)
    for event in (
        an_event(key(1)),
        an_event(key(2), kind=TrialKind.FOLD),
        an_event(key(3), pairs=("ETH/USDT",)),
        an_event(key(4), strategy="donchian"),
        an_event(key(5)),
    ):
        ledger.record(event)
        clock.sleep(60)
    rows = ledger.breakdown()
    assert [(row.strategy, row.markets, row.kind, row.trials) for row in rows] == [
        ("donchian", (BTC,), TrialKind.BACKTEST, 1),
        ("ema_cross", (BTC,), TrialKind.BACKTEST, 2),
        ("ema_cross", (BTC,), TrialKind.FOLD, 1),
        ("ema_cross", (ETH,), TrialKind.BACKTEST, 1),
    ]
    assert (rows[1].first_at, rows[1].last_at) == (FakeClock().at_ms, FakeClock().at_ms + 240_000)
    assert ledger.breakdown("donchian") == rows[:1]


def test_a_torn_last_line_is_cut_kept_beside_and_told(ledger: JsonlTrialLedger, path: Path, said: list[str]) -> None:
    ledger.record(an_event(key(1)))
    with path.open("ab") as file:
        file.write(b'{"seq":2,"at":"2025')
    assert ledger.count("ema_cross", [BTC]) == 1
    assert len(said) == 1
    assert "the last line was torn" in said[0]
    assert path.with_name("trials.jsonl.torn").read_bytes() == b'{"seq":2,"at":"2025\n'
    ledger.record(an_event(key(2)))
    assert [line["seq"] for line in documents(path)] == [1, 2]


def test_a_line_without_its_end_is_torn_even_if_it_can_be_read(ledger: JsonlTrialLedger, path: Path) -> None:
    for point in (key(1), key(2)):
        ledger.record(an_event(point))
    path.write_bytes(path.read_bytes()[:-1])
    ledger.record(an_event(key(3)))
    assert ledger.count("ema_cross", [BTC]) == 2
    assert [line["seq"] for line in documents(path)] == [1, 2]


def taken_out(lines: list[bytes]) -> None:
    del lines[1]


def broken(lines: list[bytes]) -> None:
    lines[1] = lines[1][:40] + b"\n"


def not_text(lines: list[bytes]) -> None:
    lines[1] = b"\xff\xfe\n"


def other_kind(lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(b'"backtest"', b'"luck"')


def fewer_points(lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(key(2)[:16].encode(), b"").replace(b'[""]', b"[]")


def another_count(lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(b'"count":1', b'"count":2')


def a_list(lines: list[bytes]) -> None:
    lines[1] = b"[1,2]\n"


def no_pairs(lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(b'"pairs"', b'"peers"')


def pairs_of_another_shape(lines: list[bytes]) -> None:
    lines[1] = lines[1].replace(b'{"BTC/USDT":"binance"}', b'["BTC/USDT"]')


@pytest.mark.parametrize(
    "damage",
    [
        taken_out,
        broken,
        not_text,
        other_kind,
        fewer_points,
        another_count,
        a_list,
        no_pairs,
        pairs_of_another_shape,
    ],
)
def test_a_damaged_earlier_line_is_named(
    ledger: JsonlTrialLedger, path: Path, damage: Callable[[list[bytes]], None]
) -> None:
    for number in (1, 2, 3):
        ledger.record(an_event(key(number)))
    lines = path.read_bytes().splitlines(keepends=True)
    damage(lines)
    path.write_bytes(b"".join(lines))
    with pytest.raises(DataError, match=r"trials\.jsonl: line 2 cannot be read"):
        ledger.count("ema_cross", [BTC])


def test_nothing_is_written_behind_a_last_line_that_cannot_be_read(ledger: JsonlTrialLedger, path: Path) -> None:
    ledger.record(an_event(key(1)))
    with path.open("ab") as file:
        file.write(b"nonsense\n")
    with pytest.raises(DataError, match="the last line cannot be read"):
        ledger.record(an_event(key(2)))
    assert path.read_bytes().endswith(b"nonsense\n")


def test_a_home_that_cannot_be_written_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    ledger = JsonlTrialLedger(tmp_path / "state" / "trials.jsonl", FakeClock())
    with pytest.raises(ConfigError, match="VIGIE_HOME chooses another home"):
        ledger.record(an_event())


@pytest.mark.long
def test_a_hundred_thousand_lines_are_counted_in_seconds(path: Path) -> None:
    path.parent.mkdir()
    with path.open("wb") as file:
        for seq in range(1, 100_001):
            event = an_event(key(seq))
            file.write(spell(event, event.points, seq, FakeClock().at_ms + seq))
    started = time.perf_counter()
    assert JsonlTrialLedger(path, FakeClock()).count("ema_cross", [BTC]) == 100_000
    assert time.perf_counter() - started < 5.0  # 0.5 s on the machine this was written on
