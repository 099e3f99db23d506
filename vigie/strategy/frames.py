"""Candles as a DataFrame, for authors who think in pandas."""

from __future__ import annotations

import pandas as pd

from vigie.domain.candles import COLUMNS, Candles


def to_frame(candles: Candles) -> pd.DataFrame:
    """A frame indexed by the UTC open time, columns open, high, low, close, volume; a copy, safe to change."""
    index = pd.DatetimeIndex(pd.to_datetime(candles.opens_at, unit="ms", utc=True), name="opens_at")
    return pd.DataFrame({name: getattr(candles, name).copy() for name in COLUMNS}, index=index)
