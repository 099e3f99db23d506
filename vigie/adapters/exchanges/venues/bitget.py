"""Bitget spot, classic account. A stop is a "plan order" that locks nothing and has an order of its own follow it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

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
_PAGE = 100
_CAP = Decimal("1.005")
"""A purchase at the market is sized in quote here; with a limit so far above the last price it is sized in base."""
_STATUSES = {
    "init": OrderStatus.ACCEPTED,
    "new": OrderStatus.ACCEPTED,
    "live": OrderStatus.ACCEPTED,
    "partially_filled": OrderStatus.PARTIAL,
    "filled": OrderStatus.FILLED,
    "cancelled": OrderStatus.CANCELED,
}
_PREFIX = "/api/v2/spot"


class Bitget(Spoken):
    """Fulfils :class:`vigie.adapters.exchanges.ccxt_dialect.Dialect`, but for what became of a stop that was hit."""

    capabilities = Capabilities(
        name="bitget",
        holds_stops=True,
        # What a plan order came to after its trigger cannot be asked by any call that was tried out, and a stop whose
        # fills are not told is a position that is never closed in our books.
        pinned=False,
        cancels_by_client_id=False,
        needs_passphrase=True,
        limits=(Limit("calls", 1000, 10),),
        options={**SPOT_ONLY, "uta": False},
        note="what became of a stop that was hit cannot be asked: no live orders",
    )
    endpoints: Mapping[tuple[str, str], Endpoint] = {
        ("GET", "/api/v2/public/time"): Endpoint(frozenset(), _CALLS),
        ("GET", f"{_PREFIX}/public/symbols"): Endpoint(frozenset(), _CALLS),
        ("GET", "/api/v2/margin/currencies"): Endpoint(frozenset(), _CALLS),
        ("GET", f"{_PREFIX}/market/tickers"): Endpoint(names("symbol"), _CALLS),
        ("GET", f"{_PREFIX}/account/assets"): Endpoint(frozenset(), _CALLS),
        ("GET", f"{_PREFIX}/trade/orderInfo"): Endpoint(names("clientOid"), _CALLS),
        ("GET", f"{_PREFIX}/trade/fills"): Endpoint(names("symbol orderId limit"), _CALLS),
        ("GET", f"{_PREFIX}/trade/unfilled-orders"): Endpoint(names("limit"), _CALLS),
        ("GET", f"{_PREFIX}/trade/current-plan-order"): Endpoint(names("symbol limit"), _CALLS),
        ("POST", f"{_PREFIX}/trade/place-order"): Endpoint(
            names("symbol side orderType force price size clientOid"), _CALLS, write=True
        ),
        ("POST", f"{_PREFIX}/trade/place-plan-order"): Endpoint(
            names("symbol side orderType triggerPrice executePrice planType size triggerType clientOid"),
            _CALLS,
            write=True,
        ),
        ("POST", f"{_PREFIX}/trade/cancel-order"): Endpoint(names("symbol clientOid"), _CALLS, write=True),
        ("POST", f"{_PREFIX}/trade/cancel-plan-order"): Endpoint(names("clientOid"), _CALLS, write=True),
    }

    def submit(self, client: Client, intent: Intent, listing: Listing) -> OrderReport:
        """POST place-plan-order or place-order; stops look at what was traded, not at the mark price."""
        request = {
            "symbol": listing.symbol,
            "side": intent.side.value,
            "size": f"{intent.quantity:f}",
            "clientOid": intent.client_id,
        }
        if intent.type is OrderType.STOP_LOSS_LIMIT:
            request |= {
                "orderType": "limit",
                "triggerPrice": f"{intent.trigger:f}",
                "executePrice": f"{intent.limit:f}",
                "planType": "amount",
                "triggerType": "fill_price",
            }
            row = client.private_spot_post_v2_spot_trade_place_plan_order(request)["data"]
        elif intent.side is Side.SELL:
            row = client.private_spot_post_v2_spot_trade_place_order({**request, "orderType": "market"})["data"]
        else:
            told = one_of(client.public_spot_get_v2_spot_market_tickers({"symbol": listing.symbol})["data"]) or {}
            cap = listing.instrument.price_up(amount(told, "lastPr") * _CAP)
            request |= {"orderType": "limit", "force": "ioc", "price": f"{cap:f}"}
            row = client.private_spot_post_v2_spot_trade_place_order(request)["data"]
        expect_id(row["clientOid"], intent.client_id)
        return report(
            client_id=intent.client_id, venue_id=str(row["orderId"]), pair=intent.pair, side=intent.side.value,
            type_=intent.type, status=OrderStatus.ACCEPTED, quantity=intent.quantity,
            limit=intent.limit or ZERO, trigger=intent.trigger or ZERO,
        )  # fmt: skip

    def cancel(self, client: Client, listing: Listing, client_id: str, known: OrderReport | None) -> OrderReport | None:
        """POST cancel-plan-order or cancel-order."""
        if known is not None and known.type is OrderType.STOP_LOSS_LIMIT:
            client.private_spot_post_v2_spot_trade_cancel_plan_order({"clientOid": client_id})
        else:
            request = {"symbol": listing.symbol, "clientOid": client_id}
            client.private_spot_post_v2_spot_trade_cancel_order(request)
        return None

    def find(self, client: Client, listing: Listing, client_id: str) -> OrderReport | None:
        """GET orderInfo, then current-plan-order.

        Raises:
            ValueError: there are more stops than one page holds.
        """
        row = one_of(client.private_spot_get_v2_spot_trade_orderinfo({"clientOid": client_id})["data"])
        if row is not None:
            expect_id(row["clientOid"], client_id)
            return self._order(row)
        found = [one for one in self._plans(client, {"symbol": listing.symbol}) if one.client_id == client_id]
        return found[0] if found else None

    def fills(self, client: Client, listing: Listing, report: OrderReport) -> tuple[Fill, ...]:
        """GET fills of one order.

        Raises:
            ValueError: there are more than one page of them.
        """
        request = {"symbol": listing.symbol, "orderId": report.venue_id, "limit": str(_PAGE)}
        rows = rows_of(client.private_spot_get_v2_spot_trade_fills(request)["data"])
        if len(rows) == _PAGE:
            raise ValueError("more fills than one page holds")
        return tuple(sorted((_fill(row, report) for row in rows), key=lambda one: one.filled_at))

    def open_orders(self, client: Client) -> tuple[OrderReport, ...]:
        """GET unfilled-orders and current-plan-order.

        Raises:
            ValueError: there are more than one page of them.
        """
        self.know_pairs(client)
        rows = rows_of(client.private_spot_get_v2_spot_trade_unfilled_orders({"limit": str(_PAGE)})["data"])
        if len(rows) == _PAGE:
            raise ValueError("more orders than one page holds")
        return (*(self._order(row) for row in rows), *self._plans(client, {}))

    def _plans(self, client: Client, which: dict[str, str]) -> list[OrderReport]:
        page = client.private_spot_get_v2_spot_trade_current_plan_order({**which, "limit": str(_PAGE)})["data"]
        if page.get("nextFlag") is True:
            raise ValueError("more stops than one page holds")
        return [self._plan(row) for row in rows_of(page["orderList"])]

    def _order(self, row: Row) -> OrderReport:
        return report(
            client_id=row["clientOid"], venue_id=str(row["orderId"]), pair=self.pair_of(row["symbol"]),
            side=row["side"], type_=OrderType.MARKET if row["orderType"] == "market" or row.get("force") == "ioc"
            else OrderType.OTHER, status=_STATUSES[row["status"]], quantity=amount(row, "size"),
            executed=amount(row, "baseVolume"), executed_value=amount(row, "quoteVolume"),
            limit=amount(row, "price"), updated_at=int(row["uTime"]),
        )  # fmt: skip

    def _plan(self, row: Row) -> OrderReport:
        return report(
            client_id=row["clientOid"], venue_id=str(row["orderId"]), pair=self.pair_of(row["symbol"]),
            side=row["side"], type_=OrderType.STOP_LOSS_LIMIT, status=OrderStatus.ACCEPTED,
            quantity=amount(row, "size"), limit=amount(row, "executePrice"), trigger=amount(row, "triggerPrice"),
            updated_at=int(row["uTime"]),
        )  # fmt: skip


def _fill(row: Row, report: OrderReport) -> Fill:
    expect_id(row["orderId"], report.venue_id)
    told = row["feeDetail"]
    return Fill(
        trade_id=str(row["tradeId"]),
        price=amount(row, "priceAvg"),
        quantity=amount(row, "size"),
        # What is taken is below zero there.
        fee=-amount(told, "totalFee"),
        fee_asset=told["feeCoin"],
        filled_at=int(row["cTime"]),
    )


VENUE = Bitget
