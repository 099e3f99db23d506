"""What is allowed while trading is active, reduced or halted: one table, for the engine and for every send."""

from __future__ import annotations

from enum import StrEnum


class TradingMode(StrEnum):
    """How much an account may do; later members allow less."""

    ACTIVE = "active"
    REDUCE_ONLY = "reduce-only"
    HALTED = "halted"


class Act(StrEnum):
    """What somebody wants to send, as far as permission goes."""

    ENTRY = "entry"
    EXIT = "exit"
    """A signal's exit or a partial sale."""
    STOP = "stop"
    """Placing a stop again, or moving it up."""
    PROTECTIVE_SALE = "protective-sale"
    """Selling because a stop cannot be placed, was jumped over or lost."""
    LIQUIDATION = "liquidation"
    """A person's command or a limit that demands it."""


_BLOCKED = {
    TradingMode.ACTIVE: frozenset[Act](),
    TradingMode.REDUCE_ONLY: frozenset({Act.ENTRY}),
    # Halted: a person has the wheel. Stops and what protects stay.
    TradingMode.HALTED: frozenset({Act.ENTRY, Act.EXIT}),
}


def permits(mode: TradingMode, act: Act) -> bool:
    """Whether a mode lets an act through. A stop is never blocked."""
    return act not in _BLOCKED[mode]


def strictest(modes: frozenset[TradingMode] | set[TradingMode]) -> TradingMode:
    """The one that allows least; ACTIVE for none."""
    order = list(TradingMode)
    return max(modes, key=order.index, default=TradingMode.ACTIVE)
