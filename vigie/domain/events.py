"""What the journal says: one frozen dataclass per kind of line, and how a line is read back.

The account is a fold over these events (`vigie.domain.portfolio`): what is not in an event did not happen. Fields are
only ever added, with a default; a field that changes its meaning is a new version of the kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from vigie.domain.order import Fill, Intent, Leg
from vigie.domain.order_status import Learnt
from vigie.domain.record import from_json, to_json

KINDS: dict[str, type[Event]] = {}
"""Every kind of line and its class."""

E = TypeVar("E", bound="Event")


class Event:
    """Anything that is journalled."""

    __slots__ = ()
    KIND: ClassVar[str]
    VERSION: ClassVar[int] = 1


def _kind(name: str) -> Callable[[type[E]], type[E]]:
    def named(kind: type[E]) -> type[E]:
        kind.KIND = name
        KINDS[name] = kind
        return kind

    return named


def to_fields(event: Event) -> dict[str, Any]:
    """An event's own fields as JSON types."""
    return to_json(event)


def from_fields(kind: str, version: int, document: Mapping[str, Any]) -> Event:
    """The event of a line.

    Raises:
        ValueError: an unknown kind, a later version than this code knows, or fields that do not fit.
    """
    known = KINDS.get(kind)
    if known is None:
        raise ValueError(f"unknown kind '{kind}'")
    if version > known.VERSION:
        raise ValueError(f"'{kind}' has version {version}, this vigie knows {known.VERSION}")
    return from_json(known, document)


# --- runs ---------------------------------------------------------------------------------------------------------


