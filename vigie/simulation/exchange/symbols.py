"""A listed symbol: what exchangeInfo says of it, and the rules that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.simulation.exchange.kinds import Kind, SelfTrade, Status
from vigie.simulation.terms import ZERO

Filter = Mapping[str, Any]

_FLAGS = {
    "icebergAllowed": True,
    "ocoAllowed": True,
    "otoAllowed": True,
    "opoAllowed": True,
    "quoteOrderQtyMarketAllowed": True,
    "allowTrailingStop": True,
    "cancelReplaceAllowed": True,
    "amendAllowed": True,
    "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False,
}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A pair as exchangeInfo lists it.

    Attributes:
        pair: base and quote.
        status: whether it trades.
        kinds: order types that are taken.
        filters: by their ``filterType``, fields as in exchangeInfo.
        flags: what else is allowed, by its name in exchangeInfo.
        prevention: default mode of self-trade prevention.
        price_range: fraction around the reference price outside of which a taker expires; None: no such rule.
    """

    pair: Pair
    status: Status = Status.TRADING
    kinds: tuple[Kind, ...] = tuple(Kind)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=lambda: dict(_FLAGS))
    prevention: SelfTrade = SelfTrade.EXPIRE_MAKER
    price_range: Decimal | None = None

    @property
    def name(self) -> str:
        """``BTCUSDT``."""
        return f"{self.pair.base}{self.pair.quote}"

    def number(self, kind: str, name: str) -> Decimal:
        """A number of a filter; zero where there is no such filter."""
        return Decimal(str(self.filters.get(kind, {}).get(name, 0)))

    @property
    def tick(self) -> Decimal:
        """Smallest price step, quote; zero: none."""
        return self.number("PRICE_FILTER", "tickSize")

    def floor_price(self, price: Decimal) -> Decimal:
        """Down to the tick."""
        return on_grid(price, self.tick or _FINEST, ROUND_FLOOR)

    def ceil_price(self, price: Decimal) -> Decimal:
        """Up to the tick."""
        return on_grid(price, self.tick or _FINEST, ROUND_CEILING)

    def sellable(self, quantity: Decimal, *, at_market: bool) -> Decimal:
        """The most of a quantity that LOT_SIZE, and MARKET_LOT_SIZE for market orders, let through; zero: nothing."""
        for kind in ("LOT_SIZE", "MARKET_LOT_SIZE") if at_market else ("LOT_SIZE",):
            step, most = self.number(kind, "stepSize"), self.number(kind, "maxQty")
            quantity = min(quantity, most) if most else quantity
            quantity = on_grid(quantity, step or _FINEST, ROUND_FLOOR)
            if quantity < self.number(kind, "minQty"):
                return ZERO
        return quantity

    def to_json(self) -> dict[str, Any]:
        """As in exchangeInfo."""
        return {
            "symbol": self.name,
            "status": self.status.value,
            "baseAsset": self.pair.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.pair.quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            "orderTypes": [one.value for one in self.kinds],
            **self.flags,
            "filters": [dict(one) for one in self.filters.values()],
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": self.prevention.value,
            "allowedSelfTradePreventionModes": [one.value for one in SelfTrade],
        }


_FINEST = Decimal("1E-8")


def on_grid(number: Decimal, grid: Decimal, rounding: str) -> Decimal:
    """A number moved to a multiple of a step."""
    return (number / grid).to_integral_value(rounding) * grid


def listed(instrument: Instrument) -> Symbol:
    """A symbol with the filters that Binance's symbols have; tick, step and minimums are the instrument's."""
    step = instrument.step or _FINEST
    least = instrument.min_quantity or step
    filters: list[dict[str, Any]] = [
        {"filterType": "PRICE_FILTER", "minPrice": _text(instrument.tick), "maxPrice": "10000000.00000000",
         "tickSize": _text(instrument.tick)},
        {"filterType": "LOT_SIZE", "minQty": _text(least), "maxQty": "90000000.00000000", "stepSize": _text(step)},
        {"filterType": "ICEBERG_PARTS", "limit": 100},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "90000000.00000000",
         "stepSize": "0.00000000"},
        {"filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000,
         "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000},
        {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2",
         "askMultiplierUp": "5", "askMultiplierDown": "0.2", "avgPriceMins": 5},
        {"filterType": "NOTIONAL", "minNotional": _text(instrument.min_notional), "applyMinToMarket": True,
         "maxNotional": "900000000.00000000", "applyMaxToMarket": False, "avgPriceMins": 5},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10},
    ]  # fmt: skip
    return Symbol(instrument.pair, filters={one["filterType"]: one for one in filters})


