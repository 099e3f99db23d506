"""What venues other than the first have in common: ccxt reads their markets and balances, we write their orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from vigie.adapters.exchanges.ccxt_dialect import Capabilities, Client, KeyRights
from vigie.adapters.exchanges.ccxt_errors import Meaning, Said, meaning_by_class
from vigie.adapters.exchanges.ccxt_gate import Answer, Endpoints
from vigie.adapters.exchanges.ccxt_listing import ZERO, Listing
from vigie.domain.errors import RefusalCode, VenueRefused
from vigie.domain.instrument import Instrument, exact
from vigie.domain.order import Balance, OrderReport, OrderType, Side
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair

Row = Mapping[str, Any]
SPOT_ONLY: dict[str, Any] = {"fetchMarkets": {"types": ["spot"]}, "defaultType": "spot"}


class Spoken:
    """What most dialects share; each adds its orders."""

    capabilities: Capabilities
    endpoints: Endpoints

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    @property
    def limits(self) -> Mapping[str, int]:
        """These venues do not tell theirs with their listings."""
        return {}

    def server_ms(self, client: Client) -> int:
        """The venue's time, epoch milliseconds."""
        return int(client.fetch_time())

    def listing(self, client: Client, pair: Pair) -> Listing:
        """The filters of a pair; a step that is not told is an error, a least value that is not told is none.

        Raises:
            VenueRefused: it is not listed on the spot market, or without its steps.
        """
        import ccxt

        market = self._markets(client).get(str(pair))
        if market is None:
            raise VenueRefused(f"{self.capabilities.name} does not list {pair}", RefusalCode.UNKNOWN_PAIR)
        if client.precisionMode != ccxt.TICK_SIZE:
            raise TypeError("steps of another kind")
        steps, limits = market["precision"], market["limits"]
        if not steps.get("price") or not steps.get("amount"):
            raise VenueRefused(f"{self.capabilities.name} gives no steps for {pair}", RefusalCode.PARAMETERS)
        return Listing(
            instrument=Instrument(
                pair,
                tick=exact(steps["price"]),
                step=exact(steps["amount"]),
                min_quantity=_bound(limits, "amount", "min"),
                min_notional=_bound(limits, "cost", "min"),
            ),
            symbol=market["id"],
            trading=market.get("active") is not False,
            max_quantity=_bound(limits, "amount", "max"),
            min_price=_bound(limits, "price", "min"),
            max_price=_bound(limits, "price", "max"),
        )

    def _markets(self, client: Client) -> dict[str, Any]:
        """All spot markets, as they are now; and how their pairs are called in orders."""
        client.has["fetchCurrencies"] = False
        found = {name: one for name, one in client.load_markets(True).items() if one.get("spot")}
        for name, one in found.items():
            self._names[one["id"]] = name
            self._names.update(dict.fromkeys(self.other_names(one), name))
        return found

    def other_names(self, market: Row) -> Sequence[str]:  # noqa: ARG002
        """What a pair is called beside its usual name."""
        return ()

    def know_pairs(self, client: Client) -> None:
        """Learn how pairs are called, unless that is known; before anything is read that names them."""
        if not self._names:
            self._markets(client)

    def balances(self, client: Client) -> dict[str, Balance]:
        """Coins by asset, without those that are nothing."""
        client.has["fetchCurrencies"] = False
        told = client.fetch_balance()
        found = {
            asset: Balance(exact(told["free"][asset]), exact(told["used"].get(asset) or 0.0))
            for asset in told["total"]
            if told["free"].get(asset) is not None
        }
        return {asset: one for asset, one in found.items() if one.total}

    def rights(self, client: Client) -> KeyRights | None:  # noqa: ARG002
        """Not asked: no request for it was tried out."""
        return None

    def meaning(self, answer: Answer, error: Exception) -> Meaning:
        """By what ccxt makes of the venue's codes; a page that is no document comes from a wall before the venue."""
        if not isinstance(answer.document(), dict):
            return Meaning(Said.NOTHING, "an answer that cannot be read")
        return meaning_by_class(error, answer.body)

    def pair_of(self, symbol: str) -> str:
        """A pair as the venue calls it, in our words; one that is not listed keeps the venue's name."""
        return self._names.get(symbol, symbol)


def _bound(limits: Row, of: str, end: str) -> Decimal:
    found = (limits.get(of) or {}).get(end)
    return ZERO if found is None else exact(found)


def amount(row: Row, name: str) -> Decimal:
    """A number of an answer; one that is empty or not there is zero.

    Raises:
        ValueError: it is none.
        ArithmeticError: it is none.
    """
    text = row.get(name)
    found = ZERO if text is None or text == "" else Decimal(str(text))
    if not found.is_finite():
        raise ValueError(f"{name} is {found}")
    return found


def one_of(rows: object) -> Row | None:
    """The only row of a list, or None of an empty one.

    Raises:
        TypeError: it is no list of rows.
        ValueError: there are several.
    """
    if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
        raise TypeError("not a list of rows")
    if len(rows) > 1:
        raise ValueError("several rows where one was asked for")
    return rows[0] if rows else None


def rows_of(rows: object) -> Sequence[Row]:
    """A list of rows.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
        raise TypeError("not a list of rows")
    return rows


def settled(status: OrderStatus, executed: Decimal, quantity: Decimal) -> OrderStatus:
    """A status that goes with what was executed: venues call "filled" what ran out of liquidity half-way."""
    if status is OrderStatus.ACCEPTED and executed > 0:
        return OrderStatus.PARTIAL
    if status is OrderStatus.FILLED and executed < quantity:
        return OrderStatus.EXPIRED
    return status


def report(  # noqa: PLR0913, RUF100
    *,
    client_id: str,
    venue_id: str,
    pair: str,
    side: str,
    type_: OrderType,
    status: OrderStatus,
    quantity: Decimal,
    executed: Decimal = ZERO,
    executed_value: Decimal = ZERO,
    limit: Decimal = ZERO,
    trigger: Decimal = ZERO,
    triggered: bool = False,
    updated_at: int = 0,
) -> OrderReport:
    """An order in our words; prices that are zero are none."""
    status = settled(status, executed, quantity)
    return OrderReport(
        client_id=client_id,
        venue_id=venue_id,
        pair=pair,
        side=Side(side.lower()),
        type=type_,
        status=status,
        quantity=quantity,
        executed=executed,
        executed_value=executed_value,
        limit=None if type_ is OrderType.MARKET else limit or None,
        trigger=trigger or None,
        triggered=triggered and not status.final,
        fills=(),
        updated_at=updated_at,
    )


def expect_id(told: object, client_id: str) -> None:
    """Make sure that an answer speaks of our order.

    Raises:
        ValueError: it does not.
    """
    if told != client_id:
        raise ValueError("an answer about another order")


def names(*words: str) -> frozenset[str]:
    """Parameters of an endpoint, written as a line each."""
    return frozenset(name for one in words for name in one.split())


def latest(found: Iterable[OrderReport]) -> OrderReport | None:
    """The order that was changed last; None: there is none."""
    return max(found, key=lambda one: one.updated_at, default=None)