@_kind("run")
@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A process took the account.

    Attributes:
        account, mode: ``paper``, ``live`` or ``replay``.
        version: of vigie.
        code_hash, config_hash, strategy_hash: SHA-256.
        strategy, profile: names.
        numbers: parameters and settings in force, as text.
        pairs, timeframe: what is traded.
        certificate: its name; None: none.
        process: its id.
    """

    account: str
    mode: str
    version: str
    code_hash: str
    config_hash: str
    strategy: str
    strategy_hash: str
    profile: str
    numbers: Mapping[str, str]
    pairs: tuple[str, ...]
    timeframe: str
    certificate: str | None
    process: int


@_kind("run_end")
@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """A process let the account go, on purpose.

    Attributes:
        reason: for people.
        unprotected: pairs held without a stop at that instant.
    """

    reason: str
    unprotected: tuple[str, ...] = ()


@_kind("baseline")
@dataclass(frozen=True, slots=True)
class BaselineTaken(Event):
    """The account began.

    Attributes:
        capital: quote allocated.
        quote: its asset.
        left_alone: coins that were there before; they are not ours.
    """

    capital: Decimal
    quote: str
    left_alone: Mapping[str, Decimal] = field(default_factory=dict)


@_kind("flow")
@dataclass(frozen=True, slots=True)
class FlowSeen(Event):
    """A deposit or withdrawal: no profit, no loss.

    Attributes:
        value: quote that came in; negative: went out.
        reason: for people.
    """

    value: Decimal
    reason: str


# --- decisions ----------------------------------------------------------------------------------------------------


@_kind("decision")
@dataclass(frozen=True, slots=True)
class Decided(Event):
    """What was decided about a pair on a candle, taken or refused.

    Attributes:
        pair: ``BTC/USDT``.
        candle_at: opening instant of the candle that decided, epoch milliseconds.
        action: ``none``, ``wish``, ``enter``, ``refuse``, ``hold``, ``leave``, ``sell-part``, ``drop``.
        reason: the strategy's reason, or why nothing was done.
        inputs_hash: SHA-256 (16 digits) of the candles that were looked at.
        numbers: what the strategy and the position rules said, by name.
        facts: what the gate was told, by name; empty if it was not asked.
        verdicts: by rule: ``pass``, ``refuse`` or ``off``; empty if the gate was not asked.
    """

    pair: str
    candle_at: int
    action: str
    reason: str
    inputs_hash: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)


@_kind("wish")
@dataclass(frozen=True, slots=True)
class Wished(Event):
    """An entry waits for the next price at which its pair trades. A newer one replaces it.

    Attributes:
        pair, candle_at: as in `Decided`.
        direction, stop_distance, target_distance, volatility, confidence: of the signal; quote.
        candles_in_row: closed candles without a hole up to the one that decided.
        reason: of the strategy.
    """

    pair: str
    candle_at: int
    direction: int
    stop_distance: float
    target_distance: float
    volatility: float
    confidence: float
    candles_in_row: int
    reason: str = ""


@_kind("wish_done")
@dataclass(frozen=True, slots=True)
class WishDone(Event):
    """A waiting entry was tried, or given up.

    Attributes:
        outcome: ``entered``, ``refused``, ``stale``, ``blocked``.
    """

    pair: str
    outcome: str


@_kind("leave")
@dataclass(frozen=True, slots=True)
class LeaveDecided(Event):
    """A position is to be sold at the next price.

    Attributes:
        code: `ExitReason`.
        candle_at: the candle that decided.
    """

    pair: str
    code: int
    candle_at: int


@_kind("part")
@dataclass(frozen=True, slots=True)
class PartDecided(Event):
    """A part of a position is to be sold at this close.

    Attributes:
        leg: ``partial-1`` or ``partial-2``.
        quantity: base, on the step.
        candle_at: the candle that decided.
    """

    pair: str
    leg: Leg
    quantity: Decimal
    candle_at: int


@_kind("position")
@dataclass(frozen=True, slots=True)
class RulesMoved(Event):
    """What the position rules know of a held pair, at its opening and after each candle.

    Attributes:
        candle_at: the candle whose close was looked at, or that decided the entry.
        entry_price, volatility, fixed_stop, trailing, highest, target: quote.
        trail_active, breakeven_done, partials_taken: as in `Position`.
    """

    pair: str
    candle_at: int
    entry_price: float
    volatility: float
    fixed_stop: float
    trailing: float
    trail_active: bool
    breakeven_done: bool
    highest: float
    target: float
    partials_taken: int


# --- orders -------------------------------------------------------------------------------------------------------


@_kind("intent")
@dataclass(frozen=True, slots=True)
class IntentPlanned(Event):
    """Something is going to be sent; on disk before it is."""

    intent: Intent


@_kind("order")
@dataclass(frozen=True, slots=True)
class OrderLearnt(Event):
    """Something was learnt about an order, its sending included.

    Attributes:
        client_id: ours.
        pair: ``BTC/USDT``.
        learnt: what.
        venue_id: the venue's id; empty: not known.
        triggered: a stop whose trigger was reached and which rests at its limit.
        message: the venue's words, without secrets.
        venue_at: when it ended by the venue's clock, epoch milliseconds; 0: not told, or it has not ended.
    """

    client_id: str
    pair: str
    learnt: Learnt
    venue_id: str = ""
    triggered: bool = False
    message: str = ""
    venue_at: int = 0


@_kind("fill")
@dataclass(frozen=True, slots=True)
class FillSeen(Event):
    """A part of an order was executed.

    Attributes:
        fee_value: the fee in quote, whatever asset it was taken in; that of a third asset at its price of that time.
    """

    client_id: str
    pair: str
    fill: Fill
    fee_value: Decimal


@_kind("stop")
@dataclass(frozen=True, slots=True)
class StopMarked(Event):
    """Whether a pair is protected by a stop at the venue.

    Attributes:
        client_id: of the stop that protects it now; None: it has lost its stop.
        reason: for people.
    """

    pair: str
    client_id: str | None
    reason: str = ""


@_kind("trade")
@dataclass(frozen=True, slots=True)
class TradeClosed(Event):
    """Entry to exit, from fills alone.

    Attributes:
        entry_at, exit_at: epoch milliseconds, first fill and last.
        entry_price, exit_price: averages, quote.
        quantity: base bought, net of fees taken in coin.
        fees: quote, all of them.
        profit: quote received minus quote spent.
        code: `ExitReason`.
        stopped_at: opening instant of the candle in which it was stopped out; None: it was not.
        dust: base left over that no order can sell.
        stop_at_entry: first stop, quote.
        slippage: quote that fills cost beyond the prices they were decided with, stops beyond their trigger; inside
            the prices already.
        fees_elsewhere: quote, the part of ``fees`` that was taken in a third asset: it left no money of this account,
            and is not in ``profit``.
        bare_ms, longest_bare_ms: how long it had no stop at the venue, in all and at a stretch.
        unpriced: base that went at a price that nobody tells; it counts at what it had cost.
    """

    pair: str
    entry_at: int
    exit_at: int
    entry_price: Decimal
    exit_price: Decimal
    quantity: Decimal
    fees: Decimal
    profit: Decimal
    code: int
    stopped_at: int | None = None
    dust: Decimal = Decimal(0)
    stop_at_entry: float = 0.0
    slippage: Decimal = Decimal(0)
    fees_elsewhere: Decimal = Decimal(0)
    bare_ms: int = 0
    longest_bare_ms: int = 0
    unpriced: Decimal = Decimal(0)


@_kind("dust")
@dataclass(frozen=True, slots=True)
class DustSwept(Event):
    """What was left over of earlier trades of a pair joins the position that is held, to be sold with it.

    It was written off when it was left: it costs the position nothing, and what it brings is profit.

    Attributes:
        quantity: base; all of the pair's dust.
    """

    pair: str
    quantity: Decimal


# --- the account --------------------------------------------------------------------------------------------------


@_kind("cycle")
@dataclass(frozen=True, slots=True)
class CycleDone(Event):
    """A decision tick was done, or a day began: what the limits look at.

    Attributes:
        candle_at: opening instant of the last candle decided, epoch milliseconds.
        equity, cash: quote.
        day: UTC day since 1970.
        day_first, day_low, peak: quote.
        worst: largest fall from the peak, fraction.
        mode: in force.
        held: positions.
        lowest: lowest equity since the account began or the total loss was counted anew, quote; NaN: not known.
    """

    candle_at: int
    equity: float
    cash: Decimal
    day: int
    day_first: float
    day_low: float
    peak: float
    worst: float
    mode: str
    held: int
    lowest: float = math.nan


@_kind("halt")
@dataclass(frozen=True, slots=True)
class Halted(Event):
    """New exposure is latched off.

    Attributes:
        name: of the latch: ``person``, ``pause``, ``daily_loss``, ``drawdown``, ``invariant``.
        mode: ``reduce-only`` or ``halted``.
        reason: for people.
        until: epoch milliseconds at which it ends by itself; None: a person must end it.
        sells: everything held is sold, tick after tick until nothing is left.
    """

    name: str
    mode: str
    reason: str
    until: int | None = None
    sells: bool = False


@_kind("resume")
@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """A latch was lifted.

    Attributes:
        name: of the latch.
        reason: by whom and how.
    """

    name: str
    reason: str


@_kind("limit")
@dataclass(frozen=True, slots=True)
class LimitReached(Event):
    """A limit of the account was reached.

    Attributes:
        name: of the rule.
        value, limit: fractions.
        base: quote, what the fractions are of.
    """

    name: str
    value: float
    limit: float
    base: float


@_kind("reading")
@dataclass(frozen=True, slots=True)
class EquityRead(Event):
    """Between two closes the account was beyond a limit, or is no longer: written when that changes.

    A price can be wrong for a moment: only a limit that the next reading finds too is acted on.

    Attributes:
        equity: at live prices, quote.
        beyond: names of the limits that it is beyond.
    """

    equity: float
    beyond: tuple[str, ...] = ()


@_kind("request")
@dataclass(frozen=True, slots=True)
class RequestObeyed(Event):
    """Another process asked for something.

    Attributes:
        request_id, kind_asked: of the request.
        outcome: what was done.
    """

    request_id: str
    kind_asked: str
    outcome: str


@_kind("recovery")
@dataclass(frozen=True, slots=True)
class Recovered(Event):
    """A start looked at what the last run left.

    Attributes:
        steps: what was found and done, sentences.
        clean: nothing is open.
    """

    steps: tuple[str, ...]
    clean: bool


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing that state, journal and venue do not agree on, and what was made of it.

    Attributes:
        kind: `vigie.engine.reconcile.DifferenceKind`.
        subject: asset, pair or client id.
        ours, theirs: what each side says.
        text: a sentence.
        policy: ``adopt``, ``ignore``, ``close``, ``halt``.
        outcome: what was done; of a plan, what would be.
        done: it is settled.
    """

    kind: str
    subject: str
    ours: Decimal
    theirs: Decimal
    text: str
    policy: str
    outcome: str
    done: bool = False


