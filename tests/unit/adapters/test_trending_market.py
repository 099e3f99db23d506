"""The market of the demo: learnable as its page says, and not when its hours are shuffled."""

from __future__ import annotations

import numpy as np
import pytest

from vigie.adapters.market_data.trending import (
    FIRST_OPEN_MS,
    HOURS,
    SIGMA,
    autocorrelation,
    trending_instruments,
    trending_pairs,
    trending_series,
)
from vigie.app.demo.research import STRETCH, foretold
from vigie.domain.candles import FloatArray, Series
from vigie.domain.instants import as_text
from vigie.domain.timeframe import HOUR_MS


@pytest.fixture(scope="module")
def market() -> tuple[Series, ...]:
    return trending_series()


@pytest.fixture(scope="module")
def shuffled() -> tuple[Series, ...]:
    return trending_series(shuffled=True)


def returns(series: Series) -> FloatArray:
    result: FloatArray = np.diff(np.log(series.candles.close))
    return result


def by_the_book(hours: int) -> float:
    """Correlation of the returns of two stretches in a row, out of that of single hours."""
    lags = np.abs(np.subtract.outer(np.arange(hours), np.arange(2 * hours)))
    of_hours = np.vectorize(lambda lag: 1.0 if lag == 0 else autocorrelation(int(lag)))(lags)
    return float(of_hours[:, hours:].sum() / of_hours[:, :hours].sum())


def test_a_seed_gives_the_same_candles_for_ever(market: tuple[Series, ...]) -> None:
    assert [one.candles.content_hash[:16] for one in market] == [
        "ff3e8d25e4799aec",
        "08cded577c0fa331",
        "a7a37fc09349c107",
    ]
    assert [one.candles.content_hash for one in market] != [one.candles.content_hash for one in trending_series(1)]


def test_nobody_can_mistake_it_for_a_market(market: tuple[Series, ...]) -> None:
    assert all(one.synthetic and one.pair.quote == "SIM" for one in market)
    assert tuple(one.pair for one in market) == trending_pairs()
    assert all("synthetic" in one.origin for one in market)


def test_it_is_hourly_and_two_years_long(market: tuple[Series, ...]) -> None:
    assert as_text(FIRST_OPEN_MS) == "2023-01-01 00:00"
    assert as_text(FIRST_OPEN_MS + HOURS * HOUR_MS) == "2025-01-01 00:00"
    assert all(len(one.candles) == HOURS for one in market)


def test_what_can_be_learnt_is_what_is_written_down() -> None:
    assert by_the_book(STRETCH) == pytest.approx(0.28, abs=0.005), "as docs/demo.md has it"
    found = [foretold(one.candles) for seed in range(8) for one in trending_series(seed)]
    assert np.mean(found) == pytest.approx(by_the_book(STRETCH), abs=0.03)
    hourly = [np.corrcoef(move[1:], move[:-1])[0, 1] for move in map(returns, trending_series())]
    assert np.mean(hourly) == pytest.approx(autocorrelation(1), abs=0.02)


def test_shuffled_it_is_the_same_hours_and_nothing_is_left_to_learn(
    market: tuple[Series, ...], shuffled: tuple[Series, ...]
) -> None:
    for one, other in zip(market, shuffled, strict=True):
        # Prices are rounded to the tick, and the first hour has no return before it.
        first, second = np.sort(returns(one)), np.sort(returns(other))
        assert np.abs(first - second).max() < SIGMA
        assert first.std() == pytest.approx(second.std(), rel=1e-3)
        assert not np.array_equal(returns(one), returns(other))
        assert abs(foretold(other.candles)) < 0.1
        assert "shuffled" in other.origin


def test_pairs_move_together_a_little_as_coins_do(market: tuple[Series, ...]) -> None:
    moves = [returns(one) for one in market]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert 0.15 < np.corrcoef(moves[first], moves[second])[0, 1] < 0.4


def test_each_pair_has_filters_that_its_prices_fit(market: tuple[Series, ...]) -> None:
    for one, instrument in zip(market, trending_instruments(), strict=True):
        assert instrument.pair == one.pair
        ticks = one.candles.close / float(instrument.tick)
        assert np.abs(ticks - np.round(ticks)).max() < 1e-3
