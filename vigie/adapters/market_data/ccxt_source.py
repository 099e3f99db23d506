"""Public candles of any exchange that ccxt knows. No keys, no orders: reads only."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from vigie.domain.errors import ConfigError, VenueRefused, VenueUnavailable
from vigie.domain.instrument import Instrument
from vigie.domain.names import suggestion
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.ports.candles import CandleRow
from vigie.reliability.rate_budget import RateBudget
from vigie.reliability.unreached import why

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PAGE_LIMIT = 1000
_CAREFUL_PAGE_LIMIT = 300
_TIME, _KLINES, _TICKER, _MARKETS = 1, 2, 2, 20
"""Weights of what is asked, as the first venue counts them."""
_USUAL_WAIT_S = 60.0


class CcxtCandleSource:
    """One exchange's spot candles. Fulfils :class:`vigie.ports.candles.CandleSource`."""

    def __init__(
        self,
        exchange: str,
        *,
        local_time_ms: Callable[[], int],
        base_url: str | None = None,
        sandbox: bool = False,
        budget: RateBudget | None = None,
    ) -> None:
        """Make ready; nothing is sent yet.

        Args:
            exchange: ccxt's name, for instance ``binance``.
            local_time_ms: our own time, for venues that do not tell theirs.
            base_url: send everything there instead; https, or http to this machine.
            sandbox: the venue's own place to practise: its prices are its own.
            budget: of all who ask from this address; None: nobody else does, or nothing hangs on it.

        Raises:
            ConfigError: unknown exchange, one without candles, or an address that may not be used.
        """
        import ccxt

        self.venue = exchange.lower()
        if self.venue not in ccxt.exchanges:
            raise ConfigError(f"unknown exchange '{exchange}'{_near(self.venue, ccxt.exchanges)}")
        self._local_time_ms, self._budget = local_time_ms, budget
        self._api = getattr(ccxt, self.venue)(_settings(self.venue, base_url))
        if budget is not None:
            # What is asked is counted where all who ask can see it, and by our clock; ccxt would wait by the machine's.
            self._api.enableRateLimit = False
        if sandbox:
            if not self._api.urls.get("test"):
                raise ConfigError(f"{self.venue} has no place to practise; leave the sandbox out")
            self._api.set_sandbox_mode(True)
        # Codes below the spot table are not seen when the address is not the exchange's own.
        spot_errors = self._api.exceptions.get("spot", {})
        self._api.exceptions.setdefault("exact", {}).update(spot_errors.get("exact", {}))
        if not self._api.has.get("fetchOHLCV"):
            raise ConfigError(f"{self.venue} gives no candles")

    @property
    def page_limit(self) -> int:
        """Candles asked for in one page."""
        # What ccxt writes about other venues' limits is not reliable: a small page costs time, a wrong one history.
        return _PAGE_LIMIT if self.venue.startswith("binance") else _CAREFUL_PAGE_LIMIT

    def now_ms(self) -> int:
        """The venue's time, or ours where it does not tell; epoch milliseconds.

        Raises:
            VenueUnavailable: no usable answer.
        """
        if not self._api.has.get("fetchTime"):
            return self._local_time_ms()
        with self._translated(_TIME):
            return int(self._api.fetch_time())

    def instrument(self, pair: Pair) -> Instrument:
        """The filters of a pair; zero where the venue does not say.

        Raises:
            ConfigError: the venue does not trade the pair on its spot market.
            VenueUnavailable: no usable answer.
        """
        market = self._market(pair)
        precision, limits = market.get("precision") or {}, market.get("limits") or {}
        as_steps = self._api.precisionMode == _tick_size_mode()
        return Instrument(
            pair,
            tick=_step(precision.get("price"), as_steps),
            step=_step(precision.get("amount"), as_steps),
            min_quantity=_decimal((limits.get("amount") or {}).get("min")),
            min_notional=_decimal((limits.get("cost") or {}).get("min")),
        )

    def page(self, pair: Pair, timeframe: Timeframe, since_ms: int) -> Sequence[CandleRow]:
        """Up to ``page_limit`` candles from ``since_ms`` on, oldest first; the last one may still be forming.

        Raises:
            ConfigError: the venue knows no such pair or timeframe.
            VenueRefused: a proven no.
            VenueUnavailable: no usable answer.
        """
        market = self._market(pair)
        known = self._api.timeframes or {}
        if known and str(timeframe) not in known:
            raise ConfigError(f"{self.venue} has no {timeframe} candles{suggestion(str(timeframe), known)}")
        with self._translated(_KLINES):
            self._api.last_json_response = None
            rows = self._api.fetch_ohlcv(market["symbol"], str(timeframe), since=since_ms, limit=self.page_limit)
            answer = self._api.last_json_response
            if answer is None or (self.venue.startswith("binance") and not isinstance(answer, list)):
                # ccxt makes no candles, and no error, of a page of HTML: it would pass for the end of history.
                raise ValueError("not candles")
            return sorted(_row(row) for row in rows)

    def last_price(self, pair: Pair) -> float | None:
        """The price of the last trade, quote; None where the venue says that the pair does not trade.

        Raises:
            ConfigError: the venue does not trade the pair on its spot market.
            VenueRefused: a proven no.
            VenueUnavailable: no usable answer.
        """
        market = self._market(pair)
        if market.get("active") is False:
            return None
        with self._translated(_TICKER):
            price = float(self._api.fetch_ticker(market["symbol"])["last"])
            if not (math.isfinite(price) and price > 0):
                raise ValueError("not a price")
            return price

    def _market(self, pair: Pair) -> dict[str, Any]:
        # They are fetched once, and then remembered.
        with self._translated(0 if self._api.markets else _MARKETS):
            markets: dict[str, dict[str, Any]] = self._api.load_markets()
            if not markets:
                raise ValueError("not a list of markets")
        spot = {symbol for symbol, market in markets.items() if market.get("spot")}
        if str(pair) not in spot:
            raise ConfigError(f"{self.venue} does not trade {pair}{_near(str(pair), spot)}")
        return markets[str(pair)]

    @contextlib.contextmanager
    def _translated(self, weight: int) -> Iterator[None]:
        import ccxt

        if self._budget is not None:
            self._budget.spend({"weight": weight, "calls": 1}, protective=False)
        self._api.last_response_headers = None
        try:
            yield
        except ccxt.OperationFailed as error:
            wait = self._retry_after()
            if self._budget is not None and isinstance(error, ccxt.DDoSProtection | ccxt.RateLimitExceeded):
                wait = _USUAL_WAIT_S if wait is None else wait
                self._budget.block(wait, f"{self.venue} sent its candles' reader away")
            reason = why(error)
            words = f"{reason} ({_short(error)})" if reason else _short(error)
            raise VenueUnavailable(f"{self.venue} cannot be reached: {words}", wait) from error
        except ccxt.BaseError as error:
            raise VenueRefused(f"{self.venue} refuses: {_short(error)}") from error
        except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
            raise VenueUnavailable(f"{self.venue} gave an answer that is not candles") from error

    def _retry_after(self) -> float | None:
        headers = getattr(self._api, "last_response_headers", None) or {}
        try:
            return float(headers["Retry-After"])
        except (KeyError, ValueError):
            return None


