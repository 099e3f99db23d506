"""Simulated exchanges for tests: small markets, and the clients that trade on them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from vigie.domain.candles import Candles, Series
from vigie.domain.instrument import Instrument
from vigie.domain.order import Side
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.kinds import Force, Kind
from vigie.simulation.exchange.orders import Ticket
from vigie.simulation.exchange.path import Tape
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.exchange.symbols import Symbol, changed, listed

if TYPE_CHECKING:
    from vigie.adapters.sim_server.fixture import SimExchange

MINUTE = 60_000
NOON = 1_709_294_400_000
"""2024-03-01 12:00 UTC."""
BTC = Pair("BTC", "USDT")
ETH = Pair("ETH", "USDT")
BNB = Pair("BNB", "USDT")
FINE = {
    BTC: Instrument(BTC, Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(5)),
    ETH: Instrument(ETH, Decimal("0.01"), Decimal("0.0001"), Decimal("0.0001"), Decimal(5)),
    BNB: Instrument(BNB, Decimal("0.01"), Decimal("0.001"), Decimal("0.001"), Decimal(5)),
}
PLAIN = Settings(half_spread_fraction=Decimal(0))
"""No spread: what is bought and sold at the market costs the last price."""

Row = Sequence[float]


def candles(rows: Sequence[Row], start: int = NOON, length: int = MINUTE) -> Candles:
    """Candles out of rows of open, high, low, close and, if it is given, volume (else 10)."""
    full = np.array([[*row, 10.0][:5] for row in rows], dtype=np.float64)
    opens_at = start + length * np.arange(len(rows), dtype=np.int64)
    return Candles(Timeframe(length), opens_at, *full.T)


def series(rows: Sequence[Row], pair: Pair = BTC, start: int = NOON, length: int = MINUTE) -> Series:
    """The same with a name."""
    return Series(pair, "test", candles(rows, start, length), "a test")


def straight(*prices: float) -> list[Row]:
    """Candles whose path goes straight from each price to the next."""
    return [(one, max(one, other), min(one, other), other) for one, other in itertools.pairwise(prices)]


def opened(
    rows: Sequence[Row],
    settings: Settings = PLAIN,
    *,
    pair: Pair = BTC,
    start: int = NOON,
    changes: Mapping[str, Any] | None = None,
    **deposits: object,
) -> Exchange:
    """The matching core alone, on one symbol."""
    symbol: Symbol = listed(FINE[pair])
    if changes:
        symbol = changed(symbol, changes)
    tape = Tape(symbol.name, candles(rows, start), settings.extremes, settings.seed)
    exchange = Exchange([symbol], {symbol.name: tape}, settings, start)
    for asset, amount in (deposits or {"USDT": 10_000, "BTC": 1}).items():
        exchange.deposit(asset, Decimal(str(amount)))
    return exchange


def ticket(side: str, kind: Kind, client_id: str = "one", symbol: str = "BTCUSDT", **fields: object) -> Ticket:
    """An order; numbers of any kind become decimals, limit orders are good till cancelled."""
    numbers = {"quantity", "value", "price", "stop", "iceberg"}
    given: dict[str, Any] = {
        name: Decimal(str(value)) if name in numbers and value is not None else value for name, value in fields.items()
    }
    if kind.limited and kind is not Kind.LIMIT_MAKER:
        given.setdefault("force", Force.GTC)
    return Ticket(symbol, Side(side), kind, client_id, **given)


def wave(count: int, middle: float = 100.0, width: float = 5.0, seed: int = 1) -> list[Row]:
    """A market that goes up and down around a price, to two decimals."""
    dice = np.random.RandomState(seed)
    closes = middle + width * np.sin(np.arange(count + 1) / 9) + dice.normal(0, width / 20, count + 1)
    closes = np.round(closes, 2)
    rows = []
    for open_, close in itertools.pairwise(closes):
        reach = np.round(abs(dice.normal(0, width / 15, 2)), 2)
        rows.append((open_, max(open_, close) + reach[0], min(open_, close) - reach[1], close, 10.0))
    return [tuple(round(float(one), 2) for one in row) for row in rows]


def ccxt_client(ex: SimExchange, *, merged: bool = True, **options: object) -> Any:
    """ccxt as a careful user sets it up: pointed at the exchange, on its clock."""
    import ccxt

    client = ccxt.binance(
        {
            "apiKey": ex.api_key,
            "secret": ex.api_secret,
            "enableRateLimit": False,
            "timeout": 3000,
            "urls": {"api": {"public": f"{ex.url}/api/v3", "private": f"{ex.url}/api/v3", "sapi": f"{ex.url}/sapi/v1"}},
            "options": {"fetchCurrencies": False, "fetchMargins": False, "fetchMarkets": {"types": ["spot"]},
                        "warnOnFetchOpenOrdersWithoutSymbol": False, **options},
        }
    )  # fmt: skip
    if merged:
        # The table of spot errors is chosen by the real host's name.
        client.exceptions["exact"].update(client.exceptions["spot"]["exact"])
    client.milliseconds = ex.now_ms
    return client
