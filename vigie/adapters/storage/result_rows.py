"""How a result is written into a row of the store, and read back to the last bit."""

from __future__ import annotations

import json
import zlib
from typing import TypeAlias

import numpy as np

from vigie.metrics.summary import Metrics
from vigie.ports.results import StoredResult

Row: TypeAlias = "tuple[str, str, bytes | None]"
"""Key, metrics as JSON, daily returns as little-endian float64 under zlib."""

_FLAT_FRACTION = 0.25
"""Returns hardly shrink, days without a position do; below so many of them compressing costs more than it saves."""


def to_row(key: str, result: StoredResult) -> Row:
    """One row of the store.

    Raises:
        ValueError: NaN or an infinity among the metrics.
    """
    document = {"values": dict(result.metrics.values), "undefined": dict(result.metrics.undefined)}
    metrics = json.dumps(document, separators=(",", ":"), allow_nan=False)
    if result.daily_returns is None:
        return key, metrics, None
    returns = np.ascontiguousarray(result.daily_returns, dtype="<f8")
    dense = np.count_nonzero(returns) > (1.0 - _FLAT_FRACTION) * len(returns)
    return key, metrics, zlib.compress(returns.tobytes(), 0 if dense else 1)


def from_row(row: Row) -> tuple[str, StoredResult] | None:
    """Key and result, None for a row that is damaged: it is computed again."""
    key, metrics, returns = row
    try:
        document = json.loads(metrics)
        found = Metrics(document["values"], document["undefined"])
        daily = None if returns is None else np.frombuffer(zlib.decompress(returns), dtype="<f8")
    except (ValueError, TypeError, KeyError, zlib.error):
        return None
    return key, StoredResult(found, daily)
