"""Points of a search share their indicators, and nothing that is stale or strange is ever served."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.oracles import markets
from vigie.domain.candles import Candles, FloatArray
from vigie.indicators.averages import ema, ema_pair
from vigie.indicators.momentum import rsi, stochastic_rsi, trix_histogram
from vigie.indicators.remembered import remembered
from vigie.indicators.volatility import atr
from vigie.research.memo import Memo

ASKED: list[float] = []


@remembered
def counted(values: FloatArray, factor: float = 1.0) -> FloatArray:
    ASKED.append(factor)
    return values * factor


@pytest.fixture
def candles() -> Candles:
    ASKED.clear()
    return markets.as_candles(markets.trending(200, 5))


def test_the_same_question_is_answered_with_the_same_array(candles: Candles) -> None:
    with Memo([candles]).used():
        assert counted(candles.close, 2.0) is counted(candles.close, 2.0)
        assert counted(candles.close, factor=2.0) is counted(candles.close, factor=2.0)
        counted(candles.open, 2.0)
        counted(candles.close, 3.0)
    assert ASKED == [2.0, 2.0, 2.0, 3.0]


def test_numbers_that_are_equal_but_of_another_kind_are_other_questions(candles: Candles) -> None:
    with Memo([candles]).used():
        assert counted(candles.close, 2) is not counted(candles.close, 2.0)


def test_nothing_is_remembered_outside_of_a_search(candles: Candles) -> None:
    memo = Memo([candles])
    with memo.used():
        kept = counted(candles.close)
    assert counted(candles.close) is not kept
    with memo.used():
        assert counted(candles.close) is kept


def test_an_indicator_of_an_indicator_is_remembered_too(candles: Candles) -> None:
    with Memo([candles]).used():
        assert counted(counted(candles.close, 2.0), 3.0) is counted(counted(candles.close, 2.0), 3.0)
    assert ASKED == [2.0, 3.0]


def test_an_array_of_a_strategy_is_never_remembered(candles: Candles) -> None:
    own = np.array(candles.close)
    with Memo([candles]).used():
        before = counted(own)
        own[:] = 1.0
        assert counted(own).tolist() == own.tolist() != before.tolist()
        # A view is not the column, even if it holds the same numbers today.
        assert counted(candles.close[1:]) is not counted(candles.close[1:])


def test_other_candles_are_other_questions(candles: Candles) -> None:
    other = markets.as_candles(markets.trending(200, 6))
    with Memo([candles, other]).used():
        assert atr(candles, 14) is not atr(other, 14)
        assert atr(candles[:], 14) is atr(candles, 14)
        assert atr(candles[1:], 14) is not atr(candles, 14)


def test_the_numbers_are_those_of_a_backtest_to_the_bit(candles: Candles) -> None:
    def everything() -> list[bytes]:
        strength = rsi(candles.close)
        arrays = [*ema_pair(candles.close, 5, 20), ema(candles.close, 9), strength, stochastic_rsi(strength, flat=0.5)]
        return [one.tobytes() for one in (*arrays, trix_histogram(candles.close), atr(candles))]

    alone = everything()
    with Memo([candles]).used():
        assert everything() == everything() == alone


def test_what_was_not_asked_for_longest_goes_first(candles: Candles) -> None:
    with Memo([candles], most_bytes=2 * candles.close.nbytes).used():
        first, second = counted(candles.close, 1.0), counted(candles.close, 2.0)
        assert counted(candles.close, 1.0) is first
        counted(candles.close, 3.0)
        assert counted(candles.close, 1.0) is first
        assert counted(candles.close, 2.0) is not second


def test_threads_are_given_the_same_array(candles: Candles) -> None:
    memo = Memo([candles])

    def ask(span: int) -> FloatArray:
        with memo.used():
            return ema(candles.close, 5 + span % 3)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(300)))
    assert len({id(one) for one in found}) == 3
