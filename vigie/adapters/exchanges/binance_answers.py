"""What Binance says, in our words. Numbers come as text and stay exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from vigie.adapters.exchanges.ccxt_errors import Meaning, Said
from vigie.adapters.exchanges.ccxt_gate import Answer
from vigie.adapters.exchanges.ccxt_listing import ZERO, Listing
from vigie.domain.errors import RefusalCode, VenueRefused
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance, Fill, Intent, OrderReport, OrderType, OwnTrade, Side
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair

Row = Mapping[str, Any]

TYPES = {OrderType.MARKET: "MARKET", OrderType.LIMIT_IOC: "LIMIT", OrderType.STOP_LOSS_LIMIT: "STOP_LOSS_LIMIT"}
_TYPES = {name: kind for kind, name in TYPES.items()}
STATUSES = {
    "NEW": OrderStatus.ACCEPTED,
    "PENDING_NEW": OrderStatus.ACCEPTED,
    "PENDING_CANCEL": OrderStatus.ACCEPTED,
    "PARTIALLY_FILLED": OrderStatus.PARTIAL,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
    "REJECTED": OrderStatus.REJECTED,
}
_NOT_WORKING = -1

# --- refusals ---------------------------------------------------------------------------------------------------------

_BY_WORDS: tuple[tuple[int, str, RefusalCode | Said], ...] = (
    (-1013, "price_filter", RefusalCode.PRICE_FILTER),
    (-1013, "percent_price", RefusalCode.PRICE_FILTER),
    (-1013, "lot_size", RefusalCode.LOT_SIZE),
    (-1013, "notional", RefusalCode.NOTIONAL),
    (-1013, "max_num", RefusalCode.TOO_MANY_ORDERS),
    (-2010, "duplicate order", RefusalCode.DUPLICATE_ORDER),
    (-2010, "insufficient balance", RefusalCode.INSUFFICIENT_BALANCE),
    (-2010, "trigger immediately", RefusalCode.WOULD_TRIGGER),
    (-2010, "market is closed", RefusalCode.MARKET_CLOSED),
    (-2010, "not enabled", RefusalCode.NOT_PERMITTED),
    (-2010, "not permitted", RefusalCode.NOT_PERMITTED),
    (-2010, "may not", RefusalCode.NOT_PERMITTED),
    (-2011, "unknown order", RefusalCode.UNKNOWN_ORDER),
)
"""One code stands for several refusals; its words tell them apart. Lower case; the first that fits counts."""
_BY_CODE: Mapping[int, RefusalCode | Said] = {
    -1003: Said.LATER,
    -1015: Said.LATER,
    -1021: Said.CLOCK,
    -1002: RefusalCode.NOT_PERMITTED,
    -1022: RefusalCode.NOT_PERMITTED,
    -2014: RefusalCode.NOT_PERMITTED,
    -2015: RefusalCode.NOT_PERMITTED,
    -1013: RefusalCode.PARAMETERS,
    -1014: RefusalCode.PARAMETERS,
    -1016: RefusalCode.PARAMETERS,
    -1020: RefusalCode.PARAMETERS,
    -1111: RefusalCode.PARAMETERS,
    -1121: RefusalCode.UNKNOWN_PAIR,
    -2010: RefusalCode.UNSAID,
    -2011: RefusalCode.UNSAID,
    -2013: RefusalCode.UNKNOWN_ORDER,
    -2026: RefusalCode.UNKNOWN_ORDER,
}
_MALFORMED = range(-1199, -1099)
"""Codes -11xx: the request was not understood."""
_CODES_THAT_PROVE_NOTHING = frozenset({-1112})
"""No orders in the book: the exchange's trouble, not the request's."""


def meaning(answer: Answer) -> Meaning:
    """What an error answer proves. A code that is not on the list proves nothing."""
    document = answer.document()
    if not isinstance(document, dict):
        return Meaning(Said.NOTHING, "an answer that cannot be read")
    code, words = document.get("code"), str(document.get("msg", ""))
    if not isinstance(code, int):
        return Meaning(Said.NOTHING, words or "an answer that cannot be read")
    text = f"{code} {words}"
    for known, sign, said in _BY_WORDS:
        if code == known and sign in words.lower():
            return Meaning(said, text)
    usual: RefusalCode | Said = Said.NOTHING
    if code in _MALFORMED and code not in _CODES_THAT_PROVE_NOTHING:
        usual = RefusalCode.PARAMETERS
    return Meaning(_BY_CODE.get(code, usual), text)


# --- pairs ------------------------------------------------------------------------------------------------------------


def limits(rows: Iterable[Row]) -> dict[str, int]:
    """What may be used, by our names of the limits."""
    names = {("REQUEST_WEIGHT", "MINUTE", 1): "weight", ("ORDERS", "SECOND", 10): "orders_10s"}
    found = {}
    for row in rows:
        name = names.get((row["rateLimitType"], row["interval"], int(row["intervalNum"])))
        if name is not None:
            found[name] = int(row["limit"])
    return found


def listing(pair: Pair, row: Row) -> Listing:
    """The filters of a pair. Quantities are held to both filters of lots: a stop may have to be sold at the market.

    Raises:
        VenueRefused: a filter is missing without which no order can be made that will be taken.
    """
    filters = {one["filterType"]: one for one in row["filters"]}
    prices, lots = _filter(pair, filters, "PRICE_FILTER"), _filter(pair, filters, "LOT_SIZE")
    at_market: Row = filters.get("MARKET_LOT_SIZE", {})
    worth = [number(filters[name], "minNotional") for name in ("NOTIONAL", "MIN_NOTIONAL") if name in filters]
    if not worth:
        raise _missing(pair, "NOTIONAL nor MIN_NOTIONAL")
    return Listing(
        instrument=Instrument(
            pair,
            tick=number(prices, "tickSize"),
            step=max(number(lots, "stepSize"), number(at_market, "stepSize", ZERO)),
            min_quantity=max(number(lots, "minQty"), number(at_market, "minQty", ZERO)),
            min_notional=max(worth),
        ),
        symbol=row["symbol"],
        trading=row["status"] == "TRADING" and row.get("isSpotTradingAllowed", True) is True,
        max_quantity=number(lots, "maxQty", ZERO),
        max_market_quantity=number(at_market, "maxQty", ZERO),
        min_price=number(prices, "minPrice", ZERO),
        max_price=number(prices, "maxPrice", ZERO),
        order_types=frozenset(_TYPES[name] for name in row["orderTypes"] if name in _TYPES),
    )


def _filter(pair: Pair, filters: Mapping[str, Row], name: str) -> Row:
    if name not in filters:
        raise _missing(pair, name)
    return filters[name]


def _missing(pair: Pair, names: str) -> VenueRefused:
    return VenueRefused(f"binance gives no {names} filter for {pair}: no order can be made out", RefusalCode.PARAMETERS)


# --- orders -----------------------------------------------------------------------------------------------------------


def placed(row: Row, listing: Listing, intent: Intent) -> OrderReport:
    """The answer to a new order.

    Raises:
        ValueError: it speaks of another order.
    """
    report = order(row, str(listing.instrument.pair), row["clientOrderId"], row["transactTime"])
    if report.client_id != intent.client_id or row["symbol"] != listing.symbol:
        raise ValueError("an answer about another order")
    fee_rows = row.get("fills") or ()
    fills = [_fill(one, one["tradeId"], row["transactTime"]) for one in fee_rows]
    return replace(report, fills=tuple(fills))


def cancelled(row: Row, listing: Listing, client_id: str) -> OrderReport:
    """The answer to a cancel. The id of the request stands where the order's was.

    Raises:
        ValueError: it speaks of another order.
    """
    return _expected(order(row, str(listing.instrument.pair), row["origClientOrderId"], row["transactTime"]), client_id)


def known(row: Row, listing: Listing, client_id: str) -> OrderReport:
    """The answer to a question about an order.

    Raises:
        ValueError: it speaks of another order.
    """
    return _expected(order(row, str(listing.instrument.pair), row["clientOrderId"], row["updateTime"]), client_id)


def resting(row: Row, pair: str) -> OrderReport:
    """An order of the list of open ones."""
    return order(row, pair, row["clientOrderId"], row["updateTime"])


def order(row: Row, pair: str, client_id: str, at: object) -> OrderReport:
    """An order as any of the answers tells it; without fills."""
    kind = _TYPES.get(row["type"], OrderType.OTHER)
    if kind is OrderType.LIMIT_IOC and row.get("timeInForce") != "IOC":
        # One that rests in the book: we send no such orders.
        kind = OrderType.OTHER
    trigger = number(row, "stopPrice", ZERO) or None
    limit = number(row, "price") or None
    status = STATUSES[row["status"]]
    if status is OrderStatus.ACCEPTED and number(row, "executedQty") > 0:
        status = OrderStatus.PARTIAL
    return OrderReport(
        client_id=client_id,
        venue_id=str(int(row["orderId"])),
        pair=pair,
        side=Side(row["side"].lower()),
        type=kind,
        status=status,
        quantity=number(row, "origQty"),
        executed=number(row, "executedQty"),
        executed_value=number(row, "cummulativeQuoteQty"),
        limit=None if kind is OrderType.MARKET else limit,
        trigger=trigger,
        # The limit order behind a stop has begun to work: its trigger was reached.
        triggered=kind is OrderType.STOP_LOSS_LIMIT and not status.final and _works(row),
        fills=(),
        updated_at=int(str(at)),
    )


def _works(row: Row) -> bool:
    if "isWorking" in row:
        return row["isWorking"] is True
    return int(row.get("workingTime", _NOT_WORKING)) != _NOT_WORKING


def _expected(report: OrderReport, client_id: str) -> OrderReport:
    if report.client_id != client_id:
        raise ValueError("an answer about another order")
    return report


def trades(rows: Sequence[Row], listing: Listing, venue_id: str) -> list[Fill]:
    """Own trades of one order, oldest first.

    Raises:
        ValueError: some are of another order.
        TypeError: it is no list.
    """
    if not isinstance(rows, list):
        raise TypeError("not a list of trades")
    if any(str(row["orderId"]) != venue_id or row["symbol"] != listing.symbol for row in rows):
        raise ValueError("trades of another order")
    return [_fill(row, row["id"], row["time"]) for row in sorted(rows, key=lambda row: int(row["id"]))]


def own_trades(rows: Sequence[Row], listing: Listing) -> list[OwnTrade]:
    """The account's trades of a pair, whoever's orders they belong to, oldest first.

    Raises:
        ValueError: some are of another pair.
        TypeError: it is no list.
    """
    if not isinstance(rows, list):
        raise TypeError("not a list of trades")
    if any(row["symbol"] != listing.symbol for row in rows):
        raise ValueError("trades of another pair")
    return [
        OwnTrade(_fill(row, row["id"], row["time"]), Side.BUY if row["isBuyer"] else Side.SELL, str(row["orderId"]))
        for row in sorted(rows, key=lambda row: int(row["id"]))
    ]


def _fill(row: Row, trade_id: object, at: object) -> Fill:
    return Fill(
        trade_id=str(trade_id),
        price=number(row, "price"),
        quantity=number(row, "qty"),
        fee=number(row, "commission"),
        fee_asset=row["commissionAsset"],
        filled_at=int(str(at)),
    )


def balances(document: Row) -> dict[str, Balance]:
    """Coins by asset, without those that are nothing."""
    found = {row["asset"]: Balance(number(row, "free"), number(row, "locked")) for row in document["balances"]}
    return {asset: one for asset, one in found.items() if one.total}


def number(row: Row, name: str, missing: Decimal | None = None) -> Decimal:
    """A number of an answer.

    Raises:
        KeyError: it is not there, and nothing stands for it.
        ValueError: it is none.
        ArithmeticError: it is none.
    """
    if missing is not None and name not in row:
        return missing
    found = Decimal(str(row[name]))
    if not found.is_finite() or found < 0:
        raise ValueError(f"{name} is {found}")
    # Without the zeros at its end, and never as 1E+2.
    return Decimal(f"{found:f}".rstrip("0").rstrip(".")) if "." in f"{found:f}" else found
