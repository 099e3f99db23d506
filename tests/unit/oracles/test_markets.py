"""The made-up markets are possible, repeatable, and what their names say."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings

from tests.oracles import markets


@pytest.mark.parametrize("kind", list(markets.MAKERS))
def test_a_market_is_made_of_possible_candles_and_is_the_same_for_the_same_seed(kind: str) -> None:
    market = markets.MAKERS[kind](3000, 7)
    assert len(markets.as_candles(market).close) == 3000
    assert market == markets.MAKERS[kind](3000, 7)
    assert market != markets.MAKERS[kind](3000, 8)


def test_a_market_survives_the_way_to_the_engines_candles_and_back() -> None:
    market = markets.fat_tails(300, seed=3)
    assert markets.from_candles(markets.as_candles(market)) == market


def test_fat_tails_have_fat_tails() -> None:
    closes = markets.fat_tails(20_000, seed=1)["close"]
    returns = [math.log(b / a) for a, b in itertools.pairwise(closes)]
    variance = sum(r**2 for r in returns) / len(returns)
    assert sum(r**4 for r in returns) / len(returns) / variance**2 > 6


def test_gaps_and_constant_stretches_are_there() -> None:
    gappy = markets.gap_heavy(1000, seed=1)
    gaps = sum(a != b for a, b in zip(gappy["close"], gappy["open"][1:], strict=False))
    assert 250 < gaps < 420
    sleepy = markets.with_constant_stretches(1000, seed=1)
    still = [h == low for h, low in zip(sleepy["high"], sleepy["low"], strict=True)]
    assert sum(still) > 150


def test_holes_leave_out_rows_and_nothing_else() -> None:
    market = markets.random_walk(1000, seed=1)
    holed = markets.with_holes(market, seed=1)
    assert 500 < len(holed["close"]) < 1000
    rows = set(zip(*market.values(), strict=True))
    assert all(row in rows for row in zip(*holed.values(), strict=True))


@settings(max_examples=50, deadline=None)
@given(markets.drawn())
def test_every_drawn_market_is_possible(market: markets.Market) -> None:
    assert len(markets.as_candles(market).close) == len(market["close"])
