"""Candles as a DataFrame."""

from __future__ import annotations

import pandas as pd

from tests.oracles import markets
from vigie.strategy.frames import to_frame


def test_a_frame_has_the_candles_by_utc_opening_time() -> None:
    candles = markets.as_candles(markets.random_walk(3, 1))
    frame = to_frame(candles)
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]
    assert frame.index[0] == pd.Timestamp("2020-01-01", tz="UTC")
    assert frame.index.name == "opens_at"
    assert frame.close.tolist() == candles.close.tolist()


def test_a_frame_is_a_copy_that_authors_may_change() -> None:
    candles = markets.as_candles(markets.random_walk(3, 1))
    frame = to_frame(candles)
    frame.loc[:, "close"] = 0.0
    assert (candles.close > 0.0).all()