@_kind("reconcile")
@dataclass(frozen=True, slots=True)
class Reconciled(Event):
    """State, journal and venue were compared.

    Attributes:
        differences: sentences; empty: none.
        actions: what was done about them.
        rows: the same one by one, where a person had asked.
        request_id: of the request that asked; empty: nobody did.
    """

    differences: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    rows: tuple[Disagreement, ...] = ()
    request_id: str = ""


@_kind("adopted")
@dataclass(frozen=True, slots=True)
class CoinsAdopted(Event):
    """Coins that lay at the venue became a position of ours, or a part of one. No fill of ours: a person said so.

    Attributes:
        pair: ``BTC/USDT``.
        quantity: base.
        price: quote per base that they are counted at.
        basis: where the price comes from.
        candle_at: the candle before, epoch milliseconds.
        stop_distance: of the first stop below the price, quote.
        trade_ids: of the venue's trades that the price comes from.
    """

    pair: str
    quantity: Decimal
    price: Decimal
    basis: str
    candle_at: int
    stop_distance: float
    trade_ids: tuple[str, ...] = ()


@_kind("sold_elsewhere")
@dataclass(frozen=True, slots=True)
class SoldElsewhere(Event):
    """Coins of ours were sold by an order that is not ours, as the venue's own list of trades tells.

    Attributes:
        pair: ``BTC/USDT``.
        fill: the trade; its quantity and fee are those of our coins alone.
        fee_value: the fee in quote.
        order_id: the venue's id of the order.
    """

    pair: str
    fill: Fill
    fee_value: Decimal
    order_id: str = ""


