"""What whoever holds the exchange's strings can do: behind the account's back, or for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from vigie.adapters.sim_server.answers import order_query, own_trade
from vigie.adapters.sim_server.order_endpoints import read_order
from vigie.adapters.sim_server.parameters import Parameters
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.simulation.exchange.fees import Fees
from vigie.simulation.exchange.kinds import State
from vigie.simulation.exchange.orders import Order
from vigie.simulation.exchange.refusals import Refused
from vigie.simulation.exchange.symbols import changed

if TYPE_CHECKING:
    from vigie.adapters.sim_server.desk import Desk

Document = Mapping[str, Any]


def act(desk: Desk, document: Document) -> dict[str, Any]:
    """Do what a document says; ``do`` is the name of the act, the rest goes with it.

    Raises:
        ConfigError: no such act, or words that do not fit.
    """
    name = str(document.get("do", ""))
    if name not in ACTS:
        raise ConfigError(f"there is no act '{name}'{suggestion(name, list(ACTS))}")
    words, do = ACTS[name]
    rest = {key: value for key, value in document.items() if key != "do"}
    strange = sorted(set(rest) - words) if words is not None else []
    if strange:
        raise ConfigError(f"{name}: there is no word '{strange[0]}'{suggestion(strange[0], sorted(words or ()))}")
    try:
        done = do(desk, rest)
    except Refused as refusal:
        raise ConfigError(f"{name}: {refusal.message} ({refusal.code})") from refusal
    except (ValueError, InvalidOperation, KeyError, TypeError) as error:
        raise ConfigError(f"{name}: {_reason(error)}") from error
    desk.watch_balances()
    desk.journal.note(desk.exchange.now, "DO", name, rest, 0)
    return done


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"'{error.args[0]}' is missing"
    return "a number is not one" if isinstance(error, InvalidOperation) else str(error)


def _order(desk: Desk, rest: Document) -> Order:
    """The order that is meant: by number, by client id, or the newest open one of the symbol (and side)."""
    symbol = str(rest["symbol"])
    if "order_id" in rest or "client_id" in rest:
        number = rest.get("order_id")
        own = rest.get("client_id")
        return desk.exchange.find_open(symbol, None if number is None else int(number), own)
    desk.exchange.lane(symbol)
    side = str(rest.get("side", "")).lower()
    found = [one for one in desk.exchange.shelf.open(symbol) if side in ("", one.ticket.side.value)]
    if not found:
        raise ValueError(f"{symbol} has no such open order")
    return found[-1]


def _cancel(desk: Desk, rest: Document) -> dict[str, Any]:
    order = _order(desk, rest)
    state = State(str(rest.get("state", "CANCELED")))
    return order_query(desk.exchange.cancel(order.ticket.symbol, order.number, state=state))


def _fill(desk: Desk, rest: Document) -> dict[str, Any]:
    order = _order(desk, rest)
    quantity = None if rest.get("quantity") is None else Decimal(str(rest["quantity"]))
    return order_query(desk.exchange.execute(order.ticket.symbol, order.number, quantity))


def _expire_all(desk: Desk, rest: Document) -> dict[str, Any]:
    return {"expired": desk.exchange.expire_all(str(rest["symbol"]))}


def _deposit(desk: Desk, rest: Document) -> dict[str, Any]:
    desk.exchange.deposit(str(rest["asset"]), Decimal(str(rest["amount"])))
    return {}


def _withdraw(desk: Desk, rest: Document) -> dict[str, Any]:
    asset = str(rest["asset"])
    free = desk.exchange.custody.free(asset)
    desk.exchange.withdraw(asset, free if rest["amount"] == "all" else Decimal(str(rest["amount"])))
    return {}


def _bust(desk: Desk, rest: Document) -> dict[str, Any]:
    symbol = str(rest["symbol"])
    trades = desk.exchange.trades(symbol, desk.exchange.now)
    number = rest.get("trade", "last")
    if number == "last" and not trades:
        raise ValueError(f"{symbol} has no trade")
    return own_trade(desk.exchange.bust(symbol, trades[-1].number if number == "last" else int(number)))


def _place(desk: Desk, rest: Document) -> dict[str, Any]:
    """An order by hand: the words are those of POST /order."""
    p = Parameters(urlencode({key: str(value) for key, value in rest.items()}), "")
    ticket, _ = read_order(desk, p)
    p.close()
    return order_query(desk.exchange.submit(ticket))


def _symbol(desk: Desk, rest: Document) -> dict[str, Any]:
    name = str(rest["symbol"])
    symbol = desk.exchange.lane(name).symbol
    changes = {key: value for key, value in rest.items() if key != "symbol"}
    desk.exchange.relist(changed(symbol, changes))
    return desk.exchange.lane(name).symbol.to_json()


def _delist(desk: Desk, rest: Document) -> dict[str, Any]:
    desk.exchange.delist(str(rest["symbol"]))
    return {}


def _liquidity(desk: Desk, rest: Document) -> dict[str, Any]:
    given = rest.get("quantity")
    lane = desk.exchange.lane(str(rest["symbol"]))
    lane.liquidity = None if given in (None, "all") else Decimal(str(given))
    return {}


def _fees(desk: Desk, rest: Document) -> dict[str, Any]:
    name = str(rest.get("symbol", ""))
    if name:
        desk.exchange.lane(name)
    fees = desk.exchange.fees.get(name, desk.exchange.fees[""])
    changes: dict[str, Any] = {
        key: bool(value) if key == "pays_in_bnb" else Decimal(str(value))
        for key, value in rest.items()
        if key != "symbol"
    }
    desk.exchange.fees[name] = made = replace(fees, **changes)
    return {"maker": str(made.maker), "taker": str(made.taker), "pays_in_bnb": made.pays_in_bnb}


def _account(desk: Desk, rest: Document) -> dict[str, Any]:
    desk.exchange.can_trade = bool(rest.get("can_trade", desk.exchange.can_trade))
    desk.rest_trading = bool(rest.get("rest_trading", desk.rest_trading))
    if "restrict" in rest:
        desk.exchange.restricted = {str(one) for one in rest["restrict"]}
    return {}


def _key(desk: Desk, rest: Document) -> dict[str, Any]:
    desk.revoked = bool(rest["revoked"])
    return {}


def _maintenance(desk: Desk, rest: Document) -> dict[str, Any]:
    desk.maintenance = bool(rest["on"])
    return {}


def _lag(desk: Desk, rest: Document) -> dict[str, Any]:
    desk.lag_ms = round(float(rest["seconds"]) * 1000)
    return {}


def _reference(desk: Desk, rest: Document) -> dict[str, Any]:
    name = str(rest["symbol"])
    desk.exchange.lane(name)
    if rest.get("price") is None:
        desk.exchange.references.pop(name, None)
    else:
        desk.exchange.references[name] = Decimal(str(rest["price"]))
    return {}


_WHICH = frozenset({"symbol", "order_id", "client_id", "side"})
ACTS: dict[str, tuple[frozenset[str] | None, Callable[[Desk, Document], dict[str, Any]]]] = {
    "cancel": (_WHICH | {"state"}, _cancel),
    "fill": (_WHICH | {"quantity"}, _fill),
    "expire_all": (frozenset({"symbol"}), _expire_all),
    "deposit": (frozenset({"asset", "amount"}), _deposit),
    "withdraw": (frozenset({"asset", "amount"}), _withdraw),
    "bust": (frozenset({"symbol", "trade"}), _bust),
    "place": (None, _place),
    "symbol": (None, _symbol),
    "delist": (frozenset({"symbol"}), _delist),
    "liquidity": (frozenset({"symbol", "quantity"}), _liquidity),
    "fees": (frozenset({"symbol", *Fees.__dataclass_fields__}), _fees),
    "account": (frozenset({"can_trade", "rest_trading", "restrict"}), _account),
    "key": (frozenset({"revoked"}), _key),
    "maintenance": (frozenset({"on"}), _maintenance),
    "lag": (frozenset({"seconds"}), _lag),
    "reference": (frozenset({"symbol", "price"}), _reference),
}
"""By name: the words that go with it (None: those of the exchange), and what it does."""
