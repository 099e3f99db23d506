"""An exchange for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.exchanges import BNB, BTC, ETH, FINE, NOON, series, wave
from vigie.adapters.sim_server.fixture import SimExchange

HOUR_MS = 3_600_000
OPENED = NOON + 2 * HOUR_MS
"""Two hours of candles are over when the exchange opens."""


def made(**options: object) -> SimExchange:
    """Three pairs, six hours of minutes."""
    markets = [
        series(wave(360, 25_000.0, 300.0, 1), BTC),
        series(wave(360, 1_700.0, 30.0, 2), ETH),
        series(wave(360, 300.0, 5.0, 3), BNB),
    ]
    usual: dict[str, object] = {
        "instruments": FINE,
        "balances": {"USDT": 100_000, "BTC": 1},
        "start_ms": OPENED,
    }
    return SimExchange(markets, **{**usual, **options})  # type: ignore[arg-type]


@pytest.fixture
def ex() -> Iterator[SimExchange]:
    """Ready to be called; leaves with an error if a fault never happened or nobody serves a path."""
    with made() as exchange:
        yield exchange
