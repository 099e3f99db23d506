"""Orders read out of parameters: which fields each type takes, must have, and must not have."""

from __future__ import annotations

from vigie.adapters.sim_server.parameters import Parameters, missing, not_required
from vigie.domain.order import Side
from vigie.simulation.exchange.kinds import Force, Kind, SelfTrade
from vigie.simulation.exchange.orders import Ticket
from vigie.simulation.exchange.refusals import Refused

_KIND = Refused(-1116, "Invalid orderType.")
_FORCE = Refused(-1115, "Invalid timeInForce.")
_SIDE = Refused(-1117, "Invalid side.")
LEAST_STRATEGY = 1_000_000


def side_of(p: Parameters, name: str = "side") -> Side:
    """BUY or SELL.

    Raises:
        Refused: -1102, -1117.
    """
    text = p.text(name)
    if text is None:
        raise missing(name)
    if text not in ("BUY", "SELL"):
        raise _SIDE
    return Side(text.lower())


class Names:
    """How the fields of an order are called: plain, or with the name of a list's leg in front."""

    def __init__(self, leg: str = "") -> None:
        self._leg = leg

    def of(self, name: str) -> str:
        """``price`` or ``pendingBelowPrice``."""
        return name if not self._leg else self._leg + name[0].upper() + name[1:]


def read_ticket(  # noqa: PLR0913, RUF100
    p: Parameters,
    symbol: str,
    side: Side,
    prevention: SelfTrade,
    made_id: str,
    *,
    leg: str = "",
    sized: str = "quantity",
) -> Ticket:
    """One order.

    Args:
        p: parameters; only those of this order are read.
        symbol: of the order.
        side: of the order.
        prevention: of self-trades.
        made_id: its client id, if none was sent.
        leg: name in front of its fields.
        sized: name of its quantity; empty: it gets its quantity from another order.

    Raises:
        Refused: with the code of what is missing, too much, or wrong.
    """
    names = Names(leg)
    kind = p.required_choice(names.of("type"), Kind, _KIND)
    value = p.number("quoteOrderQty") if not leg and kind is Kind.MARKET else None
    own_id = p.client_id(names.of("clientOrderId") if leg else "newClientOrderId")
    strategy_type = p.whole(names.of("strategyType"))
    if strategy_type is not None and strategy_type < LEAST_STRATEGY:
        raise Refused(-1134, "strategyType was less than 1000000.")
    trail = p.whole(names.of("trailingDelta"))
    ticket = Ticket(
        symbol=symbol,
        side=side,
        kind=kind,
        client_id=own_id or made_id,
        quantity=p.number(sized) if sized else None,
        value=value,
        price=p.number(names.of("price")),
        stop=p.number(names.of("stopPrice")),
        trail=trail,
        force=p.choice(names.of("timeInForce"), Force, _FORCE),
        iceberg=p.number(names.of("icebergQty")),
        prevention=prevention,
        strategy_id=p.whole(names.of("strategyId")),
        strategy_type=strategy_type,
    )
    _require(ticket, names, sized)
    return ticket


def _require(ticket: Ticket, names: Names, sized: str) -> None:
    """Hold an order to the fields of its type, in the order in which the exchange looks."""
    kind = ticket.kind
    if sized:
        _require_size(ticket, sized)
    takes_force = kind.limited and kind is not Kind.LIMIT_MAKER
    for name, value, wanted in (
        ("price", ticket.price, kind.limited),
        ("timeInForce", ticket.force, takes_force),
    ):
        if wanted and value is None:
            raise missing(names.of(name))
        if not wanted and value is not None:
            raise not_required(names.of(name))
    if kind.contingent and ticket.stop is None and ticket.trail is None:
        raise missing(names.of("stopPrice"))
    iceberg = kind.limited and ticket.force not in (Force.IOC, Force.FOK)
    for name, given, allowed in (
        ("stopPrice", ticket.stop, kind.contingent),
        ("trailingDelta", ticket.trail, kind.contingent),
        ("icebergQty", ticket.iceberg, iceberg),
    ):
        if given is not None and not allowed:
            raise not_required(names.of(name))


def _require_size(ticket: Ticket, sized: str) -> None:
    if ticket.quantity is None and ticket.value is None:
        raise missing(sized)
    if ticket.quantity is not None and ticket.value is not None:
        raise not_required("quoteOrderQty")
