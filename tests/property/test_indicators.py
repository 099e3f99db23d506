"""No indicator sees the future: what it says of a row does not change when later rows are taken away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import markets
from tests.oracles.every_indicator import INDICATORS, Indicator
from vigie.indicators.momentum import rsi, stochastic_rsi
from vigie.indicators.trend import adx
from vigie.indicators.volatility import atr, true_range


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda one: one.name)
@settings(max_examples=15, deadline=None)
@given(markets.seeded(80, 300), st.data())
def test_later_rows_change_nothing__lesson_70(
    indicator: Indicator, market: markets.Market, data: st.DataObject
) -> None:
    if data.draw(st.booleans()):
        market = markets.with_holes(market, seed=1)
    candles = markets.as_candles(market)
    whole = indicator.ours(candles)
    for cut in data.draw(st.lists(st.integers(0, len(candles)), min_size=1, max_size=6)):
        np.testing.assert_array_equal(indicator.ours(candles[:cut]), whole[:cut])


@settings(deadline=None)
@given(markets.drawn(max_size=80))
def test_indicators_stay_within_their_bounds(market: markets.Market) -> None:
    candles = markets.as_candles(market)
    for values, high in ((rsi(candles.close), 100.0), (stochastic_rsi(rsi(candles.close)), 1.0), (adx(candles), 100.0)):
        defined = values[np.isfinite(values)]
        assert ((defined >= 0.0) & (defined <= high * (1 + 1e-12))).all()
    assert (true_range(candles) >= candles.high - candles.low).all()
    assert not (atr(candles) < 0.0).any()
