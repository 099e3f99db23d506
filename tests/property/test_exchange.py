"""The simulated exchange under random orders of every kind: its books add up after every event."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.exchanges import BNB, BTC, ETH, candles, wave
from tests.property.exchange_streams import Market, Stream
from vigie.adapters.market_data.files import read_series

ALL = 10_000


def made_market() -> Market:
    """For machines without the recorded candles."""
    return {
        BTC: candles(wave(2000, 25_000.0, 400.0, 1)),
        ETH: candles(wave(2000, 1_700.0, 40.0, 2)),
        BNB: candles(wave(2000, 300.0, 9.0, 3)),
    }


@cache
def real_market(folder: Path) -> Market:
    """Recorded minutes; SOL plays BNB, so that fees can be paid in it."""
    files = {BTC: "BTC", ETH: "ETH", BNB: "SOL"}
    return {pair: read_series(folder / f"binance_{coin}-USDT_1m.csv.gz").candles for pair, coin in files.items()}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_books_add_up_after_every_event_of_a_random_stream(seed: int) -> None:
    Stream(made_market(), seed).run()


@pytest.mark.real_candles
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_books_add_up_on_recorded_candles(candle_folder: Path, seed: int) -> None:
    Stream(real_market(candle_folder), seed).run()


def test_random_streams_reach_what_they_are_to_test() -> None:
    market = made_market()
    reached = Counter[str]()
    for seed in range(60):
        reached.update(Stream(market, seed).run())
    wanted = {f"list {kind} {end}" for kind in ("OCO", "OTO", "OTOCO", "OPO", "OPOCO") for end in ("open",)}
    wanted |= {f"ended {state}" for state in ("FILLED", "CANCELED", "EXPIRED", "NEW", "PARTIALLY_FILLED")}
    wanted |= {"amended", "busted", "executed by hand", "refused -2010", "refused -1013", "cancelled"}
    assert wanted <= set(reached), wanted - set(reached)


def _violations(job: tuple[str | None, range]) -> list[str]:
    folder, seeds = job
    market = made_market() if folder is None else real_market(Path(folder))
    found = []
    for seed in seeds:
        try:
            Stream(market, seed).run()
        except AssertionError as error:
            found.append(f"stream {seed}: {error}")
    return found


@pytest.mark.long
@pytest.mark.real_candles
def test_ten_thousand_random_streams_on_recorded_candles_break_nothing(candle_folder: Path) -> None:
    jobs = [(str(candle_folder), range(first, first + 250)) for first in range(0, ALL, 250)]
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        found = [one for part in workers.map(_violations, jobs) for one in part]
    assert found == []
