"""Public endpoints: time, rules, candles, prices. Everything up to now, nothing after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vigie.adapters.sim_server import almanac
from vigie.adapters.sim_server.answers import eight
from vigie.adapters.sim_server.endpoint import Endpoint, Security
from vigie.adapters.sim_server.intervals import LENGTHS
from vigie.adapters.sim_server.parameters import Parameters, missing, not_valid
from vigie.simulation.exchange.lane import Lane
from vigie.simulation.exchange.refusals import Refused

if TYPE_CHECKING:
    from vigie.adapters.sim_server.desk import Desk

_LEVELS = 100
_USUAL_LEVELS = 100


def ping(_: Desk, p: Parameters) -> dict[str, Any]:
    """GET /ping."""
    p.close()
    return {}


def time(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /time."""
    p.close()
    return {"serverTime": desk.server_time()}


def exchange_info(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /exchangeInfo."""
    lanes = _lanes(desk, p)
    p.text("permissions")
    p.text("symbolStatus")
    p.flag("showPermissionSets")
    p.close()
    return {
        "timezone": "UTC",
        "serverTime": desk.server_time(),
        "rateLimits": desk.gauge.rate_limits(),
        "exchangeFilters": [],
        "symbols": [lane.symbol.to_json() for lane in lanes],
        "sors": [],
    }


def klines(desk: Desk, p: Parameters) -> list[list[Any]]:
    """GET /klines and /uiKlines."""
    lane = desk.exchange.lane(p.the_symbol())
    interval = p.text("interval")
    start, end = p.whole("startTime"), p.whole("endTime")
    limit = p.limit(500, 1000)
    if p.text("timeZone") not in (None, "0", "0:00", "+0:00", "+00:00"):
        raise not_valid("timeZone")
    p.close()
    if interval is None:
        raise missing("interval")
    if interval not in LENGTHS:
        raise Refused(-1120, "Invalid interval.")
    found = almanac.klines(lane.tape, desk.exchange.now, interval, start, end, limit)
    return [one.to_json() for one in found]


def ticker_day(desk: Desk, p: Parameters) -> Any:  # noqa: ANN401, RUF100 - JSON
    """GET /ticker/24hr."""
    mini = p.text("type") == "MINI"
    return _tickers(desk, p, lambda lane: _day(desk, lane, mini=mini))


def ticker_price(desk: Desk, p: Parameters) -> Any:  # noqa: ANN401, RUF100 - JSON
    """GET /ticker/price."""
    return _tickers(desk, p, lambda lane: {"symbol": lane.symbol.name, "price": eight(lane.last)})


def ticker_book(desk: Desk, p: Parameters) -> Any:  # noqa: ANN401, RUF100 - JSON
    """GET /ticker/bookTicker."""
    return _tickers(desk, p, lambda lane: _best(desk, lane))


def depth(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /depth: levels a tick apart, all of the same size. There is no real book behind a candle."""
    lane = desk.exchange.lane(p.the_symbol())
    limit = min(p.limit(_USUAL_LEVELS, 5000), _LEVELS)
    p.close()
    book, size = lane.book(), _size(desk, lane)
    bids: list[list[str]] = []
    asks: list[list[str]] = []
    if book is not None:
        step = lane.symbol.tick or book[0] / 10_000
        bids = [[eight(book[0] - step * n), size] for n in range(limit) if book[0] > step * n]
        asks = [[eight(book[1] + step * n), size] for n in range(limit)]
    return {"lastUpdateId": desk.exchange.now, "bids": bids, "asks": asks}


def trades(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /trades and /historicalTrades."""
    lane = desk.exchange.lane(p.the_symbol())
    limit, first = p.limit(500, 1000), p.whole("fromId")
    p.close()
    now = desk.exchange.now
    found = (
        almanac.last_prints(lane.tape, now, limit) if first is None else almanac.prints(lane.tape, now, first, limit)
    )
    return [
        {
            "id": one.number,
            "price": f"{one.price:.8f}",
            "qty": f"{one.quantity:.8f}",
            "quoteQty": f"{one.price * one.quantity:.8f}",
            "time": one.at,
            "isBuyerMaker": one.number % 2 == 0,
            "isBestMatch": True,
        }
        for one in found
    ]


def aggregate_trades(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /aggTrades."""
    lane = desk.exchange.lane(p.the_symbol())
    limit, first = p.limit(500, 1000), p.whole("fromId")
    start, end = p.whole("startTime"), p.whole("endTime")
    p.close()
    now = desk.exchange.now if end is None else min(desk.exchange.now, end)
    if first is None and start is not None:
        first = max(lane.tape.row(start), 0) * almanac.PER_CANDLE
    if first is None:
        found = almanac.last_prints(lane.tape, now, limit)
    else:
        found = almanac.prints(lane.tape, now, first, limit + almanac.PER_CANDLE)
    kept = [one for one in found if start is None or one.at >= start][:limit]
    return [
        {
            "a": one.number,
            "p": f"{one.price:.8f}",
            "q": f"{one.quantity:.8f}",
            "f": one.number,
            "l": one.number,
            "T": one.at,
            "m": one.number % 2 == 0,
            "M": True,
        }
        for one in kept
    ]


def average_price(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /avgPrice."""
    lane = desk.exchange.lane(p.the_symbol())
    p.close()
    return {"mins": 5, "price": eight(lane.average(5)), "closeTime": desk.exchange.now}


def reference_price(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /referencePrice."""
    name = p.the_symbol()
    p.close()
    desk.exchange.lane(name)
    price = desk.exchange.references.get(name)
    if price is None:
        raise Refused(-2043, "This symbol doesn't have a reference price.")
    return {"symbol": name, "referencePrice": eight(price), "timestamp": desk.exchange.now}


def _lanes(desk: Desk, p: Parameters) -> Sequence[Lane]:
    """The symbols that were asked for; all of them if none was."""
    one, several = p.symbol(required=False), p.symbols()
    if one is not None and several is not None:
        raise Refused(-1128, "Combination of optional parameters invalid.")
    if one is not None:
        return [desk.exchange.lane(one)]
    if several is not None:
        return [desk.exchange.lane(name) for name in several]
    return list(desk.exchange.lanes.values())


def _tickers(desk: Desk, p: Parameters, made: Any) -> Any:  # noqa: ANN401, RUF100 - JSON
    lanes = _lanes(desk, p)
    single = p.has("symbol")
    p.close()
    return made(lanes[0]) if single else [made(lane) for lane in lanes]


def _size(desk: Desk, lane: Lane) -> str:
    capacity = lane.capacity()
    if capacity is not None:
        return eight(capacity)
    whole = almanac.day(lane.tape, desk.exchange.now)
    return f"{whole.volume / whole.trades if whole else 0.0:.8f}"


def _best(desk: Desk, lane: Lane) -> dict[str, Any]:
    book, size = lane.book(), _size(desk, lane)
    bid, ask = book or (None, None)
    return {
        "symbol": lane.symbol.name,
        "bidPrice": eight(bid),
        "bidQty": size,
        "askPrice": eight(ask),
        "askQty": size,
    }


def _day(desk: Desk, lane: Lane, *, mini: bool) -> dict[str, Any]:
    whole = almanac.day(lane.tape, desk.exchange.now)
    open_, high, low, last, volume, value = (
        (whole.open, whole.high, whole.low, whole.close, whole.volume, whole.value) if whole else (0.0,) * 6
    )
    document: dict[str, Any] = {
        "symbol": lane.symbol.name,
        "openPrice": f"{open_:.8f}",
        "highPrice": f"{high:.8f}",
        "lowPrice": f"{low:.8f}",
        "lastPrice": eight(lane.last),
        "volume": f"{volume:.8f}",
        "quoteVolume": f"{value:.8f}",
        "openTime": whole.opens_at if whole else 0,
        "closeTime": desk.exchange.now,
        "firstId": 0,
        "lastId": 0,
        "count": whole.trades if whole else 0,
    }
    if mini:
        return document
    best = _best(desk, lane)
    return document | best | {
        "priceChange": f"{last - open_:.8f}",
        "priceChangePercent": f"{(last / open_ - 1) * 100 if open_ else 0.0:.3f}",
        "weightedAvgPrice": f"{value / volume if volume else last:.8f}",
        "prevClosePrice": f"{open_:.8f}",
        "lastQty": best["bidQty"],
    }  # fmt: skip


def _depth_weight(p: Parameters) -> int:
    limit = p.limit(_USUAL_LEVELS, 5000)
    return next(weight for most, weight in ((100, 5), (500, 25), (1000, 50), (5000, 250)) if limit <= most)


def _by_symbol(one: int, every: int) -> Any:  # noqa: ANN401, RUF100
    return lambda p: one if p.has("symbol") or p.has("symbols") else every


PUBLIC = {
    ("GET", "/api/v3/ping"): Endpoint(ping),
    ("GET", "/api/v3/time"): Endpoint(time),
    ("GET", "/api/v3/exchangeInfo"): Endpoint(exchange_info, 20),
    ("GET", "/api/v3/klines"): Endpoint(klines, 2),
    ("GET", "/api/v3/uiKlines"): Endpoint(klines, 2),
    ("GET", "/api/v3/ticker/24hr"): Endpoint(ticker_day, _by_symbol(2, 80)),
    ("GET", "/api/v3/ticker/price"): Endpoint(ticker_price, _by_symbol(2, 4)),
    ("GET", "/api/v3/ticker/bookTicker"): Endpoint(ticker_book, _by_symbol(2, 4)),
    ("GET", "/api/v3/depth"): Endpoint(depth, _depth_weight),
    ("GET", "/api/v3/trades"): Endpoint(trades, 25),
    ("GET", "/api/v3/historicalTrades"): Endpoint(trades, 25, Security.KEY),
    ("GET", "/api/v3/aggTrades"): Endpoint(aggregate_trades, 4),
    ("GET", "/api/v3/avgPrice"): Endpoint(average_price, 2),
    ("GET", "/api/v3/referencePrice"): Endpoint(reference_price, 2),
}
