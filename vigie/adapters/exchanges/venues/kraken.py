"""Kraken spot. Every private request is a POST and is numbered by its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vigie.adapters.exchanges.ccxt_dialect import Capabilities, Client
from vigie.adapters.exchanges.ccxt_gate import Endpoint
from vigie.adapters.exchanges.ccxt_listing import ZERO, Listing
from vigie.adapters.exchanges.ccxt_spoken import Row, Spoken, amount, latest, names, report
from vigie.domain.order import Fill, Intent, OrderReport, OrderType
from vigie.domain.order_status import OrderStatus
from vigie.reliability.rate_budget import Limit

_CALLS = {"calls": 1}
_ORDER_TYPES = {OrderType.MARKET: "market", OrderType.STOP_LOSS_LIMIT: "stop-loss-limit"}
_TYPES = {name: kind for kind, name in _ORDER_TYPES.items()}
_STATUSES = {
    "pending": OrderStatus.ACCEPTED,
    "open": OrderStatus.ACCEPTED,
    "closed": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
}
_TRADES_AT_ONCE = 20


class Kraken(Spoken):
    """Fulfils :class:`vigie.adapters.exchanges.ccxt_dialect.Dialect`."""

    capabilities = Capabilities(
        name="kraken",
        holds_stops=True,
        pinned=True,
        # Its counter falls by one in three seconds at the slowest: twenty in a minute.
        limits=(Limit("calls", 60_000, 20),),
        increasing_time=True,
        note="answers are read as they are documented; no exchange of this kind was there to try them on",
    )
    endpoints: Mapping[tuple[str, str], Endpoint] = {
        ("GET", "/0/public/Time"): Endpoint(frozenset()),
        ("GET", "/0/public/AssetPairs"): Endpoint(frozenset()),
        ("GET", "/0/public/Assets"): Endpoint(frozenset()),
        ("POST", "/0/private/OpenOrders"): Endpoint(names("nonce cl_ord_id trades"), _CALLS),
        ("POST", "/0/private/ClosedOrders"): Endpoint(names("nonce cl_ord_id trades"), _CALLS),
        ("POST", "/0/private/QueryTrades"): Endpoint(names("nonce txid"), _CALLS),
        ("POST", "/0/private/BalanceEx"): Endpoint(names("nonce"), _CALLS),
        ("POST", "/0/private/AddOrder"): Endpoint(
            names("nonce pair type ordertype volume price price2 trigger oflags timeinforce cl_ord_id"), write=True
        ),
        ("POST", "/0/private/CancelOrder"): Endpoint(names("nonce cl_ord_id"), write=True),
    }

    def other_names(self, market: Row) -> Sequence[str]:
        """Orders name pairs by another name than the one that they are sent with."""
        name = market["info"].get("altname")
        return (name,) if name else ()

    def submit(self, client: Client, intent: Intent, listing: Listing) -> OrderReport:
        """POST AddOrder: `price` is the trigger and `price2` the limit.

        The fee is taken in quote, so that the stop can be as large as what was bought.
        """
        request = {
            "pair": listing.symbol,
            "type": intent.side.value,
            "ordertype": _ORDER_TYPES[intent.type],
            "volume": f"{intent.quantity:f}",
            "oflags": "fciq",
            "cl_ord_id": intent.client_id,
        }
        if intent.type is OrderType.STOP_LOSS_LIMIT:
            request |= {"price": f"{intent.trigger:f}", "price2": f"{intent.limit:f}", "trigger": "last",
                        "timeinforce": "GTC"}  # fmt: skip
        numbers = client.private_post_addorder(request)["result"]["txid"]
        if not isinstance(numbers, list) or len(numbers) != 1:
            raise ValueError("not one order")
        return report(
            client_id=intent.client_id, venue_id=str(numbers[0]), pair=intent.pair, side=intent.side.value,
            type_=intent.type, status=OrderStatus.ACCEPTED, quantity=intent.quantity,
            limit=intent.limit or ZERO, trigger=intent.trigger or ZERO,
        )  # fmt: skip

    def cancel(
        self,
        client: Client,
        listing: Listing,  # noqa: ARG002
        client_id: str,
        known: OrderReport | None,  # noqa: ARG002
    ) -> OrderReport | None:
        """POST CancelOrder."""
        if int(client.private_post_cancelorder({"cl_ord_id": client_id})["result"]["count"]) < 1:
            raise ValueError("nothing was cancelled")
        return None

    def find(self, client: Client, listing: Listing, client_id: str) -> OrderReport | None:  # noqa: ARG002
        """POST OpenOrders, then ClosedOrders, each by our id; its own lookup knows only the venue's."""
        for ask, drawer in ((client.private_post_openorders, "open"), (client.private_post_closedorders, "closed")):
            found = self._reports(ask({"cl_ord_id": client_id})["result"][drawer])
            one = latest(report for report in found if report.client_id == client_id)
            if one is not None:
                return one
        return None

    def fills(self, client: Client, listing: Listing, report: OrderReport) -> tuple[Fill, ...]:
        """POST OpenOrders or ClosedOrders for the numbers of the trades, then QueryTrades."""
        numbers: list[str] = []
        for ask, drawer in ((client.private_post_openorders, "open"), (client.private_post_closedorders, "closed")):
            rows = ask({"cl_ord_id": report.client_id, "trades": "true"})["result"][drawer]
            if report.venue_id in rows:
                numbers = list(rows[report.venue_id].get("trades") or ())
                break
        found: list[Fill] = []
        for first in range(0, len(numbers), _TRADES_AT_ONCE):
            some = numbers[first : first + _TRADES_AT_ONCE]
            rows = client.private_post_querytrades({"txid": ",".join(some)})["result"]
            found += [_fill(number, rows[number], report, listing) for number in some]
        return tuple(sorted(found, key=lambda one: one.filled_at))

    def open_orders(self, client: Client) -> tuple[OrderReport, ...]:
        """POST OpenOrders: it gives all of them."""
        self.know_pairs(client)
        return tuple(self._reports(client.private_post_openorders()["result"]["open"]))

    def _reports(self, rows: Row) -> list[OrderReport]:
        return [self._report(number, row) for number, row in rows.items()]

    def _report(self, number: str, row: Row) -> OrderReport:
        told = row["descr"]
        kind = _TYPES.get(told["ordertype"], OrderType.OTHER)
        stop = kind is OrderType.STOP_LOSS_LIMIT
        return report(
            client_id=row.get("cl_ord_id") or "", venue_id=number, pair=self.pair_of(told["pair"]), side=told["type"],
            type_=kind, status=_STATUSES[row["status"]], quantity=amount(row, "vol"), executed=amount(row, "vol_exec"),
            executed_value=amount(row, "cost"), limit=amount(told, "price2" if stop else "price"),
            trigger=amount(told, "price") if stop else ZERO,
            # "stopped" is its word for a stop that was triggered.
            triggered=stop and "stopped" in str(row.get("misc") or ""),
            updated_at=round(float(row.get("closetm") or row["opentm"]) * 1000),
        )  # fmt: skip


def _fill(number: str, row: Row, report: OrderReport, listing: Listing) -> Fill:
    if row["ordertxid"] != report.venue_id:
        raise ValueError("a trade of another order")
    return Fill(
        trade_id=number,
        price=amount(row, "price"),
        quantity=amount(row, "vol"),
        fee=amount(row, "fee"),
        fee_asset=listing.instrument.pair.quote,
        filled_at=round(float(row["time"]) * 1000),
    )


VENUE = Kraken
