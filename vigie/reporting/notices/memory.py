"""What has to be remembered of earlier lines to tell a later one. It is kept on the disk between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.order import Intent
from vigie.domain.order_status import Learnt
from vigie.ports.journal import Entry

_ENDS = (Learnt.FILLED, Learnt.CANCELED, Learnt.EXPIRED, Learnt.REJECTED, Learnt.ABSENT)
_MOST_ENDED = 30
"""Ended orders that are remembered: a fill may be told late."""


@dataclass(frozen=True, slots=True)
class Known:
    """An order.

    Attributes:
        intent: what was wanted.
        learnt: the last that was learnt; None: nothing yet.
        executed, value, fees: base, quote, quote, of its fills.
    """

    intent: Intent
    learnt: Learnt | None = None
    executed: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)

    @property
    def price(self) -> Decimal:
        """Average of its fills; 0 before the first."""
        return self.value / self.executed if self.executed else Decimal(0)


@dataclass(frozen=True, slots=True)
class Memory:
    """What was told so far, as far as it matters for what comes.

    Attributes:
        orders: by client id, oldest first.
        stops: trigger by pair, as text; of the stop that was marked last.
        rules: by pair: trailing is active, break-even is done.
        running: a run has begun and has not ended.
        crashed: the run that began last found the one before without an end.
        run: facts of the run that began last.
        latched: names of latches that the line before fell into.
    """

    orders: Mapping[str, Known] = field(default_factory=dict)
    stops: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, tuple[bool, ...]] = field(default_factory=dict)
    running: bool = False
    crashed: bool = False
    run: Mapping[str, str] = field(default_factory=dict)
    latched: tuple[str, ...] = ()

    def after(self, entry: Entry) -> Memory:
        """The memory after a line."""
        latched = (entry.event.name,) if isinstance(entry.event, e.Halted) else ()
        kept = replace(self, latched=latched) if latched != self.latched else self
        match entry.event:
            case e.IntentPlanned(intent=intent):
                return replace(kept, orders=_bounded({**kept.orders, intent.client_id: Known(intent)}))
            case e.FillSeen(client_id=client_id) as seen if client_id in kept.orders:
                return replace(kept, orders={**kept.orders, client_id: _filled(kept.orders[client_id], seen)})
            case e.OrderLearnt(client_id=client_id, learnt=learnt) if client_id in kept.orders:
                one = replace(kept.orders[client_id], learnt=learnt)
                return replace(kept, orders={**kept.orders, client_id: one})
            case e.StopMarked(pair=pair, client_id=client_id):
                return replace(kept, stops=_stops(kept, pair, client_id))
            case e.RulesMoved(pair=pair) as moved:
                return replace(kept, rules={**kept.rules, pair: (moved.trail_active, moved.breakeven_done)})
            case e.TradeClosed(pair=pair):
                rules = {name: one for name, one in kept.rules.items() if name != pair}
                stops = {name: one for name, one in kept.stops.items() if name != pair}
                return replace(kept, rules=rules, stops=stops)
            case e.RunStarted() as started:
                return replace(kept, running=True, crashed=kept.running, run=_run(started))
            case e.RunEnded():
                return replace(kept, running=False)
        return kept


def _bounded(orders: dict[str, Known]) -> dict[str, Known]:
    ended = [client_id for client_id, one in orders.items() if one.learnt in _ENDS]
    for client_id in ended[: max(0, len(ended) - _MOST_ENDED)]:
        del orders[client_id]
    return orders


def _filled(one: Known, seen: e.FillSeen) -> Known:
    fill = seen.fill
    return replace(
        one,
        executed=one.executed + fill.quantity,
        value=one.value + fill.quantity * fill.price,
        fees=one.fees + seen.fee_value,
    )


def _stops(memory: Memory, pair: str, client_id: str | None) -> dict[str, str]:
    known = memory.orders.get(client_id or "")
    # A stop that is lifted to be raised is remembered: the next one tells from where it came.
    if known is None or known.intent.trigger is None:
        return dict(memory.stops)
    return {**memory.stops, pair: str(known.intent.trigger)}


def _run(started: e.RunStarted) -> dict[str, str]:
    return {
        "mode": started.mode,
        "vigie": started.version,
        "strategy": f"{started.strategy}, profile {started.profile}",
        "pairs": f"{', '.join(started.pairs)} on {started.timeframe} candles",
        "certificate": started.certificate or "none",
        "process": str(started.process),
    }