@_kind("gone")
@dataclass(frozen=True, slots=True)
class CoinsGone(Event):
    """Coins of ours are not at the venue any more, and nobody tells at which price they went.

    They leave the books at what they had cost: neither profit nor loss, and the capital is that much less.

    Attributes:
        quantity: base.
        cost: quote that they had cost; of dust nothing.
        reason: what is known.
    """

    pair: str
    quantity: Decimal
    cost: Decimal
    reason: str


@_kind("busted")
@dataclass(frozen=True, slots=True)
class FillReversed(Event):
    """The venue took a trade back: a fill of ours did not happen after all.

    Attributes:
        client_id: of the order.
        fill, fee_value: as `FillSeen` had them.
    """

    client_id: str
    pair: str
    fill: Fill
    fee_value: Decimal


@_kind("left_alone")
@dataclass(frozen=True, slots=True)
class LeftAlone(Event):
    """So many coins of an asset lie at the venue and are not ours, from now on.

    Attributes:
        quantity: all of them, those of the beginning included.
        reason: for people.
    """

    asset: str
    quantity: Decimal
    reason: str


@_kind("foreign")
@dataclass(frozen=True, slots=True)
class ForeignOrder(Event):
    """What was done about an order that is not ours.

    Attributes:
        venue_id, client_id: as the venue tells them.
        outcome: ``ignored`` or ``cancelled``.
        reason: for people.
    """

    pair: str
    venue_id: str
    client_id: str
    outcome: str
    reason: str = ""


@_kind("alert")
@dataclass(frozen=True, slots=True)
class AlertRaised(Event):
    """A person has to know.

    Attributes:
        topic: what repeated alerts share.
        text: a sentence.
        urgent: somebody should get up.
    """

    topic: str
    text: str
    urgent: bool = False


@_kind("override")
@dataclass(frozen=True, slots=True)
class OverrideUsed(Event):
    """A person decided against the house.

    Attributes:
        what: was overridden.
        reason: the person's.
    """

    what: str
    reason: str
