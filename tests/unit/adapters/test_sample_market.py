from __future__ import annotations

import numpy as np
import pytest

from vigie.adapters.market_data.sample import FIRST_OPEN_MS, HOURS, sample_instruments, sample_pairs, sample_series
from vigie.domain.candles import FloatArray, Series
from vigie.domain.instants import as_text
from vigie.domain.timeframe import HOUR_MS


@pytest.fixture(scope="module")
def market() -> tuple[Series, ...]:
    return sample_series()


def returns(series: Series) -> FloatArray:
    result: FloatArray = np.diff(np.log(series.candles.close))
    return result


def test_a_seed_gives_the_same_candles_for_ever(market: tuple[Series, ...]) -> None:
    assert [one.candles.content_hash[:16] for one in market] == [
        "66ace9caddf3efcd",
        "890f25c5dd453b5d",
        "5345283944901b01",
    ]
    assert [one.candles.content_hash for one in market] != [one.candles.content_hash for one in sample_series(1)]


def test_nobody_can_mistake_it_for_a_market(market: tuple[Series, ...]) -> None:
    assert all(one.synthetic and one.pair.quote == "SIM" for one in market)
    assert tuple(one.pair for one in market) == sample_pairs()
    assert "synthetic" in market[0].origin


def test_it_is_hourly_and_five_years_long(market: tuple[Series, ...]) -> None:
    assert as_text(FIRST_OPEN_MS) == "2020-07-01 00:00"
    assert as_text(FIRST_OPEN_MS + HOURS * HOUR_MS) == "2025-07-01 00:00"
    for one in market:
        assert one.candles.opens_at[0] == FIRST_OPEN_MS
        assert one.candles.closes_at[-1] == FIRST_OPEN_MS + HOURS * HOUR_MS


def test_outages_are_common_to_all_pairs(market: tuple[Series, ...]) -> None:
    missing = HOURS - len(market[0].candles)
    assert 5 <= missing <= 90
    assert len({one.candles.opens_at.tobytes() for one in market}) == 1
    assert np.diff(market[0].candles.opens_at).max() >= 3 * HOUR_MS


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 20])
def test_it_behaves_like_a_market(seed: int) -> None:
    market = sample_series(seed)
    moves = [returns(one) for one in market]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert 0.6 < np.corrcoef(moves[first], moves[second])[0, 1] < 0.8
    for one, move in zip(market, moves, strict=True):
        kurtosis = np.mean(move**4) / np.mean(move**2) ** 2
        assert kurtosis > 5, "tails are fat"
        size = np.abs(move)
        assert np.corrcoef(size[24:], size[:-24])[0, 1] > 0.08, "volatility clusters"
        span = np.log(one.candles.high / one.candles.low)[1:]
        assert np.corrcoef(span, one.candles.volume[1:] * one.candles.close[1:])[0, 1] > 0.3, "volume follows it"
        assert np.abs(np.log(one.candles.open[1:] / one.candles.close[:-1])).mean() < 0.1 * size.mean()
        assert 0.4 < move.std() * np.sqrt(8766) < 1.3


def test_regimes_persist_so_that_there_is_something_to_learn(market: tuple[Series, ...]) -> None:
    # The returns of three days foretell the next three: in a market without regimes this is zero within 0.08.
    blocks = np.add.reduceat(returns(market[0]), np.arange(0, 43_000, 72))
    assert np.corrcoef(blocks[1:], blocks[:-1])[0, 1] > 0.1


def test_each_pair_has_filters_that_its_prices_fit(market: tuple[Series, ...]) -> None:
    for one, instrument in zip(market, sample_instruments(), strict=True):
        assert instrument.pair == one.pair
        ticks = one.candles.close / float(instrument.tick)
        assert np.abs(ticks - np.round(ticks)).max() < 1e-3
