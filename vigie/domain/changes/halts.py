"""What halts and their end make of an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from vigie.domain import events as e
from vigie.domain.changes.common import Change, without
from vigie.domain.holdings import Latch

if TYPE_CHECKING:
    from vigie.domain.portfolio import Portfolio


def _halted(account: Portfolio, event: e.Halted, at: int) -> Portfolio:
    latch = Latch(event.mode, event.reason, at, event.until, event.sells)
    return replace(account, latches={**account.latches, event.name: latch})


def _resumed(account: Portfolio, event: e.Resumed, at: int) -> Portfolio:
    """What a limit counted from begins anew when a person lifts it: else it would latch again at the next candle."""
    latch = account.latches.get(event.name)
    account = replace(account, latches=without(account.latches, event.name))
    if latch is not None and latch.until is not None and latch.until <= at:
        # Nobody lifted it: its time was over.
        return account
    return _REBASED.get(event.name, _unchanged)(account)


def _unchanged(account: Portfolio) -> Portfolio:
    return account


def _peak_anew(account: Portfolio) -> Portfolio:
    cycle = account.cycle
    return account if cycle is None else replace(account, cycle=replace(cycle, peak=cycle.equity, worst=0.0))


def _day_anew(account: Portfolio) -> Portfolio:
    cycle = account.cycle
    if cycle is None:
        return account
    return replace(account, cycle=replace(cycle, day_first=cycle.equity, day_low=cycle.equity))


def _start_anew(account: Portfolio) -> Portfolio:
    cycle = account.cycle
    if cycle is None:
        return account
    return replace(account, start_equity=cycle.equity, cycle=replace(cycle, lowest=cycle.equity))


def _streak_anew(account: Portfolio) -> Portfolio:
    return replace(account, losing_streak=0, worst_streak=0)


def _trades_anew(account: Portfolio) -> Portfolio:
    return replace(account, trades_today=0)


def _samples_anew(account: Portfolio) -> Portfolio:
    return replace(account, samples=())


_REBASED: dict[str, Callable[[Portfolio], Portfolio]] = {
    "drawdown": _peak_anew,
    "daily_loss": _day_anew,
    "total_loss": _start_anew,
    "losing_streak": _streak_anew,
    "trades_per_day": _trades_anew,
    "drift": _samples_anew,
}


CHANGES: dict[type[e.Event], Change] = {
    e.Halted: _halted,
    e.Resumed: _resumed,
}