def _settings(venue: str, base_url: str | None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "enableRateLimit": True,
        "enableLastJsonResponse": True,
        "options": {"fetchCurrencies": False, "fetchMargins": False, "fetchMarkets": {"types": ["spot"]}},
    }
    if not venue.startswith("binance"):
        settings["options"].pop("fetchMarkets")
    if base_url is None:
        return settings
    address = urlsplit(base_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ConfigError(f"'{base_url}' is not an address: write for instance http://127.0.0.1:8080")
    if address.scheme == "http" and address.hostname not in _LOOPBACK:
        raise ConfigError(f"'{base_url}': plain http only to this machine; use https")
    if venue != "binance":
        raise ConfigError(f"--base-url is understood for binance only, not for {venue}")
    root = base_url.rstrip("/")
    closed = (
        "sapi",
        "sapiV2",
        "sapiV3",
        "sapiV4",
        "fapiPublic",
        "fapiPrivate",
        "dapiPublic",
        "dapiPrivate",
        "eapiPublic",
    )
    settings["urls"] = {
        "api": {"public": f"{root}/api/v3", "private": f"{root}/api/v3"} | dict.fromkeys(closed, f"{root}/closed")
    }
    return settings


def _row(row: Sequence[Any]) -> CandleRow:
    opens_at, *prices = row
    opened, high, low, close, volume = (float(value) for value in prices[:5])
    return int(opens_at), opened, high, low, close, volume


def _tick_size_mode() -> int:
    import ccxt

    return int(ccxt.TICK_SIZE)


def _step(precision: Any, as_step: bool) -> Decimal:
    """A step out of ccxt's precision: the step itself, or a number of decimals."""
    value = _decimal(precision)
    if precision is None or as_step:
        return value
    return Decimal(1).scaleb(-int(value))


def _decimal(value: Any) -> Decimal:
    try:
        # Through text: ccxt gives floats, and the shortest name of 1e-05 is what the venue wrote.
        return Decimal(0) if value is None else abs(Decimal(str(value)))
    except InvalidOperation:
        return Decimal(0)


def _near(name: str, known: Iterable[str]) -> str:
    tail = suggestion(name, known)
    return tail if "did you mean" in tail else ""


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:200] or type(error).__name__
