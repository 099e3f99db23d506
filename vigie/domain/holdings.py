"""What an account keeps of its orders, its positions and its halts."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal

from vigie.domain import events as e
from vigie.domain.coverage import Gaps
from vigie.domain.order import Intent
from vigie.domain.order_status import OrderStatus

ZERO = Decimal(0)
EXACT = Context(prec=100)
"""Money is not rounded: our books and a venue's have to agree to the last digit."""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as far as we know it.

    Attributes:
        intent: what we wanted.
        status: what became of it.
        venue_id: the venue's id; empty: not known.
        executed, executed_value, fees: base, quote, quote; sums of its fills.
        trade_ids: of its fills; the same fill told twice counts once.
        triggered: a stop that rests at its limit.
        wish: the signal that an entry came from, as it was when the entry was planned: a newer one may take its place
            before a late fill; None: no entry.
        triggered_at: when that was learnt, epoch milliseconds; 0: it was not.
        filled_at: its last fill, epoch milliseconds; 0: none.
        run: in which it was planned, a key of `Portfolio.runs`.
    """

    intent: Intent
    status: OrderStatus = OrderStatus.PLANNED
    venue_id: str = ""
    executed: Decimal = ZERO
    executed_value: Decimal = ZERO
    fees: Decimal = ZERO
    trade_ids: tuple[str, ...] = ()
    triggered: bool = False
    wish: e.Wished | None = None
    triggered_at: int = 0
    filled_at: int = 0
    run: str = ""

    @property
    def rests(self) -> bool:
        """The venue has taken it, and it has not ended."""
        return self.status in (OrderStatus.ACCEPTED, OrderStatus.PARTIAL)


@dataclass(frozen=True, slots=True)
class Holding:
    """A position that is ours.

    Attributes:
        pair: ``BTC/USDT``.
        wish: the signal that it came from.
        entered_at: first fill, epoch milliseconds.
        bought: base bought, net of fees taken in coin.
        quantity: base held now.
        gross: base bought, gross of fees: what the average price is over.
        value: quote paid for it, fees not counted.
        spent: quote paid, fees in quote included.
        received: quote received for parts sold, net of fees.
        sold, sold_value: base and quote of all sales, gross.
        fees: quote.
        exited_at: last sale, epoch milliseconds; None: none.
        rules: what the position rules know; None until the first fill was looked at.
        stop_id: client id of the stop that protects it at the venue; None: it has none.
        leaving: `ExitReason` code of a sale that waits for the next price; 0: none.
        leaving_at: the candle that decided it.
        parts: partial sales that were decided and not yet sent.
        stop_at_entry: first stop, quote.
        run: in which its entry was planned, a key of `Portfolio.runs`: what was decided then holds until it is closed.
        bare_since: since when no stop rests for all of it, epoch milliseconds; None: one does.
        gaps: the times without a stop that are over.
        slippage: quote that its fills cost beyond what they were decided with.
        fees_elsewhere: quote, the part of its fees that was taken in a third asset.
        unpriced: base that went at a price that nobody tells.
    """

    pair: str
    wish: e.Wished
    entered_at: int
    bought: Decimal = ZERO
    quantity: Decimal = ZERO
    gross: Decimal = ZERO
    value: Decimal = ZERO
    spent: Decimal = ZERO
    received: Decimal = ZERO
    sold: Decimal = ZERO
    sold_value: Decimal = ZERO
    fees: Decimal = ZERO
    exited_at: int | None = None
    rules: e.RulesMoved | None = None
    stop_id: str | None = None
    leaving: int = 0
    leaving_at: int = 0
    parts: tuple[e.PartDecided, ...] = ()
    stop_at_entry: float = 0.0
    run: str = ""
    bare_since: int | None = None
    gaps: Gaps = field(default_factory=Gaps)
    slippage: Decimal = ZERO
    fees_elsewhere: Decimal = ZERO
    unpriced: Decimal = ZERO

    @property
    def average_price(self) -> Decimal:
        """Quote paid per base bought, fees not counted."""
        return self.value / self.gross


@dataclass(frozen=True, slots=True)
class Latch:
    """Why new exposure is off.

    Attributes:
        mode: ``reduce-only`` or ``halted``.
        reason: for people.
        since, until: epoch milliseconds; until None: a person must lift it.
        sells: everything held is sold.
    """

    mode: str
    reason: str
    since: int
    until: int | None = None
    sells: bool = False
