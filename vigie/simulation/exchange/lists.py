"""What a list of orders has to look like before the exchange looks at its orders.

Source: the exchange's documentation of order lists and of the codes -1158 to -1199.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from vigie.simulation.exchange.kinds import Kind, ListKind
from vigie.simulation.exchange.orders import Ticket
from vigie.simulation.exchange.refusals import RELATION, Refused, rejected
from vigie.simulation.exchange.symbols import Symbol

_NEEDS = {
    ListKind.OCO: ("ocoAllowed",),
    ListKind.OTO: ("otoAllowed",),
    ListKind.OTOCO: ("otoAllowed", "ocoAllowed"),
    ListKind.OPO: ("otoAllowed", "opoAllowed"),
    ListKind.OPOCO: ("otoAllowed", "opoAllowed", "ocoAllowed"),
}


def check_list(kind: ListKind, tickets: Sequence[Ticket], symbol: Symbol) -> None:
    """Hold a list to the rules of its kind.

    Args:
        kind: of the list.
        tickets: its orders; a pair as the one above and the one below.
        symbol: of all of them.

    Raises:
        Refused: with the code of the rule.
    """
    for flag in _NEEDS[kind]:
        if not symbol.flags.get(flag, False):
            raise rejected(f"{flag.removesuffix('Allowed').upper()} orders are not supported for this symbol")
    names = [one.client_id for one in tickets]
    if len(set(names)) < len(names):
        raise rejected("Duplicate order sent.")
    rest = tickets
    if kind is not ListKind.OCO:
        first, rest = tickets[0], tickets[1:]
        _check_first(kind, first, rest)
    if len(rest) == 2:
        _check_pair(rest[0], rest[1])


def _check_first(kind: ListKind, first: Ticket, rest: Sequence[Ticket]) -> None:
    if first.kind not in (Kind.LIMIT, Kind.LIMIT_MAKER):
        raise Refused(-1013, "The working order of a list must be LIMIT or LIMIT_MAKER.")
    if kind.pays and (not first.buys or any(one.buys for one in rest)):
        raise Refused(-1013, "A list that pays takes a BUY order first and SELL orders after it.")


def _check_pair(above: Ticket, below: Ticket) -> None:
    if not (above.kind.contingent or below.kind.contingent):
        raise Refused(-1168, "At least one OCO order must be contingent.")
    for one in (above, below):
        if one.kind != Kind.LIMIT_MAKER and not one.kind.contingent:
            raise Refused(-1158, "Order type not supported in OCO.")
    for one, is_above in ((above, True), (below, False)):
        _check_place(one, is_above=is_above)
    upper, lower = _level(above), _level(below)
    if upper is not None and lower is not None and upper <= lower:
        raise rejected(RELATION)


def _check_place(one: Ticket, *, is_above: bool) -> None:
    if one.kind.stops and one.buys != is_above:
        raise (
            Refused(-1196, "A stop loss order in a buy OCO must be above.")
            if one.buys
            else Refused(-1197, "A stop loss order in a sell OCO must be below.")
        )
    if one.kind.takes and one.buys == is_above:
        raise (
            Refused(-1198, "A take profit order in a buy OCO must be below.")
            if one.buys
            else Refused(-1199, "A take profit order in a sell OCO must be above.")
        )
    if one.kind is Kind.LIMIT_MAKER and one.buys == is_above:
        raise (
            Refused(-1165, "A limit order in a buy OCO must be below.")
            if one.buys
            else Refused(-1166, "A limit order in a sell OCO must be above.")
        )


def _level(one: Ticket) -> Decimal | None:
    return one.price if one.kind is Kind.LIMIT_MAKER else one.stop
