"""R8: the account is what its name says, trades what it was told to, and keeps no secret in its journal."""

from __future__ import annotations

from collections.abc import Iterable

from vigie.domain import events as e
from vigie.domain.masking import masked
from vigie.domain.order import Leg
from vigie.engine.governance.evidence import Proposal, Standing, Step, Watcher, at_boot, before_order, in_audit

TITLE = "admission"
PREFIXES = {"paper": "paper", "replay": "replay-", "live": "live-"}
"""How the accounts of a mode are named: none is taken for another."""


def _named_for_its_mode(standing: Standing) -> Iterable[str]:
    yield from _misnamed(standing.setup.account, standing.setup.mode)


def _misnamed(account: str, mode: str) -> list[str]:
    prefix = PREFIXES.get(mode)
    if prefix is None:
        return [f"'{mode}' is no mode"]
    foreign = [other for other in PREFIXES.values() if other != prefix and account.startswith(other)]
    return [f"account {account} in mode {mode}"] if foreign else []


def _certified(standing: Standing) -> Iterable[str]:
    if standing.setup.mode == "live" and standing.setup.certificate is None and not standing.setup.override:
        yield "live without a certificate, and nobody has decided to"


def _listed(proposal: Proposal) -> Iterable[str]:
    if proposal.intent.pair not in {str(pair) for pair in proposal.setup.pairs}:
        yield f"{proposal.intent.pair} is not among the pairs of the account"


def _universe() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event, run = step.event, step.run
        if not isinstance(event, e.IntentPlanned) or event.intent.leg is not Leg.ENTRY or run is None:
            return None
        listed = event.intent.pair in run.pairs
        return () if listed else [f"{event.intent.pair} is not among the pairs of its run"]

    return watch


def _one_mode() -> Watcher:
    first: list[tuple[str, str]] = []

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.RunStarted):
            return None
        first.append((event.account, event.mode))
        said = _misnamed(event.account, event.mode)
        return said if first[0] == first[-1] else [*said, f"the journal of {first[0]} goes on as {first[-1]}"]

    return watch


def _no_secrets() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        words = _words(step.event)
        if not words:
            return None
        return [f"what looks like a secret: {masked(text)}" for text in words if masked(text) != text]

    return watch


def _words(event: e.Event) -> list[str]:
    """What others said; ids of ours are no words."""
    match event:
        case e.OrderLearnt(message=text) | e.AlertRaised(text=text) | e.RequestObeyed(outcome=text):
            return [text] if text else []
        case e.Halted(reason=text) | e.Resumed(reason=text) | e.OverrideUsed(reason=text) | e.FlowSeen(reason=text):
            return [text] if text else []
        case _:
            return []


INVARIANTS = (
    at_boot("8.1", "an account is named for its mode", _named_for_its_mode),
    at_boot("8.2", "live has a certificate", _certified),
    before_order("8.3", "the pair is one of the account's", _listed),
    in_audit("8.4", "only pairs of the run were bought", _universe),
    in_audit("8.5", "one journal has one account and one mode", _one_mode),
    in_audit("8.6", "the words of others carry no secret", _no_secrets),
)
