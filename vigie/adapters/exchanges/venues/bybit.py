"""Bybit spot, unified trading account. A stop is an order of its own kind that locks its coins."""

from __future__ import annotations

from collections.abc import Mapping

from vigie.adapters.exchanges.ccxt_dialect import Capabilities, Client
from vigie.adapters.exchanges.ccxt_gate import Endpoint
from vigie.adapters.exchanges.ccxt_listing import ZERO, Listing
from vigie.adapters.exchanges.ccxt_spoken import (
    SPOT_ONLY,
    Row,
    Spoken,
    amount,
    expect_id,
    latest,
    names,
    report,
    rows_of,
)
from vigie.domain.order import Fill, Intent, OrderReport, OrderType
from vigie.domain.order_status import OrderStatus
from vigie.reliability.rate_budget import Limit

_CALLS = {"calls": 1}
_STOP, _PLAIN = "tpslOrder", "Order"
_PAGE = 50
_STATUSES = {
    "Created": OrderStatus.ACCEPTED,
    "New": OrderStatus.ACCEPTED,
    "Untriggered": OrderStatus.ACCEPTED,
    "Triggered": OrderStatus.ACCEPTED,
    "PendingCancel": OrderStatus.ACCEPTED,
    "PartiallyFilled": OrderStatus.PARTIAL,
    "Filled": OrderStatus.FILLED,
    "PartiallyFilledCanceled": OrderStatus.EXPIRED,
    "Cancelled": OrderStatus.CANCELED,
    "Deactivated": OrderStatus.CANCELED,
    "Rejected": OrderStatus.REJECTED,
}