def changed(symbol: Symbol, document: Mapping[str, Any]) -> Symbol:
    """A symbol with other facts, in exchangeInfo's own words; filters replace those of their type.

    A filter of which only its type is given is taken away.

    Raises:
        ValueError: a field that exchangeInfo does not have, or a value that is none.
    """
    changes: dict[str, Any] = {}
    flags = dict(symbol.flags)
    for name, value in document.items():
        if name == "status":
            changes["status"] = Status(value)
        elif name == "orderTypes":
            changes["kinds"] = tuple(Kind(one) for one in value)
        elif name == "defaultSelfTradePreventionMode":
            changes["prevention"] = SelfTrade(value)
        elif name == "priceRange":
            changes["price_range"] = None if value is None else Decimal(str(value))
        elif name == "filters":
            changes["filters"] = _merged(symbol.filters, value)
        elif name in flags:
            flags[name] = bool(value)
        else:
            raise ValueError(f"exchangeInfo has no field '{name}' that can be set")
    return replace(symbol, flags=flags, **changes)


FILTER_FIELDS = {
    "PRICE_FILTER": ("minPrice", "maxPrice", "tickSize"),
    "PERCENT_PRICE": ("multiplierUp", "multiplierDown", "avgPriceMins"),
    "PERCENT_PRICE_BY_SIDE": (
        "bidMultiplierUp", "bidMultiplierDown", "askMultiplierUp", "askMultiplierDown", "avgPriceMins",
    ),
    "LOT_SIZE": ("minQty", "maxQty", "stepSize"),
    "MARKET_LOT_SIZE": ("minQty", "maxQty", "stepSize"),
    "MIN_NOTIONAL": ("minNotional", "applyToMarket", "avgPriceMins"),
    "NOTIONAL": ("minNotional", "applyMinToMarket", "maxNotional", "applyMaxToMarket", "avgPriceMins"),
    "ICEBERG_PARTS": ("limit",),
    "MAX_NUM_ORDERS": ("maxNumOrders",),
    "MAX_NUM_ALGO_ORDERS": ("maxNumAlgoOrders",),
    "MAX_NUM_ICEBERG_ORDERS": ("maxNumIcebergOrders",),
    "MAX_POSITION": ("maxPosition",),
    "TRAILING_DELTA": (
        "minTrailingAboveDelta", "maxTrailingAboveDelta", "minTrailingBelowDelta", "maxTrailingBelowDelta",
    ),
    "MAX_NUM_ORDER_AMENDS": ("maxNumOrderAmends",),
    "MAX_NUM_ORDER_LISTS": ("maxNumOrderLists",),
    "EXCHANGE_MAX_NUM_ORDERS": ("maxNumOrders",),
    "EXCHANGE_MAX_NUM_ALGO_ORDERS": ("maxNumAlgoOrders",),
    "EXCHANGE_MAX_NUM_ICEBERG_ORDERS": ("maxNumIcebergOrders",),
    "EXCHANGE_MAX_NUM_ORDER_LISTS": ("maxNumOrderLists",),
    "MAX_ASSET": ("asset", "limit"),
}  # fmt: skip
"""Every filter that is enforced, and its fields."""


def _merged(known: Mapping[str, Filter], given: list[dict[str, Any]]) -> dict[str, Filter]:
    filters = dict(known)
    for one in given:
        kind = str(one.get("filterType"))
        if kind not in FILTER_FIELDS:
            raise ValueError(f"there is no filter '{kind}'")
        if set(one) == {"filterType"}:
            filters.pop(kind, None)
            continue
        _require_fields(kind, one)
        filters[kind] = {**filters.get(kind, {}), **one}
    return filters


def _require_fields(kind: str, given: Filter) -> None:
    for name, value in given.items():
        if name == "filterType":
            continue
        if name not in FILTER_FIELDS[kind]:
            raise ValueError(f"the filter {kind} has no field '{name}'")
        if name == "asset":
            continue
        try:
            number = Decimal(str(int(value) if isinstance(value, bool) else value))
        except InvalidOperation:
            raise ValueError(f"{kind}.{name}: '{value}' is not a number") from None
        if not number.is_finite() or number < 0:
            raise ValueError(f"{kind}.{name}: '{value}' is not a number from zero upwards")


def _text(number: Decimal) -> str:
    return f"{number:.8f}"
