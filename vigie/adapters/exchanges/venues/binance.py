"""Binance spot. Every request is written out here; ccxt signs it, sends it and tells its errors apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigie.adapters.exchanges import binance_answers as answers
from vigie.adapters.exchanges.ccxt_dialect import Capabilities, Client, KeyRights
from vigie.adapters.exchanges.ccxt_errors import Meaning
from vigie.adapters.exchanges.ccxt_gate import Answer, Endpoint
from vigie.adapters.exchanges.ccxt_listing import Listing
from vigie.domain.errors import RefusalCode, VenueRefused
from vigie.domain.order import Balance, Fill, Intent, OrderReport, OrderType, OwnTrade
from vigie.domain.pair import Pair
from vigie.reliability.rate_budget import Limit

WEIGHT, ORDERS = "weight", "orders_10s"
_SIGNED = frozenset({"timestamp", "recvWindow", "signature"})
_PLACED = {"symbol", "side", "type", "quantity", "newClientOrderId", "newOrderRespType", "price", "stopPrice",
           "timeInForce"}  # fmt: skip
_PAGE = 1000


class Binance:
    """Fulfils :class:`vigie.adapters.exchanges.ccxt_dialect.Dialect`."""

    capabilities = Capabilities(
        name="binance",
        holds_stops=True,
        pinned=True,
        sandbox=True,
        takes_ioc=True,
        limits=(Limit(WEIGHT, 60_000, 6000), Limit(ORDERS, 10_000, 100)),
        counters={"X-MBX-USED-WEIGHT-1M": WEIGHT, "X-MBX-ORDER-COUNT-10S": ORDERS},
        # The engine's window for "absent" counts on this one: a request that is older cannot arrive any more.
        options={"recvWindow": 5000, "timeDifference": 0},
    )
    endpoints: Mapping[tuple[str, str], Endpoint] = {
        ("GET", "/api/v3/time"): Endpoint(frozenset(), {WEIGHT: 1}),
        ("GET", "/api/v3/exchangeInfo"): Endpoint(frozenset({"symbol"}), {WEIGHT: 20}),
        ("POST", "/api/v3/order"): Endpoint(_SIGNED | _PLACED, {WEIGHT: 1, ORDERS: 1}, write=True),
        ("DELETE", "/api/v3/order"): Endpoint(_SIGNED | {"symbol", "origClientOrderId"}, {WEIGHT: 1}, write=True),
        ("GET", "/api/v3/order"): Endpoint(_SIGNED | {"symbol", "origClientOrderId"}, {WEIGHT: 4}),
        ("GET", "/api/v3/myTrades"): Endpoint(
            _SIGNED | {"symbol", "orderId", "fromId", "limit", "startTime"}, {WEIGHT: 20}
        ),
        ("GET", "/api/v3/openOrders"): Endpoint(_SIGNED, {WEIGHT: 80}),
        ("GET", "/api/v3/account"): Endpoint(_SIGNED | {"omitZeroBalances"}, {WEIGHT: 20}),
        ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint(_SIGNED, {WEIGHT: 1}),
    }

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._limits: dict[str, int] = {}

    def server_ms(self, client: Client) -> int:
        """GET /time."""
        return int(client.public_get_time()["serverTime"])

    @property
    def limits(self) -> Mapping[str, int]:
        """As the last exchangeInfo told them."""
        return self._limits

    def listing(self, client: Client, pair: Pair) -> Listing:
        """GET /exchangeInfo of one symbol: all of them are ten megabytes."""
        symbol = pair.base + pair.quote
        document = client.public_get_exchangeinfo({"symbol": symbol})
        found = {row["symbol"]: row for row in document["symbols"]}
        if symbol not in found or (found[symbol]["baseAsset"], found[symbol]["quoteAsset"]) != (pair.base, pair.quote):
            raise VenueRefused(f"binance does not list {pair}", RefusalCode.UNKNOWN_PAIR)
        self._names[symbol] = str(pair)
        self._limits = answers.limits(document.get("rateLimits", ()))
        return answers.listing(pair, found[symbol])

    def submit(self, client: Client, intent: Intent, listing: Listing) -> OrderReport:
        """POST /order. No price goes with an order at the market: it would become an amount of quote."""
        request = {
            "symbol": listing.symbol,
            "side": intent.side.value.upper(),
            "type": answers.TYPES[intent.type],
            "quantity": f"{intent.quantity:f}",
            "newClientOrderId": intent.client_id,
            "newOrderRespType": "FULL",
        }
        if intent.type is OrderType.LIMIT_IOC:
            request |= {"timeInForce": "IOC", "price": f"{intent.limit:f}"}
        if intent.type is OrderType.STOP_LOSS_LIMIT:
            request |= {"timeInForce": "GTC", "stopPrice": f"{intent.trigger:f}", "price": f"{intent.limit:f}"}
        return answers.placed(client.private_post_order(request), listing, intent)

    def cancel(
        self,
        client: Client,
        listing: Listing,
        client_id: str,
        known: OrderReport | None,  # noqa: ARG002
    ) -> OrderReport | None:
        """DELETE /order."""
        row = client.private_delete_order({"symbol": listing.symbol, "origClientOrderId": client_id})
        return answers.cancelled(row, listing, client_id)

    def find(self, client: Client, listing: Listing, client_id: str) -> OrderReport | None:
        """GET /order."""
        row = client.private_get_order({"symbol": listing.symbol, "origClientOrderId": client_id})
        return answers.known(row, listing, client_id)

    def fills(self, client: Client, listing: Listing, report: OrderReport) -> tuple[Fill, ...]:
        """GET /myTrades of one order, page by page."""
        found: list[Fill] = []
        request: dict[str, Any] = {"symbol": listing.symbol, "orderId": report.venue_id, "limit": _PAGE}
        while True:
            rows = client.private_get_mytrades(request)
            found += answers.trades(rows, listing, report.venue_id)
            if len(rows) < _PAGE:
                return tuple(found)
            request["fromId"] = int(rows[-1]["id"]) + 1

    def trades(self, client: Client, listing: Listing, since_ms: int) -> tuple[OwnTrade, ...]:
        """GET /myTrades of a pair since an instant, page by page."""
        found: list[OwnTrade] = []
        request: dict[str, Any] = {"symbol": listing.symbol, "startTime": since_ms, "limit": _PAGE}
        while True:
            rows = client.private_get_mytrades(request)
            found += answers.own_trades(rows, listing)
            if len(rows) < _PAGE:
                return tuple(found)
            # From a number on, not from an instant: two trades can have the same instant, and never the same number.
            request = {"symbol": listing.symbol, "fromId": int(rows[-1]["id"]) + 1, "limit": _PAGE}

    def open_orders(self, client: Client) -> tuple[OrderReport, ...]:
        """GET /openOrders of the whole account."""
        rows = client.private_get_openorders()
        if not isinstance(rows, list):
            raise TypeError("not a list of orders")
        for symbol in {row["symbol"] for row in rows} - set(self._names):
            self._names[symbol] = self._name(client, symbol)
        return tuple(answers.resting(row, self._names[row["symbol"]]) for row in rows)

    @staticmethod
    def _name(client: Client, symbol: str) -> str:
        """A pair in our words: ``BTCUSDT`` does not say where its base ends. One that is not listed keeps its name."""
        import ccxt

        try:
            rows = client.public_get_exchangeinfo({"symbol": symbol})["symbols"]
        except ccxt.BadSymbol:
            return symbol
        found = {row["symbol"]: f"{row['baseAsset']}/{row['quoteAsset']}" for row in rows}
        return found.get(symbol, symbol)

    def balances(self, client: Client) -> dict[str, Balance]:
        """GET /account."""
        return answers.balances(client.private_get_account({"omitZeroBalances": "true"}))

    def rights(self, client: Client) -> KeyRights | None:
        """GET /sapi apiRestrictions; the place to practise has none, and nothing to withdraw."""
        if "sapi" not in client.urls["api"]:
            return None
        told = client.sapi_get_account_apirestrictions()
        trades, withdraws = told["enableSpotAndMarginTrading"], told["enableWithdrawals"]
        if not (isinstance(trades, bool) and isinstance(withdraws, bool)):
            raise TypeError("not the rights of a key")
        return KeyRights(trades=trades, withdraws=withdraws)

    def meaning(self, answer: Answer, error: Exception) -> Meaning:  # noqa: ARG002
        """By code and words of the answer: one code stands for many refusals."""
        return answers.meaning(answer)


VENUE = Binance
