"""What decisions that still wait make of an account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vigie.domain import events as e
from vigie.domain.changes.common import Change, holding_of, with_holding, without

if TYPE_CHECKING:
    from vigie.domain.portfolio import Portfolio


def _wished(account: Portfolio, event: e.Wished, _: int) -> Portfolio:
    return replace(account, wishes={**account.wishes, event.pair: event})


def _wish_done(account: Portfolio, event: e.WishDone, _: int) -> Portfolio:
    return replace(account, wishes=without(account.wishes, event.pair))


def _leave(account: Portfolio, event: e.LeaveDecided, _: int) -> Portfolio:
    held = holding_of(account, event.pair)
    return with_holding(account, replace(held, leaving=event.code, leaving_at=event.candle_at))


def _part(account: Portfolio, event: e.PartDecided, _: int) -> Portfolio:
    held = holding_of(account, event.pair)
    others = tuple(one for one in held.parts if one.leg is not event.leg)
    return with_holding(account, replace(held, parts=(*others, event)))


def _rules_moved(account: Portfolio, event: e.RulesMoved, _: int) -> Portfolio:
    held = holding_of(account, event.pair)
    first = held.stop_at_entry if held.rules is not None else event.fixed_stop
    # A part that was not sold at its own close is not sold at a later one.
    parts = tuple(one for one in held.parts if one.candle_at >= event.candle_at)
    return with_holding(account, replace(held, rules=event, stop_at_entry=first, parts=parts))


CHANGES: dict[type[e.Event], Change] = {
    e.Wished: _wished,
    e.WishDone: _wish_done,
    e.LeaveDecided: _leave,
    e.PartDecided: _part,
    e.RulesMoved: _rules_moved,
}
