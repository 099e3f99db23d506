"""R3: an entry risks, weighs and costs no more than the numbers of the account allow."""

from __future__ import annotations

from collections.abc import Iterable

from vigie.decision.pipeline import position_fraction
from vigie.domain import events as e
from vigie.engine.governance.evidence import Proposal, Step, Watcher, before_order, in_audit
from vigie.engine.governance.numbers import CRUMB, largest_share, limit, number

TITLE = "sizing and heat"


def _sized(proposal: Proposal) -> Iterable[str]:
    facts, quantity = proposal.facts, float(proposal.intent.quantity)
    worth = quantity * facts.price
    share = position_fraction(proposal.setup.plan, len(proposal.setup.pairs))
    if not worth <= facts.equity * share * (1.0 + CRUMB):
        yield f"worth {worth:.10g} of {facts.equity:.10g}, more than {share:.2%}"
    if not worth <= float(proposal.account.cash) * (1.0 + CRUMB):
        yield f"worth {worth:.10g} with {proposal.account.cash} free"
    if not quantity <= facts.quantity * (1.0 + CRUMB):
        yield f"{quantity:.10g} to be bought where {facts.quantity:.10g} was decided"


def _risked(proposal: Proposal) -> Iterable[str]:
    plan, facts = proposal.setup.plan, proposal.facts
    planned = float(proposal.intent.quantity) * facts.stop_distance
    if plan.settings.sizing == "risk" and not planned <= facts.equity * plan.sizing_amount * (1.0 + CRUMB):
        yield f"{planned:.10g} is lost at the stop, more than {plan.sizing_amount:.2%} of {facts.equity:.10g}"


def _heat(proposal: Proposal) -> Iterable[str]:
    if proposal.verdicts.get("heat", "refuse") == "refuse":
        yield "the planned losses together are more than the day may still lose, or not known"


def _sendable(proposal: Proposal) -> Iterable[str]:
    intent, instrument = proposal.intent, proposal.instrument
    if instrument.quantity_down(intent.quantity) != intent.quantity:
        yield f"{intent.quantity} is not on the step {instrument.step}"
    if proposal.facts.price != proposal.facts.price or not instrument.sendable(
        intent.quantity, instrument.price_up(proposal.facts.price)
    ):
        yield f"{intent.quantity} is below what the venue takes"


def _entered(event: e.Event) -> e.Decided | None:
    return event if isinstance(event, e.Decided) and event.action == "enter" else None


def _risk_was_kept() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        entered, risk = _entered(step.event), number(step.run, "risk_fraction")
        if entered is None or step.run is None or step.run.numbers.get("sizing") != "risk":
            return None
        facts = entered.facts
        planned = facts["quantity"] * facts["stop_distance"]
        if planned <= facts["equity"] * risk * (1.0 + CRUMB):
            return ()
        return [f"{entered.pair}: {planned:.10g} planned to be lost of {facts['equity']:.10g}, limit {risk:.2%}"]

    return watch


def _share_was_kept() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        entered, share = _entered(step.event), largest_share(step.run)
        if entered is None:
            return None
        facts = entered.facts
        if facts["notional"] <= facts["equity"] * share * (1.0 + CRUMB):
            return ()
        return [f"{entered.pair}: {facts['notional']:.10g} of {facts['equity']:.10g} in one position"]

    return watch


def _heat_was_kept() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        entered, most = _entered(step.event), limit(step.run, "heat")
        if entered is None or most != most:
            return None
        facts = entered.facts
        planned = facts["heat"] + facts["quantity"] * facts["stop_distance"]
        if planned <= facts["day_first_equity"] * most * (1.0 + CRUMB):
            return ()
        return [f"{entered.pair}: {planned:.10g} planned to be lost at once"]

    return watch


INVARIANTS = (
    before_order("3.1", "an entry is within the caps and the free money", _sized),
    before_order("3.2", "an entry risks no more than its share", _risked),
    before_order("3.4", "the planned losses together fit into the day's budget, where there is one", _heat),
    before_order("3.5", "below the venue's least there is no order, and nothing is rounded up", _sendable),
    in_audit("3.6", "no entry planned to lose more than its share", _risk_was_kept),
    in_audit("3.7", "no position was larger than its share of the equity", _share_was_kept),
    in_audit("3.8", "the planned losses together were within the budget", _heat_was_kept),
)
