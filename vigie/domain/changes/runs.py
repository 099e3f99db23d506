"""What runs, money that comes and goes, and marks of time make of an account."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vigie.domain import events as e
from vigie.domain.changes.common import Change
from vigie.domain.errors import InvariantBroken

if TYPE_CHECKING:
    from vigie.domain.portfolio import Portfolio

KEPT_STARTS = 10


def _started(account: Portfolio, event: e.RunStarted, at: int) -> Portfolio:
    run = str(account.seq + 1)
    wanted = {one.run for one in account.holdings.values()} | {one.run for one in account.open_orders()}
    runs = {key: one for key, one in account.runs.items() if key in wanted}
    # Which process it was is no part of what was decided.
    kept = replace(event, process=0)
    return replace(account, starts=(*account.starts, at)[-KEPT_STARTS:], run=run, runs={**runs, run: kept})


def _ended(account: Portfolio, _: e.RunEnded, __: int) -> Portfolio:
    return replace(account, starts=())


def _baseline(account: Portfolio, event: e.BaselineTaken, _: int) -> Portfolio:
    if account.quote:
        raise InvariantBroken("an account begins once")
    return replace(
        account,
        quote=event.quote,
        capital=event.capital,
        cash=event.capital,
        left_alone=dict(event.left_alone),
        start_equity=float(event.capital),
    )


def flowed(account: Portfolio, event: e.FlowSeen, _: int) -> Portfolio:
    """Limits move with the flow: what came in was not earned."""
    cycle = account.cycle
    if cycle is not None and cycle.equity > 0.0:
        value = float(event.value)
        scale = max(0.0, 1.0 + value / cycle.equity)
        cycle = replace(
            cycle,
            equity=cycle.equity + value,
            day_first=cycle.day_first * scale,
            day_low=cycle.day_low * scale,
            peak=cycle.peak * scale,
            lowest=cycle.lowest * scale,
        )
        start = account.start_equity * scale
    else:
        start = account.start_equity + float(event.value)
    return replace(
        account,
        capital=account.capital + event.value,
        cash=account.cash + event.value,
        start_equity=start,
        cycle=cycle,
    )


def _cycle(account: Portfolio, event: e.CycleDone, _: int) -> Portfolio:
    return replace(account, cycle=event)


def _read(account: Portfolio, event: e.EquityRead, _: int) -> Portfolio:
    return replace(account, beyond=event.beyond)


CHANGES: dict[type[e.Event], Change] = {
    e.RunStarted: _started,
    e.RunEnded: _ended,
    e.BaselineTaken: _baseline,
    e.FlowSeen: flowed,
    e.CycleDone: _cycle,
    e.EquityRead: _read,
}
