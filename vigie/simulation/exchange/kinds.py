"""The words of Binance spot: order types, states, times in force, kinds of lists."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """How an order is executed."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"

    @property
    def limited(self) -> bool:
        """It has a limit price."""
        return self not in (Kind.MARKET, Kind.STOP_LOSS, Kind.TAKE_PROFIT)

    @property
    def contingent(self) -> bool:
        """It waits for a trigger: counted by MAX_NUM_ALGO_ORDERS."""
        return self.stops or self.takes

    @property
    def stops(self) -> bool:
        """A stop loss: a sale below the market, a purchase above it."""
        return self in (Kind.STOP_LOSS, Kind.STOP_LOSS_LIMIT)

    @property
    def takes(self) -> bool:
        """A take profit: a sale above the market, a purchase below it."""
        return self in (Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT)


class State(StrEnum):
    """What has become of an order."""

    NEW = "NEW"
    PENDING_NEW = "PENDING_NEW"
    """The waiting leg of a list: not on the book yet."""
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"

    @property
    def final(self) -> bool:
        """It never changes again."""
        return self in (State.FILLED, State.CANCELED, State.EXPIRED)


class Force(StrEnum):
    """How long an order stays."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class SelfTrade(StrEnum):
    """Self-trade prevention. The counterparty is a candle's path, so none ever prevents anything here."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"
    DECREMENT = "DECREMENT"
    TRANSFER = "TRANSFER"


class ListKind(StrEnum):
    """Kinds of order lists."""

    OCO = "OCO"
    OTO = "OTO"
    OTOCO = "OTOCO"
    OPO = "OPO"
    OPOCO = "OPOCO"

    @property
    def pays(self) -> bool:
        """What the first order receives is what the others sell."""
        return self in (ListKind.OPO, ListKind.OPOCO)

    @property
    def contingency(self) -> str:
        """The word in ``contingencyType``."""
        return "OCO" if self is ListKind.OCO else "OTO"


class Status(StrEnum):
    """Whether a symbol trades."""

    TRADING = "TRADING"
    HALT = "HALT"
    BREAK = "BREAK"
    END_OF_DAY = "END_OF_DAY"
    CANCEL_ONLY = "CANCEL_ONLY"
