"""Coinbase Advanced Trade. Orders are found in lists only: it has no lookup and no cancel by our own id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from vigie.adapters.exchanges.ccxt_dialect import Capabilities, Client
from vigie.adapters.exchanges.ccxt_gate import Endpoint
from vigie.adapters.exchanges.ccxt_listing import ZERO, Listing
from vigie.adapters.exchanges.ccxt_spoken import (
    SPOT_ONLY,
    Row,
    Spoken,
    amount,
    expect_id,
    names,
    one_of,
    report,
    rows_of,
)
from vigie.domain.order import Fill, Intent, OrderReport, OrderType, Side
from vigie.domain.order_status import OrderStatus
from vigie.reliability.rate_budget import Limit

_CALLS = {"calls": 1}
_PAGE, _MOST_PAGES = 250, 20
_CAP = Decimal("1.005")
"""A purchase at the market is sized in quote here; with a limit so far above the best price it is sized in base."""
_STOP = "stop_limit_stop_limit_gtc"
_SHAPES = {"market_market_ioc": OrderType.MARKET, "sor_limit_ioc": OrderType.MARKET, _STOP: OrderType.STOP_LOSS_LIMIT}
_STATUSES = {
    "PENDING": OrderStatus.ACCEPTED,
    "QUEUED": OrderStatus.ACCEPTED,
    "OPEN": OrderStatus.ACCEPTED,
    "CANCEL_QUEUED": OrderStatus.ACCEPTED,
    "FILLED": OrderStatus.FILLED,
    "CANCELLED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    "FAILED": OrderStatus.REJECTED,
}
_ORDER = "/api/v3/brokerage/orders"


class Coinbase(Spoken):
    """Fulfils :class:`vigie.adapters.exchanges.ccxt_dialect.Dialect`."""

    capabilities = Capabilities(
        name="coinbase",
        holds_stops=True,
        pinned=True,
        cancels_by_client_id=False,
        limits=(Limit("calls", 1000, 20),),
        options={**SPOT_ONLY, "fetchBalance": "v3PrivateGetBrokerageAccounts"},
        note="answers are read as they are documented; no exchange of this kind was there to try them on",
    )
    endpoints: Mapping[tuple[str, str], Endpoint] = {
        ("GET", "/v2/time"): Endpoint(frozenset(), _CALLS),
        ("GET", "/api/v3/brokerage/market/products"): Endpoint(names("product_type"), _CALLS),
        ("GET", "/api/v3/brokerage/transaction_summary"): Endpoint(frozenset(), _CALLS),
        ("GET", "/api/v3/brokerage/best_bid_ask"): Endpoint(names("product_ids"), _CALLS),
        ("GET", "/api/v3/brokerage/accounts"): Endpoint(names("limit cursor"), _CALLS),
        ("GET", f"{_ORDER}/historical/batch"): Endpoint(names("product_ids order_status limit cursor"), _CALLS),
        ("GET", f"{_ORDER}/historical/fills"): Endpoint(names("order_ids limit cursor"), _CALLS),
        ("POST", _ORDER): Endpoint(
            names(
                "client_order_id product_id side",
                "order_configuration.market_market_ioc.base_size",
                "order_configuration.sor_limit_ioc.base_size order_configuration.sor_limit_ioc.limit_price",
                *(
                    f"order_configuration.{_STOP}.{name}"
                    for name in ("base_size", "limit_price", "stop_price", "stop_direction")
                ),
            ),
            _CALLS,
            write=True,
        ),
        ("POST", f"{_ORDER}/batch_cancel"): Endpoint(names("order_ids"), _CALLS, write=True),
    }

    def submit(self, client: Client, intent: Intent, listing: Listing) -> OrderReport:
        """POST /orders; before a purchase the best price is asked for."""
        document = client.v3_private_post_brokerage_orders(
            {
                "client_order_id": intent.client_id,
                "product_id": listing.symbol,
                "side": intent.side.value.upper(),
                "order_configuration": self._shape(client, intent, listing),
            }
        )
        if document.get("success") is not True:
            raise ValueError("neither taken nor refused")
        row = document["success_response"]
        expect_id(row["client_order_id"], intent.client_id)
        return report(
            client_id=intent.client_id, venue_id=str(row["order_id"]), pair=intent.pair, side=intent.side.value,
            type_=intent.type, status=OrderStatus.ACCEPTED, quantity=intent.quantity,
            limit=intent.limit or ZERO, trigger=intent.trigger or ZERO,
        )  # fmt: skip

    def _shape(self, client: Client, intent: Intent, listing: Listing) -> dict[str, Any]:
        size = f"{intent.quantity:f}"
        if intent.type is OrderType.STOP_LOSS_LIMIT:
            # Which way the price goes is said: ccxt's usual one is upwards, for a sale as well.
            stop = {
                "base_size": size,
                "limit_price": f"{intent.limit:f}",
                "stop_price": f"{intent.trigger:f}",
                "stop_direction": "STOP_DIRECTION_STOP_DOWN",
            }
            return {_STOP: stop}
        if intent.side is Side.SELL:
            return {"market_market_ioc": {"base_size": size}}
        books = client.v3_private_get_brokerage_best_bid_ask({"product_ids": listing.symbol})["pricebooks"]
        asks = rows_of((one_of(books) or {})["asks"])
        cap = listing.instrument.price_up(amount(asks[0], "price") * _CAP)
        return {"sor_limit_ioc": {"base_size": size, "limit_price": f"{cap:f}"}}

    def cancel(self, client: Client, listing: Listing, client_id: str, known: OrderReport | None) -> OrderReport | None:  # noqa: ARG002
        """POST /orders/batch_cancel, by the venue's number."""
        number = "" if known is None else known.venue_id
        row = one_of(client.v3_private_post_brokerage_orders_batch_cancel({"order_ids": [number]})["results"]) or {}
        expect_id(row["order_id"], number)
        if row.get("success") is not True:
            # Its reasons do not tell "too late" from "not now": the order is asked about.
            raise ValueError("not cancelled")
        return None

    def find(self, client: Client, listing: Listing, client_id: str) -> OrderReport | None:
        """GET /orders/historical/batch of the pair, all of it: only who has seen all of it knows of an absence.

        Raises:
            ValueError: there are more orders than can be looked through.
        """
        request: dict[str, Any] = {"product_ids": listing.symbol, "limit": _PAGE}
        for _ in range(_MOST_PAGES):
            page = client.v3_private_get_brokerage_orders_historical_batch(dict(request))
            for row in rows_of(page["orders"]):
                if row["client_order_id"] == client_id:
                    return self._report(row)
            if not page.get("has_next"):
                return None
            request["cursor"] = page["cursor"]
        raise ValueError("more orders than can be looked through")

    def fills(self, client: Client, listing: Listing, report: OrderReport) -> tuple[Fill, ...]:
        """GET /orders/historical/fills of one order, page by page."""
        request: dict[str, Any] = {"order_ids": report.venue_id, "limit": _PAGE}
        found: list[Fill] = []
        while True:
            page = client.v3_private_get_brokerage_orders_historical_fills(dict(request))
            rows = rows_of(page["fills"])
            for row in rows:
                expect_id(row["order_id"], report.venue_id)
                found.append(_fill(row, listing))
            if len(rows) < _PAGE or not page.get("cursor"):
                return tuple(sorted(found, key=lambda one: one.filled_at))
            request["cursor"] = page["cursor"]

    def open_orders(self, client: Client) -> tuple[OrderReport, ...]:
        """GET /orders/historical/batch of what is open.

        Raises:
            ValueError: there are more than one page of them.
        """
        self.know_pairs(client)
        page = client.v3_private_get_brokerage_orders_historical_batch({"order_status": "OPEN", "limit": _PAGE})
        if page.get("has_next"):
            raise ValueError("more orders than one page holds")
        return tuple(self._report(row) for row in rows_of(page["orders"]))

    def _report(self, row: Row) -> OrderReport:
        shape, told = next(iter(row["order_configuration"].items()))
        kind = _SHAPES.get(shape, OrderType.OTHER)
        return report(
            client_id=row["client_order_id"], venue_id=str(row["order_id"]), pair=self.pair_of(row["product_id"]),
            side=row["side"], type_=kind, status=_STATUSES[row["status"]], quantity=amount(told, "base_size"),
            executed=amount(row, "filled_size"), executed_value=amount(row, "filled_value"),
            limit=amount(told, "limit_price"), trigger=amount(told, "stop_price"),
            triggered=row.get("trigger_status") == "STOP_TRIGGERED",
            updated_at=_instant(row.get("last_fill_time") or row["created_time"]),
        )  # fmt: skip


def _fill(row: Row, listing: Listing) -> Fill:
    size = amount(row, "size")
    price = amount(row, "price")
    return Fill(
        trade_id=str(row["entry_id"]),
        price=price,
        quantity=size / price if row.get("size_in_quote") is True else size,
        fee=amount(row, "commission"),
        fee_asset=listing.instrument.pair.quote,
        filled_at=_instant(row["trade_time"]),
    )


def _instant(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


VENUE = Coinbase