class Bybit(Spoken):
    """Fulfils :class:`vigie.adapters.exchanges.ccxt_dialect.Dialect`."""

    capabilities = Capabilities(
        name="bybit",
        holds_stops=True,
        pinned=True,
        cancels_by_client_id=False,
        sandbox=True,
        limits=(Limit("calls", 1000, 10),),
        options={**SPOT_ONLY, "enableUnifiedAccount": True, "enableUnifiedMargin": False, "recvWindow": 5000},
        note="answers are read as they are documented; no exchange of this kind was there to try them on",
    )
    endpoints: Mapping[tuple[str, str], Endpoint] = {
        ("GET", "/v5/market/time"): Endpoint(frozenset(), _CALLS),
        ("GET", "/v5/market/instruments-info"): Endpoint(names("category limit status cursor"), _CALLS),
        ("GET", "/v5/order/realtime"): Endpoint(names("category symbol orderLinkId limit"), _CALLS),
        ("GET", "/v5/order/history"): Endpoint(names("category symbol orderLinkId limit"), _CALLS),
        ("GET", "/v5/execution/list"): Endpoint(names("category symbol orderLinkId limit cursor"), _CALLS),
        ("GET", "/v5/account/wallet-balance"): Endpoint(names("accountType"), _CALLS),
        ("POST", "/v5/order/create"): Endpoint(
            names(
                "category symbol side orderType qty marketUnit price triggerPrice orderFilter timeInForce orderLinkId"
            ),
            _CALLS,
            write=True,
        ),
        ("POST", "/v5/order/cancel"): Endpoint(names("category symbol orderLinkId orderFilter"), _CALLS, write=True),
    }

    def submit(self, client: Client, intent: Intent, listing: Listing) -> OrderReport:
        """POST /v5/order/create. The unit of an order at the market is said: it would be quote when buying."""
        request = {
            "category": "spot",
            "symbol": listing.symbol,
            "side": intent.side.value.capitalize(),
            "qty": f"{intent.quantity:f}",
            "orderLinkId": intent.client_id,
        }
        if intent.type is OrderType.STOP_LOSS_LIMIT:
            request |= {
                "orderType": "Limit",
                "orderFilter": _STOP,
                "triggerPrice": f"{intent.trigger:f}",
                "price": f"{intent.limit:f}",
                "timeInForce": "GTC",
            }
        else:
            request |= {"orderType": "Market", "orderFilter": _PLAIN, "marketUnit": "baseCoin"}
        row = client.private_post_v5_order_create(request)["result"]
        expect_id(row["orderLinkId"], intent.client_id)
        return report(
            client_id=intent.client_id, venue_id=str(row["orderId"]), pair=intent.pair, side=intent.side.value,
            type_=intent.type, status=OrderStatus.ACCEPTED, quantity=intent.quantity,
            limit=intent.limit or ZERO, trigger=intent.trigger or ZERO,
        )  # fmt: skip

    def cancel(self, client: Client, listing: Listing, client_id: str, known: OrderReport | None) -> OrderReport | None:
        """POST /v5/order/cancel; stops and other orders lie in different drawers."""
        stop = known is not None and known.trigger is not None
        row = client.private_post_v5_order_cancel(
            {
                "category": "spot",
                "symbol": listing.symbol,
                "orderLinkId": client_id,
                "orderFilter": _STOP if stop else _PLAIN,
            }
        )["result"]
        expect_id(row["orderLinkId"], client_id)
        return None

    def find(self, client: Client, listing: Listing, client_id: str) -> OrderReport | None:
        """GET /v5/order/realtime, and /v5/order/history for what has ended."""
        request = {"category": "spot", "symbol": listing.symbol, "orderLinkId": client_id}
        for ask in (client.private_get_v5_order_realtime, client.private_get_v5_order_history):
            rows = rows_of(ask(dict(request))["result"]["list"])
            found = [self._report(row) for row in rows if row["orderLinkId"] == client_id]
            if found:
                return latest(found)
        return None

    def fills(self, client: Client, listing: Listing, report: OrderReport) -> tuple[Fill, ...]:
        """GET /v5/execution/list by our own id: a stop may go on under another of the venue's."""
        request = {"category": "spot", "symbol": listing.symbol, "orderLinkId": report.client_id, "limit": _PAGE}
        found: list[Fill] = []
        while True:
            page = client.private_get_v5_execution_list(dict(request))["result"]
            rows = rows_of(page["list"])
            for row in rows:
                expect_id(row["orderLinkId"], report.client_id)
                found.append(_fill(row, listing))
            if len(rows) < _PAGE or not page.get("nextPageCursor"):
                return tuple(sorted(found, key=lambda one: one.filled_at))
            request["cursor"] = page["nextPageCursor"]

    def open_orders(self, client: Client) -> tuple[OrderReport, ...]:
        """GET /v5/order/realtime of all symbols.

        Raises:
            ValueError: there are more than one page of them.
        """
        self.know_pairs(client)
        rows = rows_of(client.private_get_v5_order_realtime({"category": "spot", "limit": _PAGE})["result"]["list"])
        if len(rows) == _PAGE:
            raise ValueError("more orders than one page holds")
        return tuple(one for one in map(self._report, rows) if not one.status.final)

    def _report(self, row: Row) -> OrderReport:
        trigger, said = amount(row, "triggerPrice"), row["orderStatus"]
        market = row["orderType"] == "Market"
        kind = OrderType.MARKET if market and not trigger else OrderType.OTHER
        if trigger and not market:
            kind = OrderType.STOP_LOSS_LIMIT
        return report(
            client_id=row["orderLinkId"], venue_id=str(row["orderId"]), pair=self.pair_of(row["symbol"]),
            side=row["side"], type_=kind, status=_STATUSES[said], quantity=amount(row, "qty"),
            executed=amount(row, "cumExecQty"), executed_value=amount(row, "cumExecValue"),
            limit=amount(row, "price"), trigger=trigger,
            triggered=bool(trigger) and said not in ("Created", "Untriggered"),
            updated_at=int(row["updatedTime"]),
        )  # fmt: skip


def _fill(row: Row, listing: Listing) -> Fill:
    usual = listing.instrument.pair.base if row["side"] == "Buy" else listing.instrument.pair.quote
    return Fill(
        trade_id=str(row["execId"]),
        price=amount(row, "execPrice"),
        quantity=amount(row, "execQty"),
        fee=amount(row, "execFee"),
        # A fee is taken from what is received, where the venue does not say.
        fee_asset=row.get("feeCurrency") or usual,
        filled_at=int(row["execTime"]),
    )


VENUE = Bybit
