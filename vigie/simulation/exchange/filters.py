"""The filters of a symbol, one function each, found by their name in exchangeInfo.

Source: the exchange's documentation of filters; a maximum or step of zero disables that part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from vigie.simulation.exchange.orders import Ticket
from vigie.simulation.exchange.refusals import filter_failure
from vigie.simulation.exchange.symbols import Filter, Symbol


@dataclass(frozen=True, slots=True)
class Counts:
    """What is open, without the order that is looked at.

    Attributes:
        orders, algos, icebergs, lists: of the symbol.
        all_orders, all_algos, all_icebergs, all_lists: of the account.
    """

    orders: int = 0
    algos: int = 0
    icebergs: int = 0
    lists: int = 0
    all_orders: int = 0
    all_algos: int = 0
    all_icebergs: int = 0
    all_lists: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """An order as its filters look at it.

    Attributes:
        ticket: what is asked for.
        quantity: base; for orders by value what they buy.
        average: price that distances and values are measured with, by minutes averaged (0: the last price), quote.
        counts: what is open.
        position: free and locked base and open purchases.
        brings: how many orders come with it.
        lists: whether a list comes with it.
        brings_algos: how many of them are stops.
    """

    ticket: Ticket
    quantity: Decimal
    average: Callable[[int], Decimal]
    counts: Counts
    position: Decimal
    brings: int = 1
    brings_algos: int = 0
    lists: bool = False


def check(symbol: Symbol, looked: Looked) -> None:
    """Hold an order to all filters of its symbol.

    Raises:
        Refused: -1013 with the name of the first filter that it fails.
    """
    for kind, one in symbol.filters.items():
        if not _CHECKS[kind](one, looked):
            raise filter_failure(kind)


def amendable(symbol: Symbol, amendments: int) -> None:
    """Hold an amendment to MAX_NUM_ORDER_AMENDS.

    Raises:
        Refused: -1013: there were too many.
    """
    most = symbol.number("MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends")
    if most and amendments >= most:
        raise filter_failure("MAX_NUM_ORDER_AMENDS")


def _of(one: Filter, name: str) -> Decimal:
    return Decimal(str(one.get(name, 0)))


def _within(number: Decimal, least: Decimal, most: Decimal, step: Decimal) -> bool:
    if number < least or (most and number > most):
        return False
    return not step or number % step == 0


def _price(one: Filter, looked: Looked) -> bool:
    prices = [price for price in (looked.ticket.price, looked.ticket.stop) if price is not None]
    limits = (_of(one, "minPrice"), _of(one, "maxPrice"), _of(one, "tickSize"))
    return all(_within(price, *limits) for price in prices)


def _lot(one: Filter, looked: Looked) -> bool:
    if looked.ticket.value is not None:
        # By value the quantity is what comes out: it is floored to the step, never refused for it.
        return looked.quantity >= _of(one, "minQty")
    return _within(looked.quantity, _of(one, "minQty"), _of(one, "maxQty"), _of(one, "stepSize"))


def _market_lot(one: Filter, looked: Looked) -> bool:
    return looked.ticket.kind.limited or _lot(one, looked)


def _worth(one: Filter, looked: Looked) -> Decimal:
    ticket = looked.ticket
    if ticket.price is not None:
        return ticket.price * looked.quantity
    if ticket.value is not None:
        return ticket.value
    return looked.average(int(_of(one, "avgPriceMins"))) * looked.quantity


def _min_notional(one: Filter, looked: Looked) -> bool:
    if not looked.ticket.kind.limited and not one.get("applyToMarket", True):
        return True
    return _worth(one, looked) >= _of(one, "minNotional")


def _notional(one: Filter, looked: Looked) -> bool:
    worth, limited = _worth(one, looked), looked.ticket.kind.limited
    if (limited or one.get("applyMinToMarket", True)) and worth < _of(one, "minNotional"):
        return False
    most = _of(one, "maxNotional")
    return not (most and (limited or one.get("applyMaxToMarket", False)) and worth > most)


def _percent(one: Filter, looked: Looked, up: str, down: str) -> bool:
    price = looked.ticket.price
    if price is None:
        return True
    average = looked.average(int(_of(one, "avgPriceMins")))
    return average * _of(one, down) <= price <= average * _of(one, up)


def _percent_price(one: Filter, looked: Looked) -> bool:
    return _percent(one, looked, "multiplierUp", "multiplierDown")


def _percent_by_side(one: Filter, looked: Looked) -> bool:
    side = "bid" if looked.ticket.buys else "ask"
    return _percent(one, looked, f"{side}MultiplierUp", f"{side}MultiplierDown")


def _iceberg_parts(one: Filter, looked: Looked) -> bool:
    visible = looked.ticket.iceberg
    return not visible or -(-looked.quantity // visible) <= _of(one, "limit")


def _trailing(one: Filter, looked: Looked) -> bool:
    ticket = looked.ticket
    if ticket.trail is None:
        return True
    side = "Above" if ticket.kind.stops == ticket.buys else "Below"
    return _of(one, f"minTrailing{side}Delta") <= ticket.trail <= _of(one, f"maxTrailing{side}Delta")


def _position(one: Filter, looked: Looked) -> bool:
    return not looked.ticket.buys or looked.position + looked.quantity <= _of(one, "maxPosition")


def _asset(one: Filter, looked: Looked) -> bool:
    """At most so much of an asset in one order."""
    ticket, asset = looked.ticket, str(one.get("asset", ""))
    if ticket.symbol.startswith(asset):
        return looked.quantity <= _of(one, "limit")
    if ticket.symbol.endswith(asset):
        return _worth({"avgPriceMins": 0}, looked) <= _of(one, "limit")
    return True


def _at_most(field: str, name: str, brings: str) -> Callable[[Filter, Looked], bool]:
    def checked(one: Filter, looked: Looked) -> bool:
        return int(getattr(looked.counts, name)) + _brought(brings, looked) <= _of(one, field)

    def _brought(what: str, looked: Looked) -> int:
        if what == "icebergs":
            return int(looked.ticket.iceberg is not None)
        return {"orders": looked.brings, "algos": looked.brings_algos, "lists": int(looked.lists)}[what]

    def only_if_brought(one: Filter, looked: Looked) -> bool:
        return not _brought(brings, looked) or checked(one, looked)

    return only_if_brought


_CHECKS: dict[str, Callable[[Filter, Looked], bool]] = {
    "PRICE_FILTER": _price,
    "PERCENT_PRICE": _percent_price,
    "PERCENT_PRICE_BY_SIDE": _percent_by_side,
    "LOT_SIZE": _lot,
    "MARKET_LOT_SIZE": _market_lot,
    "MIN_NOTIONAL": _min_notional,
    "NOTIONAL": _notional,
    "ICEBERG_PARTS": _iceberg_parts,
    "MAX_NUM_ORDERS": _at_most("maxNumOrders", "orders", "orders"),
    "MAX_NUM_ALGO_ORDERS": _at_most("maxNumAlgoOrders", "algos", "algos"),
    "MAX_NUM_ICEBERG_ORDERS": _at_most("maxNumIcebergOrders", "icebergs", "icebergs"),
    "MAX_NUM_ORDER_LISTS": _at_most("maxNumOrderLists", "lists", "lists"),
    "MAX_POSITION": _position,
    "TRAILING_DELTA": _trailing,
    "MAX_NUM_ORDER_AMENDS": lambda _one, _looked: True,
    "EXCHANGE_MAX_NUM_ORDERS": _at_most("maxNumOrders", "all_orders", "orders"),
    "EXCHANGE_MAX_NUM_ALGO_ORDERS": _at_most("maxNumAlgoOrders", "all_algos", "algos"),
    "EXCHANGE_MAX_NUM_ICEBERG_ORDERS": _at_most("maxNumIcebergOrders", "all_icebergs", "icebergs"),
    "EXCHANGE_MAX_NUM_ORDER_LISTS": _at_most("maxNumOrderLists", "all_lists", "lists"),
    "MAX_ASSET": _asset,
}
