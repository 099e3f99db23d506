"""Approval as a type: a broker takes an `ApprovedIntent` and nothing else, and only `approve` makes one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vigie.domain.order import Intent, Leg, Side
from vigie.domain.trading_mode import TradingMode, permits

_SEAL = object()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an intent is not approved.

    Attributes:
        intent: what was asked.
        reasons: names of rules, or of what blocks; at least one.
    """

    intent: Intent
    reasons: tuple[str, ...]


class ApprovedIntent:
    """An intent that may be sent. Made by `approve` alone.

    Attributes:
        intent: what is sent.
    """

    __slots__ = ("intent",)

    def __init__(self, intent: Intent, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only vigie.decision.intents.approve makes an ApprovedIntent")
        self.intent = intent


def approve(
    intent: Intent, *, mode: TradingMode, refusing: Collection[str], unsettled: bool = False
) -> ApprovedIntent | Refusal:
    """Let an intent through, or say why not.

    Args:
        intent: what is wanted.
        mode: in force at this instant.
        refusing: rules of the gate that refuse; only entries are asked about them.
        unsettled: an order of the pair is unknown: no new entry.
    """
    reasons = []
    if not permits(mode, intent.leg.act):
        reasons.append(f"mode {mode}")
    if not (intent.quantity.is_finite() and intent.quantity > 0):
        reasons.append("nothing to send")
    if (intent.side is Side.BUY) != (intent.leg is Leg.ENTRY):
        reasons.append("only entries buy, and they do nothing else")
    if intent.leg is Leg.ENTRY:
        reasons += refusing
        if unsettled:
            reasons.append("an order of this pair is unknown")
    return Refusal(intent, tuple(reasons)) if reasons else ApprovedIntent(intent, _SEAL)
