"""A tiny Binance: exchangeInfo, time and klines over real HTTP, with the oddities of the real one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self, TypeAlias

from aiohttp import web

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def market(base: str, quote: str) -> dict[str, object]:
    """One symbol of exchangeInfo."""
    return {
        "symbol": base + quote,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": quote,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "isSpotTradingAllowed": True,
        "permissions": ["SPOT"],
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
            {"filterType": "NOTIONAL", "minNotional": "5.0", "maxNotional": "9000000"},
        ],
    }


@dataclass
class KlineServer:
    """Serves hours and minutes of BTCUSDT; the candle that is open at ``now_ms`` comes last, unfinished.

    A minute stands where its hour closes, so that an hour's fall lies in its first minute.

    Attributes:
        now_ms: the venue's time.
        first_ms: opening time of the first candle ever traded.
        revised: closes that differ from what they would be, by opening time.
        failures: for each of the next klines calls the answer's status (0: an HTML page with status 200).
        fail_after: so many klines calls are answered, all later ones fail.
        info_failures: for each of the next exchangeInfo calls the status of an HTML page.
        missing: opening times of candles that do not exist.
        prices: last price by symbol; one that is missing is answered with an HTML page.
        halted: symbols that do not trade.
        requests: ``startTime`` of each klines call.
        paths: of each call.
        stall_s: seconds before each answer.
        port: where it listens; 0: any that is free.
    """

    now_ms: int
    first_ms: int
    revised: dict[int, float] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    fail_after: int | None = None
    info_failures: list[int] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    prices: dict[str, str] = field(default_factory=dict)
    halted: set[str] = field(default_factory=set)
    requests: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    stall_s: float = 0.0
    port: int = 0
    url: str = ""

    def close_of(self, opens_at: int) -> float:
        hour = opens_at // HOUR_MS
        return self.revised.get(opens_at, 100.0 + hour % 50)

    def _row(self, opens_at: int, length: int) -> list[object]:
        close = self.close_of(opens_at // HOUR_MS * HOUR_MS)
        forming = opens_at + length > self.now_ms
        open_ = self.close_of((opens_at - length) // HOUR_MS * HOUR_MS)
        high, low = max(open_, close) + 1, min(open_, close) - 1
        volume = "0.5" if forming else "10.25"
        prices = [f"{value:.2f}" for value in (open_, high, low, close)]
        return [opens_at, *prices, volume, opens_at + length - 1, "0", 5, "0", "0", "0"]

    async def _klines(self, request: web.Request) -> web.Response:
        start = int(request.query.get("startTime", self.first_ms))
        limit = min(int(request.query.get("limit", 500)), 1000)
        self.requests.append(start)
        if self.fail_after is not None and len(self.requests) > self.fail_after:
            return web.Response(status=500, text="down")
        if self.failures:
            status = self.failures.pop(0)
            if status == 0:
                return web.Response(status=200, text="<html>maintenance</html>", content_type="text/html")
            if status != 200:
                return web.Response(status=status, text="down", headers={"Retry-After": "7"})
        length = {"1h": HOUR_MS, "1m": MINUTE_MS}.get(request.query["interval"])
        if request.query["symbol"] != "BTCUSDT" or length is None:
            return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
        first = max(self.first_ms, -(-start // length) * length)
        last = min(self.now_ms, first + 2 * limit * length)
        times = [at for at in range(first, last + 1, length) if at not in self.missing]
        return web.json_response([self._row(at, length) for at in times[:limit]])

    async def _info(self, _: web.Request) -> web.Response:
        if self.info_failures:
            return web.Response(status=self.info_failures.pop(0), text="<html>", content_type="text/html")
        symbols = [market("BTC", "USDT"), market("ETH", "USDT")]
        for one in symbols:
            one["status"] = "BREAK" if one["symbol"] in self.halted else "TRADING"
        return web.json_response({"timezone": "UTC", "serverTime": self.now_ms, "rateLimits": [], "symbols": symbols})

    async def _time(self, _: web.Request) -> web.Response:
        return web.json_response({"serverTime": self.now_ms})

    async def _ticker(self, request: web.Request) -> web.Response:
        symbol = request.query["symbol"]
        if symbol not in self.prices:
            return web.Response(status=200, text="<html>maintenance</html>", content_type="text/html")
        return web.json_response({"symbol": symbol, "lastPrice": self.prices[symbol], "closeTime": self.now_ms})

    @web.middleware
    async def _note_path(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.paths.append(request.path)
        if self.stall_s:
            await asyncio.sleep(self.stall_s)
        return await handler(request)

    def __enter__(self) -> Self:
        app = web.Application(middlewares=[self._note_path])
        app.router.add_get("/api/v3/klines", self._klines)
        app.router.add_get("/api/v3/exchangeInfo", self._info)
        app.router.add_get("/api/v3/time", self._time)
        app.router.add_get("/api/v3/ticker/24hr", self._ticker)
        self._loop = asyncio.new_event_loop()
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        if not started.wait(10):
            raise TimeoutError("the server did not start")
        return self

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._runner.setup())
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        self._loop.run_until_complete(site.start())
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
