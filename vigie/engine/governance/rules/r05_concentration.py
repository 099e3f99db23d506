"""R5: few positions, never two in a pair, none that moves like another, and never more than there is."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vigie.domain import events as e
from vigie.engine.governance.evidence import Proposal, Step, Watcher, before_order, in_audit
from vigie.engine.governance.numbers import CRUMB, limit

TITLE = "concentration and correlation"


def _unlike(proposal: Proposal) -> Iterable[str]:
    most, found = proposal.setup.plan.limits["correlation"], proposal.facts.correlation
    if not math.isnan(most) and not found <= most:
        yield f"correlation {found:.4g} with what is held, limit {most:.4g}"


def _few(proposal: Proposal) -> Iterable[str]:
    most, held = proposal.setup.plan.limits["max_open_positions"], len(proposal.account.holdings)
    if not math.isnan(most) and not held < most:
        yield f"{held} positions are open, limit {most:g}"
    if proposal.intent.pair in proposal.account.holdings:
        yield f"{proposal.intent.pair} is held already"


def _covered(proposal: Proposal) -> Iterable[str]:
    facts = proposal.facts
    held = facts.equity - float(proposal.account.cash)
    worth = float(proposal.intent.quantity) * facts.price
    if not held + worth <= facts.equity * (1.0 + CRUMB):
        yield f"{held + worth:.10g} would be held of {facts.equity:.10g}"


def _stayed_few() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        if not isinstance(step.event, e.FillSeen):
            return None
        most = limit(step.run, "max_open_positions")
        grown = len(step.after.holdings) > len(step.before.holdings)
        many = grown and most == most and len(step.after.holdings) > most
        return [f"{len(step.after.holdings)} positions, limit {most:g}"] if many else ()

    return watch


def _stayed_unlike() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event, most = step.event, limit(step.run, "correlation")
        if not isinstance(event, e.Decided) or event.action != "enter" or most != most:
            return None
        found = event.facts["correlation"]
        return () if found <= most else [f"{event.pair}: entered with correlation {found:.4g}, limit {most:.4g}"]

    return watch


INVARIANTS = (
    before_order("5.1", "the correlation with what is held is known and within its limit", _unlike),
    before_order("5.2", "fewer positions than allowed, and none in this pair", _few),
    before_order("5.3", "no more is held than there is", _covered),
    in_audit("5.4", "there were never more positions than allowed", _stayed_few),
    in_audit("5.5", "no entry was correlated beyond its limit", _stayed_unlike),
)
