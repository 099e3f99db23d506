"""OKX spot. A stop is an "algo order" with its own names; when it is triggered, an ordinary order follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

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
from vigie.domain.order import Fill, Intent, OrderReport, OrderType
from vigie.domain.order_status import OrderStatus
from vigie.reliability.rate_budget import Limit

_CALLS = {"calls": 1}
_PAGE = 100
_STATUSES = {
    "live": OrderStatus.ACCEPTED,
    "partially_filled": OrderStatus.PARTIAL,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "mmp_canceled": OrderStatus.CANCELED,
}
_STOP_STATUSES = {
    "live": OrderStatus.ACCEPTED,
    "pause": OrderStatus.ACCEPTED,
    "partially_effective": OrderStatus.ACCEPTED,
    "effective": OrderStatus.ACCEPTED,
    "canceled": OrderStatus.CANCELED,
    "order_failed": OrderStatus.EXPIRED,
}
_TRIGGERED = frozenset({"effective", "partially_effective"})


class Okx(Spoken):
    """Fulfils :class:`vigie.adapters.exchanges.ccxt_dialect.Dialect`."""

    capabilities = Capabilities(
        name="okx",
        holds_stops=True,
        pinned=True,
        cancels_by_client_id=False,
        needs_passphrase=True,
        sandbox=True,
        limits=(Limit("calls", 2000, 20),),
        options={**SPOT_ONLY},
        note="answers are read as they are documented; no exchange of this kind was there to try them on",
    )
    endpoints: Mapping[tuple[str, str], Endpoint] = {
        ("GET", "/api/v5/public/time"): Endpoint(frozenset(), _CALLS),
        ("GET", "/api/v5/public/instruments"): Endpoint(names("instType"), _CALLS),
        ("GET", "/api/v5/account/balance"): Endpoint(frozenset(), _CALLS),
        ("GET", "/api/v5/trade/order"): Endpoint(names("instId clOrdId ordId"), _CALLS),
        ("GET", "/api/v5/trade/order-algo"): Endpoint(names("algoClOrdId"), _CALLS),
        ("GET", "/api/v5/trade/fills"): Endpoint(names("instType instId ordId limit after"), _CALLS),
        ("GET", "/api/v5/trade/orders-pending"): Endpoint(names("instType limit"), _CALLS),
        ("GET", "/api/v5/trade/orders-algo-pending"): Endpoint(names("ordType instType limit"), _CALLS),
        ("POST", "/api/v5/trade/order"): Endpoint(
            names("instId tdMode side ordType sz tgtCcy clOrdId"), _CALLS, write=True
        ),
        ("POST", "/api/v5/trade/order-algo"): Endpoint(
            names("instId tdMode side ordType sz slTriggerPx slOrdPx slTriggerPxType algoClOrdId"), _CALLS, write=True
        ),
        ("POST", "/api/v5/trade/cancel-order"): Endpoint(names("instId clOrdId ordId"), _CALLS, write=True),
        ("POST", "/api/v5/trade/cancel-algos"): Endpoint(names("instId algoId"), _CALLS, write=True),
    }

    def submit(self, client: Client, intent: Intent, listing: Listing) -> OrderReport:
        """POST /trade/order or /trade/order-algo: cash, not on margin; the unit of a market order is said."""
        request = {
            "instId": listing.symbol,
            "tdMode": "cash",
            "side": intent.side.value,
            "sz": f"{intent.quantity:f}",
        }
        if intent.type is OrderType.STOP_LOSS_LIMIT:
            request |= {
                "ordType": "conditional",
                "slTriggerPx": f"{intent.trigger:f}",
                "slOrdPx": f"{intent.limit:f}",
                "slTriggerPxType": "last",
                "algoClOrdId": intent.client_id,
            }
            row = one_of(client.private_post_trade_order_algo(request)["data"]) or {}
            own, number = "algoClOrdId", "algoId"
        else:
            request |= {"ordType": "market", "tgtCcy": "base_ccy", "clOrdId": intent.client_id}
            row = one_of(client.private_post_trade_order(request)["data"]) or {}
            own, number = "clOrdId", "ordId"
        expect_id(row[own], intent.client_id)
        expect_id(str(row["sCode"]), "0")
        return report(
            client_id=intent.client_id, venue_id=str(row[number]), pair=intent.pair, side=intent.side.value,
            type_=intent.type, status=OrderStatus.ACCEPTED, quantity=intent.quantity,
            limit=intent.limit or ZERO, trigger=intent.trigger or ZERO,
        )  # fmt: skip

    def cancel(self, client: Client, listing: Listing, client_id: str, known: OrderReport | None) -> OrderReport | None:
        """POST /trade/cancel-algos for a stop that waits, /trade/cancel-order for what follows from it."""
        if known is not None and known.type is OrderType.STOP_LOSS_LIMIT and not known.triggered:
            answer = client.private_post_trade_cancel_algos([{"instId": listing.symbol, "algoId": known.venue_id}])
        else:
            child = self._child_of(client, client_id) if known is not None and known.triggered else ""
            which = {"ordId": child} if child else {"clOrdId": client_id}
            answer = client.private_post_trade_cancel_order({"instId": listing.symbol, **which})
        row = one_of(answer["data"]) or {}
        expect_id(str(row["sCode"]), "0")
        return None

    def find(self, client: Client, listing: Listing, client_id: str) -> OrderReport | None:
        """GET /trade/order, and /trade/order-algo for stops: our id alone does not tell which it was."""
        row = self._asked(client.private_get_trade_order, {"instId": listing.symbol, "clOrdId": client_id})
        if row is not None:
            expect_id(row["clOrdId"], client_id)
            return self._order(row)
        stop = self._asked(client.private_get_trade_order_algo, {"algoClOrdId": client_id})
        if stop is None:
            return None
        expect_id(stop["algoClOrdId"], client_id)
        found, child = self._stop(stop), _child(stop)
        if not child:
            return found
        row = self._asked(client.private_get_trade_order, {"instId": listing.symbol, "ordId": child})
        return found if row is None else _followed(found, self._order(row))

    def fills(self, client: Client, listing: Listing, report: OrderReport) -> tuple[Fill, ...]:
        """GET /trade/fills of the last three days, by the number of the order that was executed."""
        stop = report.type is OrderType.STOP_LOSS_LIMIT
        number = self._child_of(client, report.client_id) if stop else report.venue_id
        request = {"instType": "SPOT", "instId": listing.symbol, "ordId": number, "limit": str(_PAGE)}
        found: list[Fill] = []
        while True:
            rows = rows_of(client.private_get_trade_fills(dict(request))["data"])
            for row in rows:
                expect_id(row["ordId"], number)
                found.append(_fill(row))
            if len(rows) < _PAGE:
                return tuple(sorted(found, key=lambda one: one.filled_at))
            request["after"] = rows[-1]["billId"]

    def open_orders(self, client: Client) -> tuple[OrderReport, ...]:
        """GET /trade/orders-pending, and /trade/orders-algo-pending for both kinds of stops.

        Raises:
            ValueError: there are more than one page of them.
        """
        self.know_pairs(client)
        which = {"instType": "SPOT", "limit": str(_PAGE)}
        found = [self._order(row) for row in _page(client.private_get_trade_orders_pending(dict(which)))]
        for kind in ("conditional", "trigger"):
            answer = client.private_get_trade_orders_algo_pending({"ordType": kind, **which})
            found += [self._stop(row) for row in _page(answer)]
        return tuple(found)

    def _child_of(self, client: Client, client_id: str) -> str:
        stop = self._asked(client.private_get_trade_order_algo, {"algoClOrdId": client_id})
        number = "" if stop is None else _child(stop)
        if not number:
            raise ValueError("a stop that was triggered, and no order that follows from it")
        return number

    @staticmethod
    def _asked(ask: Client, request: dict[str, str]) -> Row | None:
        import ccxt

        try:
            return one_of(ask(request)["data"])
        except ccxt.OrderNotFound:
            return None

    def _order(self, row: Row) -> OrderReport:
        executed = amount(row, "accFillSz")
        kind = OrderType.MARKET if row["ordType"] == "market" else OrderType.OTHER
        return report(
            client_id=row["clOrdId"], venue_id=str(row["ordId"]), pair=self.pair_of(row["instId"]), side=row["side"],
            type_=kind, status=_STATUSES[row["state"]], quantity=amount(row, "sz"), executed=executed,
            executed_value=executed * amount(row, "avgPx"), limit=amount(row, "px"), updated_at=int(row["uTime"]),
        )  # fmt: skip

    def _stop(self, row: Row) -> OrderReport:
        ours = row["ordType"] == "conditional" and amount(row, "slOrdPx") > 0
        return report(
            client_id=row["algoClOrdId"], venue_id=str(row["algoId"]), pair=self.pair_of(row["instId"]),
            side=row["side"], type_=OrderType.STOP_LOSS_LIMIT if ours else OrderType.OTHER,
            status=_STOP_STATUSES[row["state"]], quantity=amount(row, "sz"), limit=amount(row, "slOrdPx"),
            trigger=amount(row, "slTriggerPx"), triggered=row["state"] in _TRIGGERED,
            updated_at=int(row.get("uTime") or row["cTime"]),
        )  # fmt: skip


def _child(row: Row) -> str:
    listed = row.get("ordIdList") or []
    return str(listed[0]) if listed else str(row.get("ordId") or "")


def _followed(stop: OrderReport, child: OrderReport) -> OrderReport:
    """A stop as its order has gone on."""
    return replace(
        stop, status=child.status, executed=child.executed, executed_value=child.executed_value,
        triggered=not child.status.final, updated_at=child.updated_at,
    )  # fmt: skip


def _page(answer: Row) -> list[Row]:
    rows = rows_of(answer["data"])
    if len(rows) == _PAGE:
        raise ValueError("more orders than one page holds")
    return list(rows)


def _fill(row: Row) -> Fill:
    return Fill(
        trade_id=str(row["tradeId"]),
        price=amount(row, "fillPx"),
        quantity=amount(row, "fillSz"),
        # What is taken is below zero there.
        fee=-amount(row, "fee"),
        fee_asset=row["feeCcy"],
        filled_at=int(row["ts"]),
    )


VENUE = Okx
